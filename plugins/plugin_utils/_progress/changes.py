# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads from the result of a task what it changed, and formats the lines that show it. Pure functions."""

from __future__ import annotations

import collections
import collections.abc as c
import dataclasses
import typing as t

from ansible.utils.fqcn import add_internal_fqcns

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._progress.text import count, one_line

# Results of assert are marked to be shown always, but a successful one says nothing of use.
_ASSERT = add_internal_fqcns(("assert",))

# Up to this number, each action is listed with its reason; of more actions, only the restarts are listed.
LISTED = 5
_FIELDS = ("kind", "action", "path", "reason")
_DONE = {"start": "started", "restart": "restarted", "reload": "reloaded", "stop": "stopped"}


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """The changes of one task on one host. ``predicted``: check mode reported them, and nothing was done."""

    label: str
    actions: tuple[dict[str, str], ...] = ()
    restarts: tuple[str, ...] = ()
    number: int = 1
    predicted: bool = False

    @property
    def kinds(self) -> dict[str, int]:
        """How many actions of each kind."""
        return dict(collections.Counter(action["kind"] for action in self.actions))


def read_change(
    result: c.Mapping[str, t.Any], *, task: str, arguments: c.Mapping[str, t.Any] | None = None, predicted: bool = False
) -> Change:
    """The change that a result with ``changed: true`` reports. Each changed item of a loop counts; with no_log there are no details."""
    items = [item for item in result.get("results") or [result] if isinstance(item, c.Mapping) and item.get("changed")]
    actions = tuple(action for item in items for action in _actions(item))
    restarts = tuple(one_line(text) for item in items for text in _texts(item.get("restarted")))
    # A result with actions comes from a plugin of this collection, whose argument `name` is the component or set of objects.
    name = arguments.get("name") if arguments and actions else None
    return Change(
        label=one_line(name) if isinstance(name, str) and name else task,
        actions=actions,
        restarts=restarts or tuple(f"{action['path']}: {action['reason']}" for action in actions if _is_restart(action)),
        number=len(actions) or max(len(items), 1),
        predicted=predicted,
    )


def asks_to_be_shown(result: c.Mapping[str, t.Any], *, action: str) -> bool:
    """Whether a result is shown even if nothing changed, as the result of a debug task is."""
    return result.get("_ansible_verbose_always") is True and not result.get("_ansible_verbose_override") and action not in _ASSERT


def _actions(item: c.Mapping[str, t.Any]) -> list[dict[str, str]]:
    """The actions of a result of this collection. Empty for other results: their `actions` can be anything."""
    actions = item.get("actions")
    if not isinstance(actions, list) or not all(isinstance(action, dict) and set(_FIELDS) <= set(action) for action in actions):
        return []
    return [{field: one_line(str(action[field])) for field in _FIELDS} for action in actions]


def _texts(value: t.Any) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []


def _is_restart(action: c.Mapping[str, str]) -> bool:
    return action["kind"] == "unit" and action["action"] == "restart"


def change_lines(host: str, change: Change, *, width: int = 0, listed: int = LISTED) -> list[str]:
    """The line that shows a change, and below it a line for each action, or for each restart if there are many actions."""
    lines = [f"{host:<{width}}  {change.label}: {', '.join([_amount(change), *_units(change)])}"]
    if 0 < len(change.actions) <= listed:
        return lines + [f"    {action['kind']} {action['action']} {action['path']}: {action['reason']}" for action in change.actions]
    return lines + [f"    unit restart {restart}" for restart in change.restarts]


def _amount(change: Change) -> str:
    if not change.actions and change.number == 1:
        return "would change" if change.predicted else "changed"
    return count(change.number, "change") + (" predicted" if change.predicted else "")


def _units(change: Change) -> list[str]:
    """What happened to units: "started etcd.service", "would restart kubelet.service"."""
    units: dict[str, list[str]] = {}
    for action in change.actions:
        if action["kind"] == "unit" and action["action"] in _DONE:
            units.setdefault(action["action"], []).append(action["path"])
    return [f"{f'would {verb}' if change.predicted else _DONE[verb]} {', '.join(paths)}" for verb, paths in units.items()]
