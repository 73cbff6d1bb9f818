# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans booleans of the SELinux policy."""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlanContext, PlannedAction


def plan(item: dict[str, t.Any], state: dict[str, t.Any], context: PlanContext) -> list[PlannedAction]:
    """Plans nothing on a host without SELinux. Compares the current value; asking for the persistent one takes seconds."""
    name, wanted, found = item["name"], item["value"], state["value"]
    if not state["enabled"] or found == wanted:
        return []
    if found is None and not any(action.kind == "package" for action in context.planned):
        raise PlanError(
            f"the SELinux policy has no boolean {name} (wanted {_word(wanted)}); update selinux-policy-targeted, or leave it out"
        )
    reason = f"it is {'absent' if found is None else _word(found)}, wanted {_word(wanted)}"
    before = "" if found is None else f"{name} = {_word(found)}\n"
    return [
        PlannedAction("selinux_boolean", "set", name, reason, before=before, after=f"{name} = {_word(wanted)}\n", data={"value": wanted})
    ]


def _word(value: bool) -> str:
    return "on" if value else "off"
