# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation only: the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: nodes
short_description: Bring Nodes to the inventory and wait until they are ready
version_added: 0.1.0
description:
  - Gives the Nodes of hosts the labels and taints that the inventory wants, and the labels of their roles.
    A kubelet registers its taints only once, and may not give itself the labels of its role.
  - Removes only labels and taints that this module or a kubelet of the collection has set. Which labels are ours, the API remembers
    by the field manager C(barehost). Which taints are ours, is recorded in the annotation C(barehost.kubernetes/taints) of the Node.
    On a Node without that annotation, the taint of the control plane counts as ours.
  - Waits until the Nodes are ready. At the deadline the error names the condition that does not hold, with its message.
  - Warns of Nodes that no host of the inventory stands behind, if they are not ready or have the address of a host, as after a rename.
    It does not delete them.
  - Run it on a master, because it asks the apiserver on its host. The variable C(cluster) must hold the result of
    M(barehost.kubernetes.cluster_spec).
  - Calls the host once if there is nothing to do.
extends_documentation_fragment:
  - barehost.kubernetes._api_access
author:
  - The barehost.kubernetes authors (@barehost)
attributes:
  check_mode:
    description: Predicts labels and taints; it does not wait.
    support: full
  diff_mode:
    description: Shows labels and taints of each Node that is changed.
    support: full
options:
  hosts:
    description: The hosts whose Nodes are meant, as the inventory names them.
    type: list
    elements: str
    required: true
  ready_deadline:
    description: How many seconds the Nodes may take to be registered and ready.
    type: float
    default: 180
  deadline:
    description: How many seconds the API may take to be ready.
    type: float
    default: 60
"""

EXAMPLES = r"""
- name: Bring the Nodes to the inventory
  barehost.kubernetes.nodes:
    hosts: "{{ cluster.node_hosts }}"
  run_once: true
"""

RETURN = r"""
actions:
  description: What was, or in check mode would be, done.
  returned: success
  type: list
  elements: dict
  sample:
    - kind: api_object
      action: patch
      path: Node node1.example.com
      reason: the taint example.com/gpu:NoSchedule is no longer wanted
not_ready_hosts:
  description: The hosts whose Nodes were not ready at the deadline.
  returned: failure
  type: list
  elements: str
"""
