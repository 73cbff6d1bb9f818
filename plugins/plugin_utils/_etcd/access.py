# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of all plugins that ask etcd from one of its hosts."""

from __future__ import annotations

import collections.abc as c
import typing as t

PKI = "/etc/etcd/pki"
OPTIONS: dict[str, dict[str, t.Any]] = {
    "ca": {"type": "path", "default": f"{PKI}/ca.crt"},
    "cert": {"type": "path", "default": f"{PKI}/root.crt"},
    "key": {"type": "path", "default": f"{PKI}/root.key", "no_log": False},
    "local_url": {"type": "str", "default": "https://127.0.0.1:2379"},
    "metrics_url": {"type": "str", "default": "http://127.0.0.1:2381"},
}


def of(arguments: c.Mapping[str, t.Any]) -> dict[str, str]:
    """How the host's side asks the members: the fields of ``Access`` in module_utils/_etcd_client/json_api.py."""
    return {key: str(arguments[key]) for key in ("ca", "cert", "key")}
