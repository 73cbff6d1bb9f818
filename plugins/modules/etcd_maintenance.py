# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation only: the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: etcd_maintenance
short_description: Show the databases of etcd's members, make room in them, end the alarm of a full one
version_added: 0.1.0
description:
  - Compacts etcd, defragments its members one after the other, and disarms the alarm C(NOSPACE), as far as it is asked to.
  - Run it on all hosts of etcd, first with O(state=observed). One host that answers, rather one that finds most members healthy, does the
    work for all, so that a host that does not answer is no obstacle.
  - A member answers nobody while it is defragmented. So followers come first and the leader last, which hands over before, and all voters
    must be healthy before each.
  - An alarm is disarmed only if every database has room for the largest write, 1.5 MiB, below its quota.
extends_documentation_fragment:
  - barehost.kubernetes._etcd_access
author:
  - The barehost.kubernetes authors (@barehost)
attributes:
  check_mode:
    description: Returns what would be done; changes nothing.
    support: full
  diff_mode:
    description: Shows the size of each database before, and what of it is in use.
    support: full
options:
  state:
    description:
      - V(checked) validates the options and asks no host.
      - V(observed) asks the members from this host. Register the result.
      - V(shown) returns RV(summary) on the host that was chosen from these results, and asks no host.
      - V(present) does what the options say.
    type: str
    choices: [checked, observed, shown, present]
    default: present
  observation:
    description: The variable in which the task with O(state=observed) was registered.
    type: str
    default: barehost_etcd_databases
  compact:
    description: Whether etcd forgets all history before now, V(true) or V(false). Clients that watch from before list anew.
    type: raw
  defragment:
    description: Whether databases give their free space back to the file system, V(true) or V(false).
    type: raw
  defragment_above:
    description:
      - Per cent of a database that must be free, from V(0) to V(99); V(10) if it is not given. With less than 1 MiB it is left alone.
      - If the same task compacts, all members are defragmented.
    type: raw
  pause:
    description: Seconds between two members, up to V(3600); V(5) if it is not given.
    type: raw
  disarm:
    description: Whether the alarm C(NOSPACE) is ended, V(true) or V(false). The alarm C(CORRUPT) is an error.
    type: raw
seealso:
  - module: barehost.kubernetes.etcd_health
"""

EXAMPLES = r"""
- name: Observe the members
  barehost.kubernetes.etcd_maintenance:
    state: observed
  ignore_unreachable: true
  register: barehost_etcd_databases

- name: Make room
  barehost.kubernetes.etcd_maintenance:
    compact: true
    defragment: true
    disarm: true
"""

RETURN = r"""
actions:
  description: What was done, or would be done in check mode, in order; as of M(barehost.kubernetes.component).
  returned: O(state=present)
  type: list
  elements: dict
  sample: [{"kind": "etcd_database", "action": "defragment", "path": "db1", "reason": "12.1 MiB of 16.2 MiB are free (74 %)"}]
summary:
  description: One line for each member, and one for each kind of alarm.
  returned: on the host that asks, with O(state=shown), and with O(state=present) if something was done
  type: list
  elements: str
  sample:
    - "db1: etcd 3.7.2, leader, 16.2 MiB, 4.1 MiB in use (74 % free), 0.2 % of the quota of 8.0 GiB, raft index 4711"
members:
  description: What each member says.
  returned: O(state=observed)
  type: list
  elements: dict
  sample: [{"name": "db1", "url": "https://192.0.2.11:2379", "size": 16986931, "in_use": 4299161, "quota": 8589934592}]
diff:
  description: One difference for each action.
  returned: O(state=present) and diff mode
  type: list
  elements: dict
"""
