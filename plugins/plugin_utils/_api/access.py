# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of all plugins that use the API from a master."""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.cluster import cluster_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.options import defaults
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.component_table import API_PORT, KUBECTL

_ADMIN = KUBECTL.pairs["admin"]
OPTIONS: dict[str, dict[str, t.Any]] = {
    "server": {"type": "str"},
    "ca": {"type": "path", "default": KUBECTL.pki["ca"]},
    "cert": {"type": "path", "default": _ADMIN.cert},
    "key": {"type": "path", "default": _ADMIN.key, "no_log": False},
}


def connection(arguments: dict[str, t.Any], variables: dict[str, t.Any], *, templar: t.Any) -> dict[str, str]:
    """How the host reaches its own apiserver: by the options, or at the port that ``cluster`` has."""
    api = cluster_of(templar, variables).get("api", {})
    server = arguments["server"] or f"https://127.0.0.1:{api.get('server_port') or API_PORT}"
    return {"server": str(server), **{key: str(arguments[key]) for key in ("ca", "cert", "key")}}


def usual(variables: dict[str, t.Any], *, templar: t.Any) -> dict[str, str]:
    """The connection of a task that is given no options."""
    return connection(defaults(OPTIONS), variables, templar=templar)
