# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of the described files, packages, users and programs is there: collected as a component collects it."""

from __future__ import annotations

import types
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import binaries, directories, files, packages, selinux_ports, users
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import host_lock

Object = dict[str, t.Any]
Items = list[Object]

# The module and the name of its function: a module is compiled when something of it is used.
KINDS: dict[str, tuple[types.ModuleType, str]] = {
    "early_file": (files, "collect"),
    "package": (packages, "collect"),
    "group": (users, "collect_groups"),
    "user": (users, "collect_users"),
    "directory": (directories, "collect"),
    "binary": (binaries, "collect"),
    "file": (files, "collect"),
    "absent": (files, "collect_absent"),
    "selinux_port": (selinux_ports, "collect"),
}
# A run that is changing the host is not waited for any longer: what it has not done yet is no drift.
_PATIENCE = 5.0


def look(asked: Object) -> Object:
    """``wanted``: items by kind. The states have their order."""
    with host_lock.held(changes=False, patience=_PATIENCE):
        return {"states": {kind: _collect(kind, items) for kind, items in asked["wanted"].items()}}


def _collect(kind: str, items: Items) -> Items:
    module, function = KINDS[kind]
    found: Items = getattr(module, function)(items)
    return found
