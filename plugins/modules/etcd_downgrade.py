# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation only: the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: etcd_downgrade
short_description: Lead etcd back to the minor version before
version_added: 0.1.0
description:
  - Tells etcd that it goes back, and waits until all members have changed their data to what the older version reads. The role C(etcd)
    then gives them the older program. The version is that of M(barehost.kubernetes.cluster_spec).
  - Nothing is remembered. etcd keeps among its own data that it is on its way back, and each member says what it is and has.
extends_documentation_fragment:
  - barehost.kubernetes._etcd_access
author:
  - The barehost.kubernetes authors (@barehost)
attributes:
  check_mode:
    description: Returns what would be done; changes nothing.
    support: full
  diff_mode:
    description: Shows that etcd is told to go back.
    support: full
options:
  state:
    description:
      - V(checked) validates the options and asks no host.
      - V(observed) asks the members from this host. Register the result.
      - V(planned) fails if etcd cannot go back now, else returns the plan. Run it once, and register it as C(barehost_etcd_back).
      - V(fetched) puts the older programs on this host beside the present ones. Where they cannot be had, the run ends before etcd is told.
      - V(enabled) tells etcd that it goes back, and waits for the members' data. If they do not change it, etcd is told to stay.
      - V(finished) waits until etcd has ended its way back, and fails if a member is not as it must be.
    type: str
    choices: [checked, observed, planned, fetched, enabled, finished]
    required: true
  observation:
    description: The variable in which the task with O(state=observed) was registered.
    type: str
    default: barehost_etcd_databases
  directory:
    description: The folder for the snapshot, for RV(summary) only.
    type: str
    default: ""
  cancel:
    description: Whether etcd is told to stay where it is, V(true) or V(false). Then O(state=planned) does that, and the others nothing.
    type: raw
seealso:
  - module: barehost.kubernetes.etcd_snapshot
  - name: Downgrade etcd
    description: The way back as etcd's authors describe it.
    link: https://etcd.io/docs/v3.7/downgrades/
"""

EXAMPLES = r"""
- name: Observe the members
  barehost.kubernetes.etcd_downgrade:
    state: observed
  ignore_unreachable: true
  register: barehost_etcd_databases

- name: Plan the way back
  barehost.kubernetes.etcd_downgrade:
    state: planned
  run_once: true
  register: barehost_etcd_back
"""

RETURN = r"""
hosts:
  description: Those whose member gets the older program, in the order in which they take their turn. The leader is the last.
  returned: O(state=planned)
  type: list
  elements: str
saves:
  description: Whether a snapshot is to be saved first.
  returned: O(state=planned)
  type: bool
ends:
  description: Whether there is anything to do.
  returned: O(state=planned)
  type: bool
summary:
  description: The plan, or what to do next.
  returned: O(state=planned) and O(state=finished)
  type: list
  elements: str
actions:
  description: What was done, or would be done in check mode, in order; as of M(barehost.kubernetes.component).
  returned: O(state=fetched), O(state=enabled), and O(state=planned) with O(cancel=true)
  type: list
  elements: dict
  sample: [{"kind": "etcd_downgrade", "action": "enable", "path": "etcd", "reason": "3.6.16 is wanted, and 3.7.2 runs"}]
"""
