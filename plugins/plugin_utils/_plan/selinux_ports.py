# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans the types of ports in the SELinux policy."""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlanContext, PlannedAction

# It has semanage, and minimal images have it not.
PACKAGE = "policycoreutils-python-utils"


def plan(item: dict[str, t.Any], state: dict[str, t.Any], context: PlanContext) -> list[PlannedAction]:
    """Plans nothing on a host without SELinux."""
    port, wanted, found = item["port"], item["type"], state["type"]
    if not state["enabled"] or found == wanted:
        return []
    actions = []
    if not state["tool"] and not any(action.kind == "package" and action.target == PACKAGE for action in context.planned):
        reason = f"it changes the SELinux type of {port}"
        actions.append(PlannedAction("package", "install", PACKAGE, reason, after=f"{PACKAGE}\n", data={"specification": PACKAGE}))
    before = found or "the policy's own type"
    reason = f"it has {before}, wanted {wanted}: else SELinux lets nothing listen there that is confined to this type"
    actions.append(PlannedAction("selinux_port", "set", port, reason, before=f"{before}\n", after=f"{wanted}\n", data={"type": wanted}))
    return actions
