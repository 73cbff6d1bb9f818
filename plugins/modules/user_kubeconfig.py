# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation only: the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: user_kubeconfig
short_description: Make a kubeconfig for a person
version_added: 0.1.0
description:
  - Issues a client certificate, and writes a kubeconfig with it on the controller, readable by its owner only.
    C(playbooks/kubeconfig.yml) does it.
  - The key is made on the controller and is only in that file. Or the person makes it, and sends a signing request (O(csr)).
  - The certificate is recorded in the PKI directory, so that M(barehost.kubernetes.certificates) lists it.
  - A certificate cannot be revoked. So its days are few, and rights are given by bindings of RBAC, which can be deleted.
  - Every run issues a new certificate. A file is overwritten only if this module has made it for the same user.
  - No host is asked, except with O(signed_by=api), where it is the master that the task runs on.
extends_documentation_fragment:
  - barehost.kubernetes._api_access
author:
  - The barehost.kubernetes authors (@barehost)
attributes:
  check_mode:
    description: Refuses what a run would refuse; signs and writes nothing.
    support: full
  diff_mode:
    description: Shows the description of the certificate; never a key.
    support: full
options:
  state:
    description: V(checked) only refuses wrong options, and what could not be done.
    type: str
    choices: [checked, issued]
    default: issued
  user:
    description: The name of the person. Required. Names that begin with V(system:), and those of the cluster's programs, are refused.
    type: raw
  groups:
    description: Groups, as a list or divided by commas. V(system:masters) and others that begin with V(system:) are refused.
    type: raw
  days:
    description: Days until the certificate ends, from 1 to 365. V(30) by default; with O(emergency) V(1), and 7 at most.
    type: raw
  namespace:
    description: The namespace that C(kubectl) uses. By default none, which means C(default).
    type: raw
  file:
    description: The kubeconfig on the controller. By default C(USER.kubeconfig) in the current directory.
    type: raw
  csr:
    description:
      - A file on the controller with a signing request in PEM form, for a key of ECDSA P-256. The kubeconfig has no key then.
      - The names in it are those that are given here. It may have none, except with O(signed_by=api).
    type: raw
  key_path:
    description: How the kubeconfig names the key of O(csr). By default the name of the request with C(.key), beside the kubeconfig.
    type: raw
  signed_by:
    description:
      - V(authority) signs with the key in the PKI directory. This is the default.
      - V(api) has the API sign, by its signer C(kubernetes.io/kube-apiserver-client). A kube-controller-manager must have a key for it.
    type: raw
  emergency:
    description: Puts the user into V(system:masters), which may do everything, also where no access rule works.
    type: raw
  deadline:
    description: How many seconds the API may take to be ready, and then to sign.
    type: float
    default: 30
seealso:
  - module: barehost.kubernetes.admin_kubeconfig
  - module: barehost.kubernetes.certificates
"""

EXAMPLES = r"""
- name: Make a kubeconfig for somebody
  barehost.kubernetes.user_kubeconfig:
    user: alice
    groups: developers
    days: 14
    file: ~/alice.kubeconfig
  run_once: true
"""

RETURN = r"""
path:
  description: The kubeconfig.
  returned: if one was written
  type: str
  sample: /home/admin/alice.kubeconfig
serial:
  description: The serial number of the certificate, in hexadecimal digits.
  returned: if one was written
  type: str
  sample: 5e0a1f
not_after:
  description: When the certificate ends, in UTC.
  returned: if one was written
  type: str
  sample: "2026-12-24T12:00:00Z"
lines:
  description: What was made, how to give rights, and how to take them away.
  returned: O(state=issued)
  type: list
  elements: str
actions:
  description: What was, or in check mode would be, done; as of M(barehost.kubernetes.component).
  returned: O(state=issued)
  type: list
  elements: dict
  sample: [{"kind": "kubeconfig", "action": "write", "path": "/home/admin/alice.kubeconfig", "reason": "absent"}]
diff:
  description: The description of the certificate.
  returned: with diff mode
  type: list
  elements: dict
"""
