# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation only: the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: encryption_at_rest
short_description: Write what is encrypted in etcd again, and verify by which key it is encrypted
version_added: 0.1.0
description:
  - What belongs to the replacement of the key of Secrets, beside M(barehost.kubernetes.pki_replacement), which changes the PKI directory.
    C(playbooks/replace-authority.yml) and C(playbooks/restore.yml) use it.
  - The API writes each object again by an empty patch, so that no change of others is lost. It answers with the metadata of objects alone,
    so no content of a Secret leaves the apiserver. Where the key that writes has encrypted an object already, nothing is written.
  - Which resources are written again is what C(encryption-config.yaml) of the PKI directory lists for the old key.
author:
  - The barehost.kubernetes authors (@barehost)
attributes:
  check_mode:
    description: Returns what would be done; changes nothing.
    support: full
  diff_mode:
    description: Names what is written again, and what is put back.
    support: full
options:
  state:
    description:
      - V(rewritten), on a master, writes again what an old key may have encrypted. Only after the new key writes on all apiservers.
      - V(verified), on a host of etcd, fails if a value there begins with the name of an old key. Register the result. Values of Secrets
        are looked through, or all values if the configuration has other resources, too.
      - V(readable), on the controller, puts retired keys behind the present one if O(snapshot) has values that begin with their names.
        V(checked) only warns of them, and of keys that the PKI directory does not know.
      - The first two do nothing unless the key has been switched and not been dropped.
    type: str
    choices: [rewritten, verified, checked, readable]
    required: true
  subjects:
    description: What is replaced, as of M(barehost.kubernetes.pki_replacement). Without V(encryption) nothing is done.
    type: list
    elements: str
    default: [encryption]
  snapshot:
    description: The snapshot on the controller, with O(state=checked) and O(state=readable).
    type: path
  deadline:
    description: For how many seconds V(verified) waits for values that the apiservers write again by themselves.
    type: float
    default: 30
seealso:
  - module: barehost.kubernetes.pki_replacement
  - module: barehost.kubernetes.etcd_restore
"""

EXAMPLES = r"""
- name: Write again what is encrypted
  barehost.kubernetes.encryption_at_rest:
    state: rewritten
  run_once: true
"""

RETURN = r"""
written:
  description: How many objects the API was asked to write.
  returned: O(state=rewritten), if that was due
  type: int
values:
  description: How many values were looked through.
  returned: O(state=verified), if that was due
  type: int
searched:
  description: Digests of the old keys by which no value is encrypted.
  returned: O(state=verified), if that was due
  type: list
  elements: str
actions:
  description: What was done, or would be done in check mode; as of M(barehost.kubernetes.component).
  returned: except with O(state=verified) and O(state=checked)
  type: list
  elements: dict
  sample: [{"kind": "encryption", "action": "rewrite", "path": "secrets", "reason": "so that the new key encrypts every value in etcd"}]
diff:
  description: One difference for each action.
  returned: with diff mode
  type: list
  elements: dict
"""
