# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resource kind ``kernel_module``: what the running kernel must have loaded, or have at hand for the programs that load it.

A file makes it persistent. A module that is at hand comes with the first rule that needs it: none of these programs says in time that it
will be missing.
"""

from __future__ import annotations

import os
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import kernel_denied, kernel_library
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import run
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

SYS = "/sys"

Item = dict[str, t.Any]


def collect(items: list[Item]) -> list[Item]:
    """For each: whether it is ``loaded``, what ``denied`` it at the next boot, and why it is ``lacking`` if the kernel has no such module.

    A host on which all are loaded costs no process.
    """
    release = kernel_library.running()
    built_in = kernel_library.built_in(release)
    denials = kernel_denied.denials()
    loaded = [_is_loaded(item, built_in) for item in items]
    absent = _absent([item for item, there in zip(items, loaded) if not there], release)
    why = _why(sorted(absent), release) if absent else None
    return [
        {
            "loaded": there,
            "denied": _denied(kernel_library.module(item["name"]), denials, built_in, release),
            "lacking": why if kernel_library.module(item["name"]) in absent else None,
        }
        for item, there in zip(items, loaded)
    ]


def _is_loaded(item: Item, built_in: set[str]) -> bool:
    """Those without parameters that are built in are not in /sys/module."""
    name, evidence = kernel_library.module(item["name"]), item.get("evidence")
    return bool(evidence and os.path.exists(evidence)) or os.path.exists(f"{SYS}/module/{name}") or name in built_in


def _denied(name: str, denials: dict[str, kernel_denied.Denial], built_in: set[str], release: str) -> t.Optional[dict[str, str]]:
    """Nothing keeps away what is part of the kernel. One without a list of modules has all that it can have."""
    if name not in denials or name in built_in or not kernel_library.has_list(release):
        return None
    return denials[name]._asdict()


def _absent(items: list[Item], release: str) -> set[str]:
    """Those that the kernel has not. Without a list of its modules, only those count that must be loaded now."""
    if not items:
        return set()
    listed = kernel_library.has_list(release)
    present = {name for name, _path in kernel_library.modules(release)}
    wanted = {kernel_library.module(item["name"]) for item in items if listed or item.get("load", True)}
    # A name may also be an alias, which modprobe knows.
    return {name for name in wanted - present if not run(["modprobe", "--dry-run", "--quiet", "--", name]).ok}


def _why(names: list[str], release: str) -> Item:
    """What the planner needs to know of the kernels of this host."""
    following = kernel_library.to_boot()
    packages = kernel_library.packages(release)
    return {
        "kernel": release,
        "listed": kernel_library.has_list(release),
        "boots": following,
        "boots_with_all": following != release and not set(names) - {name for name, _path in kernel_library.modules(following)},
        "packages": packages._asdict(),
        "extra_of_next": kernel_library.packages(following).extra if following != release else None,
    }


def apply(actions: list[Item]) -> list[Item]:
    """Packages that bring modules are there by now."""
    for action in actions:
        if action["operation"] == "find":
            _find(action["target"])
        else:
            _load(action["target"])
    return [{} for _action in actions]


def _load(name: str) -> None:
    done = run(["modprobe", "--", name])
    if not done.ok:
        raise _failure(name, done.complaint())


def _find(name: str) -> None:
    done = run(["modprobe", "--dry-run", "--", name])
    if not done.ok:
        raise _failure(name, done.complaint())


def _failure(name: str, complaint: str) -> HostError:
    release = kernel_library.running()
    return HostError(
        f"the kernel module {name} cannot be loaded: {complaint}. Wanted is a kernel that has it: "
        f"on EL 10 `dnf install {kernel_library.packages(release).extra}` may bring it; after an update of the kernel, reboot first"
    )
