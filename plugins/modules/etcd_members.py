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
  - Looks at what the members of etcd say and at what is on their hosts, plans single safe steps, and does those of this host.
  - A new member joins as learner and is promoted. A member that lost its data, or is not in the inventory any more, is removed.
    A changed peer address is told to the others before the member is restarted with it. One change at a time, and never one that
    could lose the quorum.
  - First starts, and starts of members that have their data, are left to M(barehost.kubernetes.component).
  - The members that are wanted are those of the spec that is registered as C(cluster).
author:
  - The barehost.kubernetes authors (@barehost)
attributes:
  check_mode:
    description: Returns the same actions that a run would carry out, on a bare host too; changes nothing.
    support: full
  diff_mode:
    description: Shows a difference for every action.
    support: full
options:
  state:
    description:
      - V(looked) looks, from this host or the one it is delegated to; to be registered as C(etcd_look).
      - V(planned) says what this host is to do, by what the hosts have found; it asks no host. Fails where the quorum would be lost.
      - V(present) does it, when it is this host's turn.
      - >-
        V(absent) clears away, on a host that is not in the group and no member any more, what is left of the member: it stops and disables
        the unit, renames the data, and removes settings and keys. A host that the members still have among them is left alone.
    type: str
    choices: [looked, planned, present, absent]
    default: present
  for_later:
    description: Whether the look is also the next one of this host in this run.
    type: bool
    default: false
  looks:
    description: Results of looks that were delegated to other hosts in a loop over their names.
    type: list
    elements: dict
    default: []
  leaving:
    description: Names of members that are taken out in this run; for O(state=absent) in check mode, in which they are members still.
    type: list
    elements: str
    default: []
  remove_unlisted:
    description: What becomes of members that the inventory does not have; V(safe) removes them if it has at least half of the voters.
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
    description: A file that is there once the host's member was up.
    type: path
    default: /etc/etcd/member-started
  apiserver_file:
    description: The file that tells, where the host has an apiserver, which members it uses. A first start of none of these is refused.
    type: path
    default: /etc/kubernetes/apiserver
  deadline:
    description: How many seconds a host waits for its turn, and a started member for a leader.
    type: float
    default: 120
  ca:
    description: The authority of the members' certificates, on the host.
    type: path
    default: /etc/etcd/pki/ca.crt
  cert:
    description: The client's certificate, on the host.
    type: path
    default: /etc/etcd/pki/root.crt
  key:
    description: The client's key, on the host.
    type: path
    default: /etc/etcd/pki/root.key
  local_url:
    description: Where the host's own member answers clients.
    type: str
    default: https://127.0.0.1:2379
  metrics_url:
    description: Where the host's own member tells its metrics.
    type: str
    default: http://127.0.0.1:2381
seealso:
  - module: barehost.kubernetes.component
  - module: barehost.kubernetes.cluster_spec
"""

EXAMPLES = r"""
- name: Look at etcd
  barehost.kubernetes.etcd_members:
    state: looked
  register: etcd_look

- name: Plan the membership
  barehost.kubernetes.etcd_members:
    state: planned
  register: etcd_plan

- name: Bring the membership to the inventory
  barehost.kubernetes.etcd_members:
  when: etcd_plan.mine | length > 0
"""

RETURN = r"""
actions:
  description: What was done, or would be done in check mode, in order.
  returned: O(state=present), O(state=absent)
  type: list
  elements: dict
  sample: [{kind: etcd_member, action: add, path: db4.example, reason: "in the inventory, not in the cluster"}]
mine:
  description: What this host is to do, as in RV(actions).
  returned: O(state=planned)
  type: list
  elements: dict
hold:
  description: Whether V(present) starts the member, so that nobody else should.
  returned: O(state=planned)
  type: bool
together:
  description: Whether no quorum is there yet, so that a start cannot be waited for before the others start.
  returned: O(state=planned)
  type: bool
settled:
  description: Whether all members are as wanted, seen from this host.
  returned: O(state=looked)
  type: bool
host:
  description: What is on the host, whether a member's data and what its process has committed.
  returned: O(state=looked)
  type: dict
used:
  description: The members that the apiserver of the host uses.
  returned: O(state=looked)
  type: list
  elements: str
answers:
  description: What each endpoint said.
  returned: O(state=looked)
  type: list
  elements: dict
at:
  description: When it was looked.
  returned: O(state=looked)
  type: float
"""
