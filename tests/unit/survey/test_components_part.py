# SPDX-License-Identifier: GPL-3.0-or-later
"""Many components in one question: each gets its own part of the answer, and what is not known is not settled."""

from __future__ import annotations

import typing as t

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import description, rendering
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.component_state import ComponentState, no_pki
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.role_templates import AnsibleTemplates
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey.components import ComponentsPart

ABSENT: dict[str, t.Any] = {"type": "absent"}
RUNNING: dict[str, t.Any] = {
    "known": True,
    "masked": False,
    "active": "active",
    "enabled": "enabled",
    "needs_daemon_reload": False,
    "changed_inputs": [],
    "started_with": {},
    "changed_reload_inputs": [],
    "unproven": False,
    "restart_because": "",
    "restart_unanswered": False,
}


def state(name: str, **options: t.Any) -> ComponentState:
    loader = DataLoader()
    renderer = rendering.Renderer(
        find=lambda _kind, name: name, loader=loader, templates=AnsibleTemplates(Templar(loader=loader), {}, loader), read_pki=no_pki
    )
    return ComponentState(description.parse_description({"name": name, **options}), renderer=renderer, pki=None, host="h")


def answer(**items: t.Any) -> dict[str, t.Any]:
    return {"state": items, "keys": {}, "time": 0.0}


def test_items_are_asked_kind_by_kind_and_answered_in_their_order() -> None:
    part = ComponentsPart([state("one", packages=["a"]), state("two"), state("three", packages=["b", "c"])])
    assert [item["name"] for item in part.request()["wanted"]["package"]] == ["a", "b", "c"]
    assert part.pending(answer(package=[{"installed": ["1"]}] * 3)) == {}
    assert list(part.pending(answer(package=[{"installed": ["1"]}, {"installed": ["1"]}, {"installed": []}]))) == ["three"]


@pytest.mark.parametrize(
    ("change", "pending"),
    [
        ({}, ""),
        ({"active": "inactive"}, "unit u.service: it is inactive, wanted started"),
        ({"restart_unanswered": True}, "nobody answered whether u.service has lost what only its start makes"),
    ],
)
def test_a_unit(change: dict[str, t.Any], pending: str) -> None:
    part = ComponentsPart([state("one", units=[{"name": "u.service", "inputs": []}])])
    part.request()
    assert part.pending(answer(unit=[{**RUNNING, **change}])) == ({"one": pending} if pending else {})
