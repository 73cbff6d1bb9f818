# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans directories: creates those that are absent, corrects owner and mode."""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlanContext, PlannedAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.attributes import as_wanted, attributes_text, differences, ownership


def plan(item: dict[str, t.Any], state: dict[str, t.Any], context: PlanContext) -> list[PlannedAction]:
    path = item["path"]
    wanted = ownership(item)
    after = f"directory {attributes_text(wanted)}\n"
    if state["type"] == "absent":
        return [PlannedAction("directory", "create", path, "absent", after=after, data=wanted)]
    if state["type"] != "directory":
        raise PlanError(f"{path}: a {state['type']} was found where a directory is wanted; move it away")
    reason = differences(state, wanted)
    if not reason:
        return []
    before = f"directory {attributes_text(as_wanted(state, wanted))}\n"
    return [PlannedAction("directory", "set-attributes", path, reason, before=before, after=after, data=wanted)]
