# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans groups and users: creates those that are absent, corrects the described fields, leaves the others alone."""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlanContext, PlannedAction

_FIELDS = ("uid", "group", "home", "shell", "comment")


def plan_group(item: dict[str, t.Any], state: dict[str, t.Any], context: PlanContext) -> list[PlannedAction]:
    name, gid = item["name"], item["gid"]
    data = {"gid": gid, "system": item["system"]}
    after = f"group {name}{'' if gid is None else f' gid={gid}'}\n"
    if not state["exists"]:
        return [PlannedAction("group", "create", name, "absent", after=after, data=data)]
    if gid is None or gid == state["gid"]:
        return []
    before = f"group {name} gid={state['gid']}\n"
    return [PlannedAction("group", "modify", name, f"gid is {state['gid']}, wanted {gid}", before=before, after=after, data=data)]


def plan_user(item: dict[str, t.Any], state: dict[str, t.Any], context: PlanContext) -> list[PlannedAction]:
    name = item["name"]
    wanted = {field: item[field] for field in _FIELDS if item[field] is not None}
    if not state["exists"]:
        wanted |= {"groups": item["groups"]} if item["groups"] else {}
        data = {"wanted": wanted, "system": item["system"]}
        return [PlannedAction("user", "create", name, "absent", after=_text(name, wanted), data=data)]
    changed = {field: value for field, value in wanted.items() if value != state[field]}
    # A user keeps its other groups.
    if not set(item["groups"]) <= set(state["groups"]):
        changed["groups"] = sorted({*item["groups"], *state["groups"]})
    if not changed:
        return []
    reason = ", ".join(f"{field} is {_value(state[field])}, wanted {_value(value)}" for field, value in changed.items())
    before = _text(name, {field: state[field] for field in changed})
    return [PlannedAction("user", "modify", name, reason, before=before, after=_text(name, changed), data={"wanted": changed})]


def _text(name: str, fields: dict[str, t.Any]) -> str:
    return " ".join([f"user {name}", *(f"{field}={_value(value)}" for field, value in fields.items())]) + "\n"


def _value(value: t.Any) -> str:
    return ",".join(value) if isinstance(value, list) else str(value)
