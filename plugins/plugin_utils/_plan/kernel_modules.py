# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans modules of the running kernel, and the packages that bring those which it lacks.

A module that is in no package for the running kernel cannot be had without a reboot. The plan says so, in check mode too.
"""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlanContext, PlannedAction

_KIND = "kernel_module"


def plan(item: dict[str, t.Any], state: dict[str, t.Any], context: PlanContext) -> list[PlannedAction]:
    name = item["name"]
    _refuse_denied(name, state)
    if state["loaded"]:
        return []
    lacking = state.get("lacking")
    packages = _packages(name, lacking, context) if lacking else []
    if item.get("load", True):
        return [*packages, PlannedAction(_KIND, "load", name, "not loaded", before="not loaded\n", after="loaded\n")]
    if not lacking:
        return []
    reason = f"the kernel {lacking['kernel']} does not have it yet"
    return [*packages, PlannedAction(_KIND, "find", name, reason, before="not there\n", after="there for programs that load it\n")]


def _refuse_denied(name: str, state: dict[str, t.Any]) -> None:
    """Loaded or not: what is denied is missing after the next boot, long after this run has ended well."""
    denied = state.get("denied")
    if denied:
        raise PlanError(
            f"{denied['place']} keeps the kernel module {name} from being loaded at the next boot, by `{denied['text']}`: "
            "take this out there, because nodes need the module"
        )


def _packages(name: str, lacking: dict[str, t.Any], context: PlanContext) -> list[PlannedAction]:
    """The packages of the running kernel and, if that has none of its own either, of the one that the next boot takes."""
    running, following, packages = lacking["kernel"], lacking["boots"], lacking["packages"]
    if following != running and (lacking["boots_with_all"] or not lacking["listed"]):
        raise PlanError(_boot_first(name, lacking))
    if not packages["known"]:
        raise PlanError(
            f"the kernel module {name} cannot be loaded: the running kernel {running} has no such module, and is of no package of this "
            "host. Wanted is a kernel that has it: install its modules, or boot a kernel of the distribution"
        )
    if packages["installed"]:
        raise PlanError(
            f"the kernel module {name} cannot be loaded: the running kernel {running} has no such module, although {packages['extra']} is "
            "installed. Correct the name (`host_kernel_modules`), or boot a kernel of the distribution that has it"
        )
    wanted = [packages["extra"], packages["keeping_pace"], lacking["extra_of_next"]]
    planned = {action.target for action in context.planned if action.kind == "package"}
    reason = f"the kernel {running} lacks {name}"
    remedy = (
        f"If the repositories do not have {packages['extra']} any more, run `dnf upgrade kernel` on this host, reboot it, and run the "
        "playbook again: it then installs the package of the new kernel. If they lack that of an older kernel, which is installed but does "
        "not run, remove that kernel by `dnf remove kernel-core-RELEASE`"
    )
    return [
        PlannedAction("package", "install", one, reason, after=f"{one}\n", data={"specification": one, "remedy": remedy})
        for one in wanted
        if one and one not in planned
    ]


def _boot_first(name: str, lacking: dict[str, t.Any]) -> str:
    running, following = lacking["kernel"], lacking["boots"]
    found = "has no such module" if lacking["listed"] else "has no modules on this host any more, as after an update"
    also = "" if lacking["boots_with_all"] else f", after `dnf install {lacking['extra_of_next']}`"
    return (
        f"the kernel module {name} cannot be loaded: the running kernel {running} {found}. Boot into the kernel {following} first{also}, "
        "and run the playbook again. On a node of a running cluster, restart-nodes.yml drains it before"
    )
