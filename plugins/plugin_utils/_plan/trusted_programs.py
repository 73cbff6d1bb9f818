# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans what fapolicyd lets run, on a host that has it."""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlanContext, PlannedAction


def plan(item: dict[str, t.Any], state: dict[str, t.Any], context: PlanContext) -> list[PlannedAction]:
    if not state["enabled"]:
        return []
    changed = {path for action in context.planned for path in action.touched}
    untrusted = [path for path in item["paths"] if path in changed or path in state["missing"]]
    # One action each: what another component of the run has trusted already is recognised in check mode.
    return [
        PlannedAction("trusted_programs", "trust", path, f"fapolicyd does not trust {path} yet", after=f"{path}\n", data={"paths": [path]})
        for path in untrusted
    ]
