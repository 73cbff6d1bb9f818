# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry of resource kinds on the host, in the one fixed order of collecting and applying.

This module util is private to the collection and may change at any time.
"""

from __future__ import annotations

import types
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils import (
    _binaries,
    _certificates,
    _directories,
    _files,
    _firewall,
    _kernel,
    _packages,
    _selinux,
    _selinux_booleans,
    _systemd,
    _users,
)

Items = list[dict[str, t.Any]]


class Kind(t.NamedTuple):
    """The two functions of a kind on the host, by the module that has them.

    They are asked for by name when they are called, so that a host compiles the modules of no other kinds (see _program).
    """

    module: types.ModuleType
    of: str = ""

    def collect(self, items: Items) -> Items:
        return t.cast(Items, getattr(self.module, "collect" + self.of)(items))

    def apply(self, actions: Items) -> Items:
        return t.cast(Items, getattr(self.module, "apply" + self.of)(actions))


KINDS: dict[str, Kind] = {
    "early_file": Kind(_files),
    "package": Kind(_packages),
    "group": Kind(_users, "_groups"),
    "user": Kind(_users, "_users"),
    "directory": Kind(_directories),
    "binary": Kind(_binaries),
    "certificate": Kind(_certificates),
    "file": Kind(_files),
    "absent": Kind(_files, "_absent"),
    "kernel_module": Kind(_kernel, "_modules"),
    "sysctl": Kind(_kernel, "_sysctls"),
    "swap": Kind(_kernel, "_swap"),
    "selinux": Kind(_selinux),
    "selinux_boolean": Kind(_selinux_booleans),
    "firewall": Kind(_firewall),
    "unit": Kind(_systemd),
}
