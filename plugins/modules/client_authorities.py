# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation only: the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: client_authorities
short_description: Take replaced authorities out of what apiservers publish
version_added: 0.1.0
description:
  - Controller managers, schedulers and aggregated APIs know clients by the ConfigMap C(extension-apiserver-authentication) of
    C(kube-system). Apiservers add to it what they trust, and take nothing away until it has expired. So an authority that was replaced
    stays in it for years, and what it has issued is accepted there.
  - This takes away the certificates that the PKI directory has as retired, and no other. Without any, no host is asked.
  - C(site.yml) does so after the masters trust the present authorities only.
author:
  - The barehost.kubernetes authors (@barehost)
attributes:
  check_mode:
    description: Returns what would be done; changes nothing.
    support: full
  diff_mode:
    description: Names the certificates by their SHA-256 digests.
    support: full
extends_documentation_fragment:
  - barehost.kubernetes._api_access
options:
  deadline:
    description: For how many seconds an API is waited for that is not ready.
    type: float
    default: 120
seealso:
  - module: barehost.kubernetes.pki_replacement
"""

EXAMPLES = r"""
- name: Take replaced authorities out of what apiservers publish
  barehost.kubernetes.client_authorities:
  run_once: true
"""

RETURN = r"""
actions:
  description: What was changed, or would be changed in check mode; as of M(barehost.kubernetes.component).
  returned: always
  type: list
  elements: dict
diff:
  description: The certificates that are taken away.
  returned: with diff mode
  type: list
  elements: dict
"""
