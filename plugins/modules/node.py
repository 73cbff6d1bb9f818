# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation only: the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: node
short_description: Drain a Node, let it take pods again, or delete it
version_added: 0.1.0
description:
  - V(drained) cordons the Node and evicts its pods, except those of DaemonSets and static pods.
    The API refuses an eviction that a PodDisruptionBudget does not allow; the eviction is repeated until O(timeout).
  - V(schedulable) waits until the Node is ready, and ends a cordon with O(mark). A Node that somebody else has cordoned stays cordoned.
  - V(settled) waits until the pods of the Node are ready, and removes the mark.
  - V(absent) deletes the Node and its remaining pods. Stop its kubelet before, or the kubelet registers the Node again.
  - Run it on a master, because it asks the apiserver on its host; not on the master that leaves.
extends_documentation_fragment:
  - barehost.kubernetes._api_access
author:
  - The barehost.kubernetes authors (@barehost)
attributes:
  check_mode:
    description: Predicts which pods are evicted, and what is deleted.
    support: full
  diff_mode:
    description: Shows a difference for every action.
    support: full
options:
  name:
    description: The Node's name.
    type: str
    required: true
  state:
    description: V(drained), V(schedulable), V(settled) or V(absent).
    type: str
    choices: [drained, schedulable, settled, absent]
    required: true
  reachable:
    description:
      - Whether the host answers. Pods on a host that does not answer cannot be evicted; they are deleted with the Node.
      - With V(absent) it only tells check mode that a drain was predicted before.
    type: bool
    default: true
  unmanaged_pods:
    description: Whether pods without a controller may be lost. Without it nothing is changed when there are such pods.
    type: bool
    default: false
  unmanaged_pods_variable:
    description: The variable with which a user allows that, for the error message.
    type: str
    default: unmanaged_pods
  mark:
    description:
      - For V(drained), who cordons the Node for a while. An annotation of the Node records it, so that V(schedulable) can end it.
        V(settled) removes the annotation. Give all three the same.
      - A Node that is not ready is only cordoned then, because without a kubelet its pods cannot end.
    type: str
    default: ''
  kubelet:
    description: For V(schedulable), the version that the kubelet must tell, without C(v). Any version, if it is empty.
    type: str
    default: ''
  boot:
    description: For V(schedulable), the boot that the Node must tell of, as C(/proc/sys/kernel/random/boot_id) has it. Any, if it is empty.
    type: str
    default: ''
  since:
    description:
      - For V(schedulable), when the host was booted, in seconds since the epoch by its own clock.
      - Containers that began before do not count as running. The API tells of them until the kubelet has looked.
    type: float
    default: 0
  ignored:
    description:
      - For V(settled), uids of controllers, and of pods without one. Their pods may be not ready.
      - Name those that had such pods before.
    type: list
    elements: str
    default: []
  left:
    description:
      - For V(settled), the result RV(left) of the drain. The pods that controllers have made in place of those must be ready, too,
        on whichever node.
    type: list
    elements: dict
    default: []
  wait:
    description: Whether V(settled) waits at all, or only removes the mark.
    type: bool
    default: true
  timeout:
    description: Seconds until all evicted pods must be gone, or all pods of the Node must be ready.
    type: float
    default: 300
  deadline:
    description: How many seconds the API may take to be ready, and for V(schedulable) the Node.
    type: float
    default: 60
"""

EXAMPLES = r"""
- name: Drain a node
  barehost.kubernetes.node:
    name: node1.example.com
    state: drained
    timeout: 600
    mark: maintenance
  run_once: true

- name: Let it take pods again
  barehost.kubernetes.node:
    name: node1.example.com
    state: schedulable
    mark: maintenance
  run_once: true

- name: Wait for its pods
  barehost.kubernetes.node:
    name: node1.example.com
    state: settled
    mark: maintenance
  run_once: true
"""

RETURN = r"""
left:
  description: Of each pod that was evicted, its namespace and its controller.
  returned: success
  type: list
  elements: dict
actions:
  description: What was, or in check mode would be, done.
  returned: success
  type: list
  elements: dict
  sample:
    - kind: pod
      action: evict
      path: default/web-5d9c
      reason: runs on node1.example.com
"""
