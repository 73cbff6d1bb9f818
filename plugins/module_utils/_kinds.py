# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry of resource kinds on the host, in the one fixed order of collecting and applying.

This module util is private to the collection and may change at any time.
"""

from __future__ import annotations

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
    """The two functions of a kind on the host."""

    collect: t.Callable[[Items], Items]
    apply: t.Callable[[Items], Items]


KINDS: dict[str, Kind] = {
    "early_file": Kind(_files.collect, _files.apply),
    "package": Kind(_packages.collect, _packages.apply),
    "group": Kind(_users.collect_groups, _users.apply_groups),
    "user": Kind(_users.collect_users, _users.apply_users),
    "directory": Kind(_directories.collect, _directories.apply),
    "binary": Kind(_binaries.collect, _binaries.apply),
    "certificate": Kind(_certificates.collect, _certificates.apply),
    "file": Kind(_files.collect, _files.apply),
    "absent": Kind(_files.collect_absent, _files.apply_absent),
    "kernel_module": Kind(_kernel.collect_modules, _kernel.apply_modules),
    "sysctl": Kind(_kernel.collect_sysctls, _kernel.apply_sysctls),
    "swap": Kind(_kernel.collect_swap, _kernel.apply_swap),
    "selinux": Kind(_selinux.collect, _selinux.apply),
    "selinux_boolean": Kind(_selinux_booleans.collect, _selinux_booleans.apply),
    "firewall": Kind(_firewall.collect, _firewall.apply),
    "unit": Kind(_systemd.collect, _systemd.apply),
}
