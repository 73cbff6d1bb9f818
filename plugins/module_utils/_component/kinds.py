# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The resource kinds on the host, in the fixed order in which they are collected and applied."""

from __future__ import annotations

import types
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import (
    binaries,
    certificates,
    directories,
    files,
    firewall,
    foreign,
    kernel,
    kernel_modules,
    packages,
    selinux,
    selinux_booleans,
    selinux_ports,
    trusted_programs,
    units,
    users,
)

Items = list[dict[str, t.Any]]


class Kind(t.NamedTuple):
    """The two functions of a kind on the host, by the module that has them.

    They are asked for by name when they are called, so that a host compiles the modules of no other kinds (see _runtime/bootstrap.py).
    """

    module: types.ModuleType
    of: str = ""

    def collect(self, items: Items) -> Items:
        return t.cast(Items, getattr(self.module, "collect" + self.of)(items))

    def apply(self, actions: Items) -> Items:
        return t.cast(Items, getattr(self.module, "apply" + self.of)(actions))


KINDS: dict[str, Kind] = {
    "foreign": Kind(foreign),
    "early_file": Kind(files),
    "package": Kind(packages),
    "group": Kind(users, "_groups"),
    "user": Kind(users, "_users"),
    "directory": Kind(directories),
    "binary": Kind(binaries),
    "certificate": Kind(certificates),
    "file": Kind(files),
    "absent": Kind(files, "_absent"),
    "kernel_module": Kind(kernel_modules),
    "sysctl": Kind(kernel, "_sysctls"),
    "swap": Kind(kernel, "_swap"),
    "selinux": Kind(selinux),
    "selinux_boolean": Kind(selinux_booleans),
    "selinux_port": Kind(selinux_ports),
    "trusted_programs": Kind(trusted_programs),
    "firewall": Kind(firewall),
    "unit": Kind(units),
}
