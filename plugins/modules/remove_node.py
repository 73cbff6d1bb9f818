# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation only: the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: remove_node
short_description: Remove a host from the cluster
version_added: 0.1.0
description:
  - Performs one phase of the removal of a host. C(playbooks/remove-node.yml) has the phases in their order.
  - V(checked), on the controller, refuses a host that is not in the cluster, the only master, and the only member of etcd.
  - V(observed), on all hosts of etcd, on the masters and on the host that leaves, asks for the state of the host and of etcd, and a
    master for its apiserver. Register the result as C(barehost_removal_observation).
  - V(planned), on the controller, refuses a removal of which a later phase would fail, also one that would lose etcd's quorum. Register
    the result as C(barehost_removal).
  - V(drained) evicts the pods and V(deleted) deletes the Node, both through another master, as M(barehost.kubernetes.node) does.
  - V(stopped) stops the apiserver of a host that is a master.
  - V(left) removes the host's member from etcd through another member, and verifies that the members do not list it any more.
  - Every phase does nothing where there is nothing to do, so an interrupted removal can be run again.
extends_documentation_fragment:
  - barehost.kubernetes._etcd_access
  - barehost.kubernetes._etcd_member
author:
  - The barehost.kubernetes authors (@barehost)
attributes:
  check_mode:
    description: Returns the actions that a run would perform; changes nothing.
    support: full
  diff_mode:
    description: Shows a difference for every action.
    support: full
options:
  phase:
    description: The phase to perform.
    type: str
    required: true
    choices: [checked, observed, planned, drained, stopped, left, deleted]
  host:
    description: The host that leaves, by its name in the inventory.
    type: str
    required: true
  allow_unreachable:
    description: Whether a host that does not answer may be removed. Nothing on it is stopped.
    type: bool
    default: false
  unmanaged_pods:
    description: Whether pods without a controller may be lost. Without it nothing is changed when there are such pods.
    type: bool
    default: false
  timeout:
    description: Seconds until all evicted pods must be gone.
    type: float
    default: 300
  data_directory:
    description: Where members of etcd keep their data.
    type: path
    default: /var/lib/etcd
seealso:
  - module: barehost.kubernetes.node
  - module: barehost.kubernetes.etcd_members
"""

EXAMPLES = r"""
- name: Plan the removal
  barehost.kubernetes.remove_node:
    phase: planned
    host: node1.example.com
  register: barehost_removal

- name: Drain the node
  barehost.kubernetes.remove_node:
    phase: drained
    host: node1.example.com
  delegate_to: "{{ barehost_removal.through_master }}"
"""

RETURN = r"""
actions:
  description: What was done, or would be done in check mode, in order; as of M(barehost.kubernetes.component).
  returned: success of the phases V(drained), V(stopped), V(left) and V(deleted)
  type: list
  elements: dict
  sample: [{"kind": "etcd_member", "action": "remove", "path": "db1.example", "reason": "not in the inventory"}]
reachable:
  description: Whether the host that leaves answers.
  returned: phase V(planned)
  type: bool
through_master:
  description: The master whose API drains and deletes the Node.
  returned: phase V(planned)
  type: str
through_member:
  description: The host of etcd from which the member is removed.
  returned: phase V(planned)
  type: str
host:
  description: The state of the observed host.
  returned: phase V(observed)
  type: dict
used:
  description: The members that the apiserver of the observed host uses.
  returned: phase V(observed)
  type: list
  elements: str
api:
  description: Why the apiserver of the observed master is not ready; empty if it is.
  returned: phase V(observed), on a master
  type: str
answers:
  description: The answer of each endpoint of etcd.
  returned: phase V(observed)
  type: list
  elements: dict
diff:
  description: One difference for each action.
  returned: success and diff mode
  type: list
  elements: dict
"""
