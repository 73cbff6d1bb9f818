# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans the state of the running kernel: settings, swap."""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlanContext, PlannedAction

_FSTAB = "/etc/fstab"


def plan_sysctl(item: dict[str, t.Any], state: dict[str, t.Any], context: PlanContext) -> list[PlannedAction]:
    name, wanted = item["name"], " ".join(item["value"].split())
    _refuse_other_value_at_boot(item, state)
    if state["exists"] and state["value"] == wanted:
        return []
    if not state["exists"] and not any(action.kind == "kernel_module" for action in context.planned):
        raise PlanError(
            f"the kernel has no setting {name} (wanted {wanted}); load the module that has it (`kernel_modules`), or leave it out"
        )
    found = state["value"] if state["exists"] else "absent"
    reason = f"is {found}, wanted {wanted}"
    before = "" if not state["exists"] else f"{name} = {found}\n"
    return [PlannedAction("sysctl", "set", name, reason, before=before, after=f"{name} = {wanted}\n", data={"value": wanted})]


def _refuse_other_value_at_boot(item: dict[str, t.Any], state: dict[str, t.Any]) -> None:
    """A later file of sysctl.d would win at the next boot, long after this run has ended well."""
    later = state.get("overriding")
    if later:
        raise PlanError(
            f"{later['file']} sets {item['name']} = {later['value']} at the next boot, after {item['file']} (wanted {item['value']}): "
            "files of sysctl.d apply in the order of their names. Take the line out of that file, or set the same value in both"
        )


def plan_swap(item: dict[str, t.Any], state: dict[str, t.Any], context: PlanContext) -> list[PlannedAction]:
    if item["state"] == "unmanaged":
        return []
    actions = []
    if state["fstab"]:
        before = "".join(f"{line}\n" for line in state["fstab"])
        after = "".join(f"# {line}\n" for line in state["fstab"])
        actions.append(PlannedAction("swap", "disable", _FSTAB, "it brings swap at the next boot", before=before, after=after))
    for unit in state["units"]:
        reason = "this unit enables swap at the next boot"
        actions.append(PlannedAction("swap", "mask", unit, reason, before="enabled\n", after="masked\n"))
    for device in state["active"]:
        actions.append(PlannedAction("swap", "switch-off", device, "this swap is active", before="active\n", after="inactive\n"))
    return actions
