# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation only: the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pki_replacement
short_description: Replace an authority of the cluster, or one of its keys, in phases
version_added: 0.1.0
description:
  - Changes the PKI directory on the controller by one phase. Between two phases, run C(playbooks/site.yml), which brings the hosts to it.
    C(playbooks/replace-authority.yml) does all of it.
  - After V(accepted) hosts trust the new one beside the old one. After V(switched) the new one signs. After V(dropped) hosts trust the new
    one only. So at no time does a host show what another one does not accept.
  - A phase begins only if all hosts of the cluster are as the phase before wants them. Run the module on all of them before, with
    O(state=observed).
  - An authority of your own takes the place of the new one if its files are in the PKI directory, for example C(etcd-ca.next.crt) and
    C(etcd-ca.next.key). It has a key of ECDSA P-256, and is a root or an intermediate with the chain behind it. Hosts trust the
    intermediate, and nothing above it.
author:
  - The barehost.kubernetes authors (@barehost)
attributes:
  check_mode:
    description: Returns what would be done; changes nothing.
    support: full
  diff_mode:
    description: Names the phase.
    support: full
options:
  subjects:
    description:
      - What is replaced, one or more of V(kubernetes), V(etcd), V(front-proxy), V(node), V(service-account) and V(encryption).
      - V(node) is the authority of kubelets that rotate their certificates.
      - V(service-account) is the key that signs the tokens of service accounts, V(encryption) the key that encrypts Secrets in etcd.
      - Without any, the module fails, and names them.
    type: list
    elements: str
    default: []
  state:
    description:
      - V(observed) reads what a host trusts and which certificates it has. Register the result.
      - V(shown) returns the phase and a summary, and asks no host.
      - V(accepted), V(switched) and V(dropped) do this phase, unless it was done before.
      - V(finished) verifies that no host trusts the old one any more, and that apiservers do not publish it.
      - V(encryption) is dropped only if O(search) tells that nothing in etcd is encrypted by the old key.
      - The key of service accounts is dropped no sooner than 75 minutes after the switch, when pods have tokens of the new one.
    type: str
    choices: [observed, shown, accepted, switched, dropped, finished]
    required: true
  observation:
    description: The variable in which the task with O(state=observed) was registered.
    type: str
    default: barehost_trust
  search:
    description: The variable in which the task with O(barehost.kubernetes.encryption_at_rest#module:state=verified) was registered.
    type: str
    default: barehost_encrypted
  without:
    description: Hosts of the inventory that may be away. With V(encryption) no master may be. C(site.yml) brings them in later.
    type: list
    elements: str
    default: []
  pause:
    description:
      - Seconds before V(switched) for the authority V(kubernetes), in which kubelets bring the new authority to their pods. A
        kubelet looks after the volumes of a pod about once a minute. Without it, 120.
    type: raw
seealso:
  - module: barehost.kubernetes.client_authorities
  - module: barehost.kubernetes.encryption_at_rest
  - module: barehost.kubernetes.cluster_spec
"""

EXAMPLES = r"""
- name: Ask what the host trusts
  barehost.kubernetes.pki_replacement:
    subjects: [etcd]
    state: observed
  ignore_unreachable: true
  register: barehost_trust

- name: Accept a new authority
  barehost.kubernetes.pki_replacement:
    subjects: [etcd]
    state: accepted
  run_once: true
"""

RETURN = r"""
summary:
  description: One line for each phase of each subject.
  returned: O(state=shown)
  type: list
  elements: str
  sample: ["etcd-ca: done: a new one is made; hosts trust it beside the old one, restarting etcd, a member after the other"]
texts:
  description: The public parts on the host by path.
  returned: O(state=observed)
  type: dict
keys:
  description: Digests of the keys that encrypt Secrets by path, in their order.
  returned: O(state=observed)
  type: dict
actions:
  description: The phases that were done, or would be done in check mode; as of M(barehost.kubernetes.component).
  returned: except with O(state=observed) and O(state=shown)
  type: list
  elements: dict
  sample: [{"kind": "pki", "action": "switched", "path": "etcd-ca", "reason": "the new one signs"}]
diff:
  description: One difference for each phase.
  returned: with diff mode
  type: list
  elements: dict
"""
