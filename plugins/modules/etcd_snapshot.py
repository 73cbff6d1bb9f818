# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation only: the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: etcd_snapshot
short_description: Save a snapshot of etcd on the controller
version_added: 0.1.0
description:
  - With O(state=observed), returns whether the member of etcd on this host is healthy. Run it on all hosts of etcd and register it.
  - With O(state=saved), run on all of them too, one healthy member, rather one that does not lead, gives a snapshot. C(etcdutl) restores
    it on the host for a trial, and it comes to the controller with a JSON file that has its hash, revision, number of keys, their
    digest, versions, time and cluster.
  - A snapshot that cannot be restored is an error. It is not kept, and no older backup is removed.
author:
  - The barehost.kubernetes authors (@barehost)
attributes:
  check_mode:
    description: Returns what would be saved and removed; changes nothing.
    support: full
  diff_mode:
    description: Shows which backups would come and go.
    support: full
options:
  state:
    description: What is wanted.
    type: str
    choices: [observed, saved]
    default: saved
  observation:
    description: The variable in which the task with O(state=observed) was registered.
    type: str
    default: barehost_backup_observation
  directory:
    description: The folder on the controller; required with O(state=saved). It is made with mode 0700, its files with 0600.
    type: path
  keep:
    description: How many backups of this cluster stay in the folder. V(0) keeps all.
    type: int
    default: 7
  pki_archive:
    description: Whether the PKI directory is saved too, as a tar archive encrypted with the run's vault password.
    type: bool
    default: false
seealso:
  - module: barehost.kubernetes.etcd_restore
"""

EXAMPLES = r"""
- name: Observe etcd
  barehost.kubernetes.etcd_snapshot:
    state: observed
  register: barehost_backup_observation

- name: Save a snapshot of etcd
  barehost.kubernetes.etcd_snapshot:
    directory: /srv/backups
    pki_archive: true
"""

RETURN = r"""
actions:
  description: What was done, or would be done in check mode, in order; as of M(barehost.kubernetes.component).
  returned: O(state=saved)
  type: list
  elements: dict
  sample: [{"kind": "backup", "action": "save-snapshot", "path": "/srv/backups", "reason": "the member of db1 is healthy"}]
backup:
  description: What the JSON file tells, and the file of the snapshot.
  returned: on the host whose member gave the snapshot, not in check mode
  type: dict
  sample: {"file": "/srv/backups/mine-20261121T131500Z.snapshot", "hash": "6a3ecc01", "revision": 4711, "keys": 312}
healthy:
  description: Whether the member can give a snapshot.
  returned: O(state=observed)
  type: bool
fault:
  description: Why not.
  returned: O(state=observed)
  type: str
diff:
  description: One difference for each action.
  returned: O(state=saved) and diff mode
  type: list
  elements: dict
"""
