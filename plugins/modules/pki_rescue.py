# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation only: the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pki_rescue
short_description: Fill a lost PKI directory with what the hosts of the cluster have of it
version_added: 0.1.0
description:
  - Takes from hosts the certificates of the authorities, the key of Secrets, the keys of service accounts, and what balancers know each
    other by. C(playbooks/rescue-pki.yml) does all of it.
  - Keys of authorities are on no host. C(playbooks/replace-authority.yml) makes new authorities afterwards.
  - Secrets are in no result, log or argument. They cross the connection combined with random bytes that are used once.
  - Nothing is taken if hosts disagree, do not answer, or belong to another cluster than the inventory describes.
author:
  - The barehost.kubernetes authors (@barehost)
attributes:
  check_mode:
    description: Returns what would be taken; changes nothing.
    support: full
  diff_mode:
    description: Names the files.
    support: full
options:
  state:
    description:
      - V(checked) fails if the PKI directory has authorities. V(observed) asks a host what it has; register the result.
      - V(planned) compares the hosts, and returns what is taken from which.
      - V(taken) takes the secrets that come from this host. V(completed) writes the public parts, and is done once, after that.
    type: str
    choices: [checked, observed, planned, taken, completed]
    required: true
  observation:
    description: The variable in which the task with O(state=observed) was registered.
    type: str
    default: barehost_rescue
  without:
    description: Hosts of the inventory that may be away, or of which nothing is taken.
    type: list
    elements: str
    default: []
seealso:
  - module: barehost.kubernetes.pki_replacement
"""

EXAMPLES = r"""
- name: Ask what the host has
  barehost.kubernetes.pki_rescue:
    state: observed
  ignore_unreachable: true
  register: barehost_rescue

- name: Compare the hosts
  barehost.kubernetes.pki_rescue:
    state: planned
  run_once: true
"""

RETURN = r"""
complete:
  description: Whether a rescue was finished before, and new authorities are still to be made.
  returned: O(state=checked)
  type: bool
summary:
  description: One line for each file of the PKI directory.
  returned: O(state=planned)
  type: list
  elements: str
  sample: ["service-account.key: from /etc/kubernetes/pki/service-account.key of m1; the same on m2"]
next:
  description: What is left to do.
  returned: O(state=checked) and O(state=completed)
  type: str
texts:
  description: The public parts on the host by path.
  returned: O(state=observed)
  type: dict
secrets:
  description: Size and keyed digest of each secret on the host by path. The key of the digests is gone after the run.
  returned: O(state=observed)
  type: dict
actions:
  description: What was taken, or would be taken in check mode; as of M(barehost.kubernetes.component).
  returned: O(state=taken) and O(state=completed)
  type: list
  elements: dict
  sample: [{"kind": "pki", "action": "take", "path": "service-account.key", "reason": "it is lost here, and m1 has it"}]
diff:
  description: One difference for each file.
  returned: with diff mode
  type: list
  elements: dict
"""
