# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation only: the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: etcd_members
short_description: Bring the members of etcd to those of the inventory
version_added: 0.1.0
description:
  - Observes the members of etcd and their hosts, plans single safe steps, and performs the steps of this host.
  - A new member joins as a learner and is promoted. A member that lost its data is removed and joins again. A member that the inventory
    does not name is removed. A changed peer address is announced to the other members before the member is restarted with it.
  - It makes one change at a time, and never one that could lose the quorum.
  - M(barehost.kubernetes.component) performs first starts, and starts of members that have their data.
  - The wanted members are those of the spec that is registered as C(cluster).
extends_documentation_fragment:
  - barehost.kubernetes._etcd_access
  - barehost.kubernetes._etcd_member
author:
  - The barehost.kubernetes authors (@barehost)
attributes:
  check_mode:
    description: Returns the actions that a run would perform, on a bare host too; changes nothing.
    support: full
  diff_mode:
    description: Shows a difference for every action.
    support: full
options:
  state:
    description:
      - V(observed) asks this host, or the one that the task is delegated to, for the state of etcd. Register the result as
        C(barehost_etcd_observation); the results of a loop over RV(to_observe) with C(delegate_to) as C(barehost_etcd_other_observations).
      - V(planned) decides from these results who joins, who stays, who leaves, and what this host does. It asks no host. It fails
        where the quorum would be lost, and warns of alarms that stand.
      - V(present) performs the plan of this host when it is this host's turn.
      - >-
        V(cleaned) removes what a former member left on a host that is not in the group etcd: it stops and disables the unit, renames the
        data, and removes settings and keys. It does nothing on a host that the members still list. It removes no member.
    type: str
    choices: [observed, planned, present, cleaned]
    default: present
  reuse:
    description: Whether the next task with O(state=observed) for this host in this run returns this result again.
    type: bool
    default: false
  removals_first:
    description:
      - Whether O(state=present) performs only what no member has to join for, in a play before all other changes.
      - The firewall closes to members that leave, and etcd may need them until they are removed.
    type: bool
    default: false
  remove_unlisted:
    description: What happens to members that the inventory does not name; V(safe) removes them if it names at least half of the voters.
    type: str
    choices: [never, safe, always]
    default: safe
  disaster_recovery:
    description: Whether a cluster that has lost its quorum is rebuilt from the surviving member that has committed most.
    type: bool
    default: false
  unit:
    description: The member's unit.
    type: str
    default: etcd.service
  data_directory:
    description: Where the member keeps its data. Data of another cluster or of a removed member is renamed there, never deleted.
    type: path
    default: /var/lib/etcd
  initial_cluster_file:
    description: The environment file with the list of members that a new one starts with.
    type: path
    default: /etc/etcd/initial-cluster.conf
  started_file:
    description: A file that exists once the host's member was up.
    type: path
    default: /etc/etcd/member-started
  apiserver_file:
    description: >-
      The settings of the host's apiserver, if it has one. They name the members it uses; a first start of other members is refused.
    type: path
    default: /etc/kubernetes/apiserver
  deadline:
    description: How many seconds a host waits for its turn, and a started member for a leader.
    type: float
    default: 120
  local_url:
    description: Where the host's own member answers clients.
    type: str
    default: https://127.0.0.1:2379
seealso:
  - module: barehost.kubernetes.component
  - module: barehost.kubernetes.cluster_spec
"""

EXAMPLES = r"""
- name: Observe etcd
  barehost.kubernetes.etcd_members:
    state: observed
  register: barehost_etcd_observation

- name: Plan the members
  barehost.kubernetes.etcd_members:
    state: planned
  register: barehost_etcd_plan

- name: Bring the members to the inventory
  barehost.kubernetes.etcd_members:
  when: barehost_etcd_plan.planned_actions | length > 0
"""

RETURN = r"""
actions:
  description: What was done, or would be done in check mode, in order.
  returned: O(state=present), O(state=cleaned)
  type: list
  elements: dict
  sample: [{kind: etcd_member, action: add, path: db4.example, reason: "in the inventory, not in the cluster"}]
planned_actions:
  description: What this host is to do, as in RV(actions).
  returned: O(state=planned)
  type: list
  elements: dict
joining:
  description: The names of members that join, also those that lost their data and join again.
  returned: O(state=planned)
  type: list
  elements: str
staying:
  description: The names of members that stay.
  returned: O(state=planned)
  type: list
  elements: str
leaving:
  description: The names of members that are removed because the inventory does not name them.
  returned: O(state=planned)
  type: list
  elements: str
switch_apiservers:
  description: Hosts whose apiservers use only a member that leaves; they must use the other members before it is removed.
  returned: O(state=planned)
  type: list
  elements: str
defer_start:
  description: Whether O(state=present) starts the member of this host, so that the component must not start it.
  returned: O(state=planned)
  type: bool
initial_start:
  description: Whether there is no quorum yet, so that a start succeeds only after the other members have started too.
  returned: O(state=planned)
  type: bool
in_sync:
  description: Whether all members are as wanted, as seen from this host.
  returned: O(state=observed)
  type: bool
to_observe:
  description: The other hosts whose state a plan needs; empty where RV(in_sync) is true.
  returned: O(state=observed)
  type: list
  elements: str
host:
  description: The state of the host, whether it has a member's data and what its process has committed.
  returned: O(state=observed)
  type: dict
used:
  description: The members that the apiserver of the host uses.
  returned: O(state=observed)
  type: list
  elements: str
answers:
  description: The answer of each endpoint.
  returned: O(state=observed)
  type: list
  elements: dict
at:
  description: When the host was observed.
  returned: O(state=observed)
  type: float
"""
