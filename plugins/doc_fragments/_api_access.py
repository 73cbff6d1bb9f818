# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the plugins that ask the API from a master; their values are in plugin_utils/_api/access.py."""

from __future__ import annotations


class ModuleDocFragment:
    """Read by ansible-doc."""

    DOCUMENTATION = r"""
options:
  server:
    description: URL of the apiserver, as seen from the host. By default loopback, at the apiservers' port that C(cluster) gives.
    type: str
  ca:
    description: The authority of the apiserver's certificate, on the host.
    type: path
    default: /etc/kubernetes/pki/ca.crt
  cert:
    description: The client's certificate, on the host.
    type: path
    default: /etc/kubernetes/pki/admin.crt
  key:
    description: The client's key, on the host.
    type: path
    default: /etc/kubernetes/pki/admin.key
"""
