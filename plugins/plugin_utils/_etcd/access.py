# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of all plugins that ask etcd from one of its hosts."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.options import defaults
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.component_table import ETCD

CERTIFICATES: dict[str, dict[str, t.Any]] = {
    "ca": {"type": "path", "default": ETCD.pki["ca"]},
    "cert": {"type": "path", "default": ETCD.pairs["root"].cert},
    "key": {"type": "path", "default": ETCD.pairs["root"].key, "no_log": False},
}
OPTIONS: dict[str, dict[str, t.Any]] = {**CERTIFICATES, "metrics_url": {"type": "str", "default": ETCD.urls["metrics"]}}


def of(arguments: c.Mapping[str, t.Any]) -> dict[str, str]:
    """How the host asks the members: the fields of ``Access`` in module_utils/_etcd_client/client.py."""
    return {key: str(arguments[key]) for key in ("ca", "cert", "key")}


def of_administrator() -> dict[str, str]:
    """The access of a task that is given no options."""
    return of(defaults(CERTIFICATES))


def of_own_member() -> dict[str, t.Any]:
    """How a host asks its own member: the fields of ``Etcd`` in module_utils/_etcd/snapshots.py. The administrator, or the member."""
    return {
        **ETCD.tools,
        "endpoint": ETCD.urls["client"],
        "ca": ETCD.pki["ca"],
        "pairs": [dataclasses.asdict(ETCD.pairs[name]) for name in ("root", "member")],
    }
