# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation only: the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: explain
short_description: Say why a node or a pod is not ready
version_added: 0.1.0
description:
  - Follows the chain of what a node or a pod needs to the first link that is broken, and shows what proves it.
  - "The links of a node, in this order: host, machine, clock, runtime, CRI, kubelet, certificates, firewall, API, controllers, registered,
    flannel, CNI, services, ready. A pod has before them the scheduler, and after them volumes, sandbox, image, settings, containers, probes
    and deletion."
  - A link is broken if a check of M(barehost.kubernetes.doctor) finds an error that is its own. What cannot be known counts as broken.
  - It changes no host. The links of the host need no API.
  - Lines of journals that may hold a secret are left out.
  - Run it on the hosts of the control plane and on that of the node with O(state=observed), then once with O(state=told). Each
    observation may also be a loop with C(delegate_to) over hosts.
extends_documentation_fragment:
  - barehost.kubernetes._reads_only
author:
  - The barehost.kubernetes authors (@barehost)
options:
  state:
    description:
      - V(checked) validates the options, and returns the hosts that are to be asked.
      - V(observed) asks this host. Register the result.
      - V(located) returns the host of the pod's node, if it was not asked, from these results. It fails if there is no such pod.
      - V(told) explains, from these results. It asks no host.
    type: str
    choices: [checked, observed, located, told]
    default: told
  node:
    description: The node, by the inventory's name of its host or by its own. Either this or O(pod) is needed.
    type: raw
  pod:
    description: The pod, as C(NAMESPACE/NAME).
    type: raw
  observations:
    description: The variables in which tasks with O(state=observed) were registered. The last one that has told of a host counts.
    type: list
    elements: str
    default: [barehost_explain, barehost_explain_node]
seealso:
  - module: barehost.kubernetes.doctor
"""

EXAMPLES = r"""
- name: Look at the master and at the node
  barehost.kubernetes.explain:
    state: observed
    node: node1.example.com
  loop: [master1.example.com, node1.example.com]
  delegate_to: "{{ item }}"
  ignore_unreachable: true
  run_once: true
  register: barehost_explain

- name: Follow the chain
  barehost.kubernetes.explain:
    node: node1.example.com
  run_once: true
  register: explained
"""

RETURN = r"""
hosts:
  description: The hosts that are to be asked, those of the control plane and that of the node.
  returned: O(state=checked)
  type: list
  elements: str
host:
  description: The host of the pod's node, if it was not asked; empty otherwise.
  returned: O(state=located)
  type: str
lines:
  description: The explanation for people.
  returned: O(state=told)
  type: list
  elements: str
summary:
  description: The same in one sentence.
  returned: O(state=told)
  type: str
failing:
  description: Whether the subject is not as it should be, or a link is broken or not known.
  returned: O(state=told)
  type: bool
link:
  description: The first link that is broken or not known; empty if all are well.
  returned: O(state=told)
  type: str
  sample: kubelet
links:
  description: All links in their order, each with C(name), C(state) and what it C(asks).
  returned: O(state=told)
  type: list
  elements: dict
"""
