# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation only: the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: restart_node
short_description: Restart hosts of a running cluster
version_added: 0.1.0
description:
  - Performs one phase of the restart of hosts. C(playbooks/restart-nodes.yml) has the phases in their order.
  - V(checked), on the controller, refuses wrong options.
  - V(observed), on each host, asks whether packages or the kernel ask for a reboot, which packages an upgrade would bring, and what
    an earlier run has left. A host of etcd asks all members, a master whether its apiserver is ready. Register the result as
    C(barehost_restart_observation), and that of hosts that are not in the run as C(barehost_restart_others).
  - Before the plan, have one master say what drains will meet, by M(barehost.kubernetes.workloads). Register that as
    C(barehost_workloads), in a loop.
  - V(planned), on the controller, says which hosts are restarted, in which order, and which are left out and why. Register the result as
    C(barehost_restart).
  - The turn of a host has the phases from V(begun) to V(finished). Register their results as C(barehost_restart_turn).
  - V(begun) waits until all other members of etcd answer, and marks the host.
  - V(drained), V(returned) and V(settled) are delegated to a master. They drain the Node, let it take pods again, and wait for these, as
    M(barehost.kubernetes.node) does. Register the drain as C(barehost_restart_drain).
  - V(upgraded) upgrades packages. Those whose version the inventory decides stay.
  - V(rebooted) reboots the host if that is needed or asked for, and waits for it. It refuses a kernel that lacks modules.
  - V(verified) waits until all units of the host are well.
  - V(finished) marks the turn as ended.
  - V(ended), on each host, removes the mark if no host was left out. V(told) fails if one was.
  - Every phase does nothing where there is nothing to do.
author:
  - The barehost.kubernetes authors (@barehost)
attributes:
  check_mode:
    description: Plans. The play that performs the plan has no hosts then.
    support: full
  diff_mode:
    description: Shows a difference for a reboot and for each package.
    support: full
options:
  phase:
    description: The phase to perform.
    type: str
    choices: [checked, observed, planned, begun, drained, upgraded, rebooted, verified, returned, settled, finished, ended, told]
    required: true
  packages:
    description: V(none), V(security), V(all), or names of packages, as a list or divided by commas.
    type: raw
  reboot:
    description: V(needed), V(always) or V(never).
    type: raw
  drain:
    description: Whether nodes are drained.
    type: raw
  batch:
    description: How many workers have their turn at the same time, as a number or a percentage. The first one goes alone.
    type: raw
  pause:
    description: Seconds after each batch.
    type: raw
  timeout:
    description: Seconds for the pods of a node to leave, for a host to boot, and for all to be well again, each.
    type: raw
  unmanaged_pods:
    description: Whether pods that no controller replaces may be lost.
    type: raw
seealso:
  - module: barehost.kubernetes.node
  - module: barehost.kubernetes.workloads
"""

EXAMPLES = r"""
- name: Plan the restart
  barehost.kubernetes.restart_node:
    phase: planned
    packages: security
  run_once: true
  register: barehost_restart

- name: Drain its Node
  barehost.kubernetes.restart_node:
    phase: drained
  delegate_to: "{{ barehost_restart.turns[inventory_hostname].through }}"
  register: barehost_restart_drain
"""

RETURN = r"""
summary:
  description: The plan for people, by lines.
  returned: phase V(planned)
  type: list
  elements: str
order:
  description: The hosts that are restarted, in order; none in check mode.
  returned: phase V(planned)
  type: list
  elements: str
serial:
  description: How many of them go together, batch by batch.
  returned: phase V(planned)
  type: list
  elements: int
turns:
  description: By host, what its turn consists of.
  returned: phase V(planned)
  type: dict
left_out:
  description: By host, why it is left out.
  returned: phase V(planned)
  type: dict
host:
  description: Boot, kernels, packages that ask for a reboot, and the mark of an earlier run.
  returned: phase V(observed)
  type: dict
packages:
  description: The packages that an upgrade would bring, or why they cannot be looked at.
  returned: phase V(observed)
  type: dict
actions:
  description: What was done, in order; as of M(barehost.kubernetes.component).
  returned: success of the phases V(drained), V(upgraded), V(rebooted) and V(returned)
  type: list
  elements: dict
  sample: [{"kind": "host", "action": "reboot", "path": "node1.example.com", "reason": "kernel 6.12.0-2 follows 6.12.0-1"}]
diff:
  description: One difference for each action.
  returned: success and diff mode
  type: list
  elements: dict
"""
