# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel that runs and the one that the next boot takes: modules, settings, swap, and whether a reboot is due."""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import kernel, kernel_library, kernel_modules
from ansible_collections.barehost.kubernetes.plugins.module_utils._restart import kernels
from ansible_collections.barehost.kubernetes.plugins.module_utils._restart import look as restart
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import errors
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.small_files import text_of

Object = dict[str, t.Any]

PROC = "/proc"
# What decides over networks and memory beside what the roles set.
_FURTHER = (
    "net.netfilter.nf_conntrack_max",
    "net.netfilter.nf_conntrack_count",
    "fs.inotify.max_user_instances",
    "fs.inotify.max_user_watches",
    "vm.max_map_count",
    "net.ipv4.conf.all.forwarding",
)


def look(asked: Object) -> Object:
    """``sysctls``, ``modules``, ``swap``: items of the kinds of these names, as the roles of this host describe them."""
    running, following = kernel_library.running(), kernel_library.to_boot()
    gaps: list[str] = []
    return {
        "running": running,
        "to_boot": following,
        "lacking": kernels.lacking(following) if following != running and kernel_library.has_list(following) else [],
        "updated": _told(restart.updated, gaps),
        "sysctls": _merged(
            [{"name": item["name"], "wanted": " ".join(item["value"].split())} for item in asked["sysctls"]],
            _told(lambda: kernel.collect_sysctls(asked["sysctls"]), gaps),
        ),
        "modules": _merged(
            [{"name": item["name"], "load": item["load"]} for item in asked["modules"]],
            _told(lambda: kernel_modules.collect(asked["modules"]), gaps),
        ),
        "swap": _told(lambda: kernel.collect_swap(asked["swap"]), gaps),
        "further": {name: value for name in _FURTHER if (value := _setting(name))},
        "gaps": gaps,
    }


def _merged(items: list[Object], states: list[Object]) -> list[Object]:
    return [{**item, **state} for item, state in zip(items, states)]


def _told(ask: t.Callable[[], list[t.Any]], gaps: list[str]) -> list[t.Any]:
    try:
        return ask()
    except errors.HostError as error:
        gaps.append(error.message)
        return []


def _setting(name: str) -> str:
    return " ".join((text_of(f"{PROC}/sys/{name.replace('.', '/')}") or "").split())
