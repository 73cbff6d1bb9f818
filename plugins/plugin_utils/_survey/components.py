# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The components of a host in one collect step: their items are collected together, kind by kind, and each is planned from its own part."""

from __future__ import annotations

import collections.abc as c

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import rendering
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.component_state import ComponentState, no_pki, pki_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.description import parse_description
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.prediction import Prediction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey import role_tasks
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey.part import Object, Part
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey.site import Site

_COMPONENT = "barehost.kubernetes.component"


class ComponentsPart(Part):
    """All components of the roles that a host has."""

    module = "_component.steps"

    def __init__(self, states: c.Sequence[ComponentState]) -> None:
        self._states = states
        self._requests: list[Object] = []
        self._answers: list[tuple[Object, Object]] = []
        # What a host is asked that may be new, and what it has told. Complete after :meth:`pending`.
        self.preflight: Object = {}
        self.told_before_the_first_change: Object = {"new": False}
        # Whether a program gets another version than it has, or its first one. Not known before the host has answered.
        self.other_versions = True
        # The certificates that are due and cannot be signed here. Complete after :meth:`pending`.
        self.unsigned: list[dict[str, str]] = []

    @property
    def answers(self) -> list[tuple[Object, Object]]:
        """What components asked, and what the host answered, as far as it knew. Complete after :meth:`pending`."""
        return [
            (request, answer)
            for request, answer in self._answers
            if not any(unit["restart_unanswered"] for unit in answer["state"].get("unit", []))
        ]

    def request(self) -> Object:
        requests = self._requests = [state.request for state in self._states]
        wanted: dict[str, list[Object]] = {}
        for one in requests:
            for kind, items in one["wanted"].items():
                wanted.setdefault(kind, []).extend(items)
        return {"wanted": wanted, "keys": [path for one in requests for path in one["keys"]], "preflight": self.preflight}

    def pending(self, answer: Object) -> dict[str, str]:
        self._answers = []
        self.told_before_the_first_change = answer.get("preflight", self.told_before_the_first_change)
        rest = {kind: iter(items) for kind, items in answer["state"].items()}
        for state, request in zip(self._states, self._requests, strict=True):
            own = {kind: [next(rest[kind]) for _item in items] for kind, items in state.items.items() if items}
            keys = {path: answer["keys"][path] for path in request["keys"]}
            self._answers.append((request, {"state": own, "keys": keys, "time": answer["time"]}))
            state.accept(self._answers[-1][1])
        files = [file for _request, own in self._answers for release in own["state"].get("binary", []) for file in release["files"]]
        self.other_versions = any(file["link"] != f"-> {file['file']}" for file in files)
        # As check mode plans where the PKI directory lacks a file: what cannot be signed is to be known before the first change.
        plans = {id(state): state.plan(Prediction()) for state in self._states}
        self.unsigned = [one for state in self._states for one in state.unsigned(plans[id(state)])]
        return {state.component.name: reason for state in self._states if (reason := _reason(state, plans[id(state)]))}

    @property
    def warnings(self) -> list[str]:
        return [text for state in self._states for text in state.warnings]


def part_of(roles: c.Sequence[str], site: Site, *, only: c.Container[str] | None = None) -> ComponentsPart:
    """The components of these roles, rendered for one host; of all that it has, ``only`` some. Raises AnsibleError for what cannot be."""
    shared = role_tasks.seen_by(roles, site)
    states = []
    for role in (role for role in roles if only is None or role in only):
        for task in role_tasks.tasks_of(role, _COMPONENT):
            own = shared.with_task(task.variables)
            if task.wanted(own.templates):
                states.append(_state(task, own))
    return ComponentsPart(states)


def _state(task: role_tasks.RoleTask, site: Site) -> ComponentState:
    component = parse_description(site.templates.value(task.options))
    pki = pki_of(component, templar=site.templar, variables=site.variables, loader=site.loader, check_mode=site.check_mode)
    read = pki.read if pki is not None else no_pki
    renderer = rendering.Renderer(find=task.find, loader=site.loader, templates=site.templates, read_pki=read)
    return ComponentState(component, renderer=renderer, pki=pki, host=site.host)


def _reason(state: ComponentState, plan: list[PlannedAction]) -> str:
    if state.lacks_pki:
        return "the PKI directory lacks what it needs"
    for unit, found in zip(state.items["unit"], state.state.get("unit", []), strict=True):
        if found["restart_unanswered"]:
            return f"nobody answered whether {unit['name']} has lost what only its start makes"
    return f"{plan[0].kind} {plan[0].target}: {plan[0].reason}" if plan else ""
