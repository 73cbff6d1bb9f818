# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the plugins that ask etcd from a host; their values are in plugin_utils/_etcd/access.py."""

from __future__ import annotations


class ModuleDocFragment:
    """Read by ansible-doc."""

    DOCUMENTATION = r"""
options:
  ca:
    description: The authority of the members' certificates, on the host.
    type: path
    default: /etc/etcd/pki/ca.crt
  cert:
    description: The certificate of the user V(root), on the host.
    type: path
    default: /etc/etcd/pki/root.crt
  key:
    description: Its key, on the host.
    type: path
    default: /etc/etcd/pki/root.key
"""
