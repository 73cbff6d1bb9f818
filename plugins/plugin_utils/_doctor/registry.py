# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All checks, by the files of ``checks/``: a new file there needs no entry anywhere."""

from __future__ import annotations

import functools
import importlib
import pkgutil

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor import checks as package
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.check import Check, Checks

# In the order of their findings: what explains others comes first. A group that is not named here comes last.
_ORDER = (
    "hosts",
    "machine",
    "disks",
    "kernel",
    "time",
    "names",
    "selinux",
    "firewall",
    "units",
    "certificates",
    "etcd",
    "control-plane",
    "runtime",
    "nodes",
    "pod-network",
    "capacity",
    "drift",
)


@functools.cache
def groups() -> dict[str, Checks]:
    """By group."""
    found: dict[str, Checks] = {}
    for module in pkgutil.iter_modules(package.__path__):
        checks = importlib.import_module(f"{package.__name__}.{module.name}").CHECKS
        found[checks.group] = checks
    known = [group for group in _ORDER if group in found]
    return {group: found[group] for group in [*known, *sorted(set(found) - set(known))]}


@functools.cache
def checks() -> dict[str, Check]:
    """By id."""
    return {check.id: check for group in groups().values() for check in group.all}
