# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation only: the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: etcd_restore
short_description: Restore etcd from a snapshot
version_added: 0.1.0
description:
  - Performs one phase of a restore, in which all hosts take part; C(playbooks/restore.yml) has the phases in their order, one after
    another on all hosts.
  - V(checked), on the controller, refuses a snapshot that is damaged, of another cluster or PKI, or made by newer programs.
  - V(observed), on the hosts that V(checked) returns, asks for what the later phases need. Register the result as
    C(barehost_restore_observation). V(planned), on the controller, refuses a restore that could not be completed.
  - V(staged) unpacks the snapshot beside the data of the member; C(etcdutl) must find in it what its description says.
  - V(stopped) stops what uses etcd on this host, which are the programs of the control plane, and flannel where it keeps its leases in
    etcd. V(switched) gives the member the data of the snapshot, starts it, and compares number and digest of the keys. V(resumed) starts
    what uses etcd and waits until it is healthy.
  - The data before is renamed to C(member.before-restore-<time>), never removed. Revisions go on far above those that were seen before, and
    older ones count as compacted, so that watchers begin anew.
author:
  - The barehost.kubernetes authors (@barehost)
attributes:
  check_mode:
    description: Returns what would be done, with the snapshot checked on the controller; changes nothing.
    support: full
  diff_mode:
    description: Shows a difference for every action.
    support: full
options:
  phase:
    description: What is done.
    type: str
    required: true
    choices: [checked, observed, planned, staged, stopped, switched, resumed]
  snapshot:
    description: The snapshot on the controller, with its JSON file beside it, as M(barehost.kubernetes.etcd_snapshot) saved them.
    type: path
  data_directory:
    description: The data directory of the member; the value of the variable C(etcd_data_directory), if that is set.
    type: path
    default: /var/lib/etcd
  deadline:
    description: How many seconds the members may take to have a quorum.
    type: float
    default: 90
seealso:
  - module: barehost.kubernetes.etcd_snapshot
"""

EXAMPLES = r"""
- name: Unpack the snapshot beside etcd's data
  barehost.kubernetes.etcd_restore:
    phase: staged
    snapshot: /srv/backups/mine-20261121T131500Z.snapshot
"""

RETURN = r"""
actions:
  description: What was done, or would be done in check mode, in order; as of M(barehost.kubernetes.component).
  returned: success of the phases V(staged), V(stopped), V(switched) and V(resumed)
  type: list
  elements: dict
  sample: [{"kind": "restore", "action": "unpack", "path": "/var/lib/etcd", "reason": "taken 2026-11-21T13:15:00Z"}]
description:
  description: What the JSON file tells of the snapshot.
  returned: phase V(checked)
  type: dict
hosts:
  description: The hosts that have a part in the restore.
  returned: phase V(checked)
  type: list
  elements: str
clients:
  description: The hosts that stop and start what uses etcd.
  returned: phase V(planned)
  type: list
  elements: str
member:
  description: The member of the host, with the peers that it does not reach.
  returned: phase V(observed)
  type: dict
units:
  description: The states of the units that use etcd.
  returned: phase V(observed)
  type: dict
keys:
  description: How many keys etcd has, without those that a lease may take away.
  returned: phase V(switched), if the snapshot tells the same
  type: int
digest:
  description: The digest of these keys and their values.
  returned: phase V(switched), if the snapshot tells the same
  type: str
diff:
  description: One difference for each action.
  returned: success and diff mode
  type: list
  elements: dict
"""
