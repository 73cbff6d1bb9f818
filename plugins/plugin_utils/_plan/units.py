# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans units: which must be enabled, started, stopped, reloaded or restarted, and why.

A unit is restarted if what it was started with (its stamp on the host) is not what will be there after the plan, or if it has lost
what only its start makes (``restart_if``).
"""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.unit_states import RUNNING, RUNNING_OR_STARTING
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlanContext, PlannedAction

# Not enabled-runtime and linked-runtime, which end with this boot.
_ENABLED = ("enabled", "static", "alias", "indirect", "generated")
# Kinds of actions that can install a unit that the host does not know yet.
_BRINGERS = ("package", "file", "binary")

Item = dict[str, t.Any]


def plan(item: Item, state: Item, context: PlanContext) -> list[PlannedAction]:
    touched = {path for action in context.planned for path in action.touched}
    known = state["known"] or bool(touched & set(item["definition"]))
    if not known and not _will_be_brought(context):
        return _plan_unknown(item)
    actions = _daemon_reload(item, state, touched) + _enablement(item, state)
    if item["defer_start"]:
        return actions
    running = state["active"] in RUNNING
    if item["state"] == "stopped":
        # A unit that crashes again and again is "activating" between two attempts.
        up = state["active"] in RUNNING_OR_STARTING
        return actions + ([_action("stop", item, f"it is {state['active']}, wanted stopped", "stopped", state)] if up else [])
    if item["state"] == "started" and not running:
        return actions + _start(item, state, context)
    if running:
        change = _restart(item, state, touched, context) or _reload(item, state, touched, context)
        return actions + (change or _verify(item, state, context))
    return actions


def _plan_unknown(item: Item) -> list[PlannedAction]:
    if item["state"] == "started" or item["enabled"]:
        raise PlanError(
            f"{item['name']}: the host has no such unit; give it a template, "
            "or install the package that brings it, in this component or before"
        )
    return []


def _will_be_brought(context: PlanContext) -> bool:
    return any(action.kind in _BRINGERS for action in context.planned)


def _action(operation: str, item: Item, reason: str, after: str, state: Item, **data: t.Any) -> PlannedAction:
    before = f"{state['active']}, {state['enabled'] or 'absent'}"
    return PlannedAction("unit", operation, item["name"], reason, before=f"{before}\n", after=f"{after}\n", data=data)


def _daemon_reload(item: Item, state: Item, touched: set[str]) -> list[PlannedAction]:
    changed = [path for path in item["definition"] if path in touched]
    if not changed and not state["needs_daemon_reload"]:
        return []
    reason = f"{_names(changed)} changed" if changed else "its files changed since systemd read them"
    return [_action("daemon-reload", item, reason, "definition read again", state)]


def _enablement(item: Item, state: Item) -> list[PlannedAction]:
    if item["enabled"] is None:
        return []
    actions = []
    if state["masked"] and (item["enabled"] or item["state"] == "started"):
        actions.append(_action("unmask", item, "it is masked", "unmasked", state))
    enabled = state["enabled"] in _ENABLED
    if item["enabled"] and not enabled:
        actions.append(_action("enable", item, f"it is {state['enabled'] or 'not enabled'}, wanted enabled", "enabled", state))
    if not item["enabled"] and state["enabled"] in ("enabled", "enabled-runtime"):
        runtime = state["enabled"] == "enabled-runtime"
        actions.append(_action("disable", item, "it is enabled, wanted disabled", "disabled", state, runtime=runtime))
    return actions


def _start(item: Item, state: Item, context: PlanContext) -> list[PlannedAction]:
    actions = []
    if state["active"] == "failed":
        actions.append(_action("reset-failed", item, "it has failed before", "reset", state))
    actions.append(
        _action("start", item, f"it is {_found(state)}, wanted started", "started", state, **_run_data(item, context, first=True))
    )
    return actions


def _found(state: Item) -> str:
    return state["active"] if state["known"] else "absent"


def _run_data(item: Item, context: PlanContext, *, first: bool = False) -> dict[str, t.Any]:
    """``first``: the unit does not run yet, and what comes later in the run waits for the rest."""
    health = item["health"] + ([] if first else item["restart_health"])
    return {"inputs": item["inputs"], "health": health, "requires": list(context.requires), "block": item["block"]}


def _restart(item: Item, state: Item, touched: set[str], context: PlanContext) -> list[PlannedAction]:
    if item["state"] != "started":
        return []
    changed = [path for path in (*item["inputs"], *item["restart_on"]) if path in touched]
    since = state["changed_inputs"]
    if changed:
        reason = f"{_names(changed)} {_is_or_are(changed)} changed"
    elif since is None:
        reason = "it is not known what it was started with"
    elif since:
        reason = f"{_names(since)} changed since it was started"
    elif state.get("restart_because"):
        reason = state["restart_because"]
    else:
        return []
    data = _run_data(item, context)
    if item["dependents"]:
        data["dependents"] = item["dependents"]
    return [_action("restart", item, reason, "restarted", state, **data)]


def _reload(item: Item, state: Item, touched: set[str], context: PlanContext) -> list[PlannedAction]:
    changed = [path for path in item["reload_on"] if path in touched]
    since = state["changed_reload_inputs"]
    if not changed and not since:
        return []
    reason = f"{_names(changed)} {_is_or_are(changed)} changed" if changed else f"{_names(since)} changed since it read its configuration"
    return [_action("reload", item, reason, "reloaded", state, **_run_data(item, context))]


def _verify(item: Item, state: Item, context: PlanContext) -> list[PlannedAction]:
    """Checks only the unit's health, because the run that started it ended before the check."""
    if not state["unproven"]:
        return []
    reason = "the run that started it was killed or failed before its health was seen"
    return [_action("verify", item, reason, "healthy", state, **_run_data(item, context))]


def _names(paths: list[str]) -> str:
    return ", ".join(paths)


def _is_or_are(paths: list[str]) -> str:
    return "is" if len(paths) == 1 else "are"
