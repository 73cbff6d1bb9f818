# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of the described files, packages, users and programs is there: collected as a component collects it."""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import binaries, directories, files, packages, selinux_ports, users
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import host_lock

Object = dict[str, t.Any]
Items = list[Object]

# Each module is compiled when it is used.
KINDS: dict[str, t.Callable[[Items], Items]] = {
    "early_file": lambda items: files.collect(items),
    "package": lambda items: packages.collect(items),
    "group": lambda items: users.collect_groups(items),
    "user": lambda items: users.collect_users(items),
    "directory": lambda items: directories.collect(items),
    "binary": lambda items: binaries.collect(items),
    "file": lambda items: files.collect(items),
    "absent": lambda items: files.collect_absent(items),
    "selinux_port": lambda items: selinux_ports.collect(items),
}
# A run that is changing the host is not waited for any longer: what it has not done yet is no drift.
_PATIENCE = 5.0


def look(asked: Object) -> Object:
    """``wanted``: items by kind. The states have their order."""
    with host_lock.held(changes=False, patience=_PATIENCE):
        return {"states": {kind: KINDS[kind](items) for kind, items in asked["wanted"].items()}}
