# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans API objects: compares each object with the result of a server-side apply."""

from __future__ import annotations

import collections.abc as c
import typing as t

import yaml

from ansible_collections.barehost.kubernetes.plugins.module_utils._api.objects import HIDDEN
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.listed import at_most
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction

KIND = "api_object"
# Namespaces and definitions of kinds come before the objects that need them.
_FIRST = ("Namespace", "CustomResourceDefinition")
# Objects that no manifest creates: a kubelet registers its Node, and only then it can be changed.
_REGISTERED = ("Node",)
_PATHS_IN_A_REASON = 3
_LONGEST_VALUE = 40
# A missing key; None is a value
_ABSENT = object()

Object = dict[str, t.Any]


def plan(*, name: str, objects: list[Object], absent: list[Object], state: Object) -> list[PlannedAction]:
    """Deletions, then namespaces and definitions, then the other objects in the given order. Pure.

    ``state`` is the host's answer; of an API that is not there (``unready``), every object is planned as new.
    """
    if state["unready"]:
        return [_create(wanted, reason="missing", leaving=False) for wanted in _in_order(objects)]
    refused = [f"{title(wanted)}: {found['refused']}" for wanted, found in zip(objects, state["objects"], strict=True) if found["refused"]]
    if refused:
        raise PlanError(f"{name}: the API refuses what is wanted, and nothing was changed: {'; '.join(refused)}")
    found_by_title = {title(wanted): found for wanted, found in zip(objects, state["objects"], strict=True)}
    gone = [_delete(wanted, found["live"]) for wanted, found in zip(absent, state["absent"], strict=True) if found["live"] is not None]
    changes = (_change(wanted, found_by_title[title(wanted)]) for wanted in _in_order(objects))
    return [*gone, *(action for action in changes if action is not None)]


def title(wanted: Object) -> str:
    """The name of the object for the operator."""
    metadata = wanted["metadata"]
    place = f"{metadata['namespace']}/" if metadata.get("namespace") else ""
    return f"{wanted['kind']} {place}{metadata['name']}"


def _in_order(objects: list[Object]) -> list[Object]:
    return sorted(objects, key=lambda wanted: _FIRST.index(wanted["kind"]) if wanted["kind"] in _FIRST else len(_FIRST))


def _change(wanted: Object, found: Object) -> PlannedAction | None:
    live, applied = found["live"], found["applied"]
    if live is None:
        return _create(wanted, reason="missing", leaving=False)
    if found["leaving"]:
        return _create(wanted, reason="is being deleted, wanted again", leaving=True)
    if live == applied:
        return None
    return PlannedAction(
        kind=KIND,
        operation="patch",
        target=title(wanted),
        reason=_reason(live, applied),
        before=text(live),
        after=text(applied),
        data={"object": wanted, "leaving": False},
    )


def _create(wanted: Object, *, reason: str, leaving: bool) -> PlannedAction:
    data = {"object": wanted, "leaving": leaving}
    registered = wanted["kind"] in _REGISTERED
    operation = "patch" if registered else "create"
    reason = f"{reason}, to be registered by its kubelet" if registered else reason
    return PlannedAction(kind=KIND, operation=operation, target=title(wanted), reason=reason, after=text(_hidden(wanted)), data=data)


def _delete(wanted: Object, live: Object) -> PlannedAction:
    return PlannedAction(
        kind=KIND, operation="delete", target=title(wanted), reason="wanted absent", before=text(live), data={"object": wanted}
    )


def _hidden(wanted: Object) -> Object:
    if wanted["kind"] != "Secret":
        return wanted
    parts = {part: dict.fromkeys(wanted[part], HIDDEN) for part in ("data", "stringData") if wanted.get(part)}
    return {**wanted, **parts}


def _reason(live: Object, applied: Object) -> str:
    return at_most(_PATHS_IN_A_REASON, list(_differences(live, applied, "")), between="; ")


def _differences(found: t.Any, wanted: t.Any, path: str) -> c.Iterator[str]:
    """The dotted path of each difference, with the values where they are short."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        for key in sorted({*found, *wanted}):
            yield from _differences(found.get(key, _ABSENT), wanted.get(key, _ABSENT), f"{path}.{key}" if path else str(key))
    elif isinstance(found, list) and isinstance(wanted, list) and len(found) == len(wanted):
        for index, pair in enumerate(zip(found, wanted, strict=True)):
            yield from _differences(*pair, f"{path}[{index}]")
    elif found != wanted:
        yield f"{path}{_fault(found, wanted)}"


def _fault(found: t.Any, wanted: t.Any) -> str:
    if _ABSENT in (found, wanted):
        return " is missing" if found is _ABSENT else " is no longer wanted"
    texts = (str(found), str(wanted))
    if any(isinstance(value, (dict, list)) for value in (found, wanted)) or any(
        len(text) > _LONGEST_VALUE or "\n" in text for text in texts
    ):
        return " differs"
    return " differs" if HIDDEN in texts else f": found {texts[0]}, wanted {texts[1]}"


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as YAML blocks, which are readable in a diff."""


def _represent_text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Dumper.add_representer(str, _represent_text)


def text(wanted: Object) -> str:
    """The object as YAML, for the diff."""
    return yaml.dump(wanted, Dumper=_Dumper, sort_keys=True, default_flow_style=False, allow_unicode=True, width=1000)
