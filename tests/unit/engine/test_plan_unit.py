# SPDX-License-Identifier: GPL-3.0-or-later
"""When a unit is started, restarted, reloaded or left alone, and the reason that the operator reads."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan import units
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlanContext, PlannedAction

ITEM = {
    "name": "a.service",
    "enabled": True,
    "state": "started",
    "inputs": ["/etc/a.conf", "/etc/systemd/system/a.service"],
    "reload_on": ["/etc/a.rules"],
    "restart_on": ["/var/lib/a"],
    "health": [],
    "restart_health": [],
    "dependents": [],
    "defer_start": False,
    "block": True,
    "definition": ["/etc/systemd/system/a.service"],
    "stamped": True,
}
RUNS = {
    "known": True,
    "masked": False,
    "active": "active",
    "enabled": "enabled",
    "needs_daemon_reload": False,
    "changed_inputs": [],
    "changed_reload_inputs": [],
    "unproven": False,
}
STOPPED = {**RUNS, "active": "inactive"}


def file_action(path: str) -> PlannedAction:
    return PlannedAction("file", "write", path, "its content differs")


def plan(item: dict[str, t.Any], state: dict[str, t.Any], *planned: PlannedAction) -> list[tuple[str, str]]:
    context = PlanContext(component="a", now=0.0, planned=planned)
    return [(action.operation, action.reason) for action in units.plan({**ITEM, **item}, {**RUNS, **state}, context)]


CASES: dict[str, tuple[dict[str, t.Any], dict[str, t.Any], tuple[PlannedAction, ...], list[tuple[str, str]]]] = {
    "runs as it was started": ({}, {}, (), []),
    "an input changed earlier": (
        {},
        {"changed_inputs": ["/etc/a.conf"]},
        (),
        [("restart", "/etc/a.conf changed since it was started")],
    ),
    "an input is about to change": ({}, {}, (file_action("/etc/a.conf"),), [("restart", "/etc/a.conf is changed")]),
    "it lost what only its start makes": (
        {},
        {"restart_because": "the API has no Node n"},
        (),
        [("restart", "the API has no Node n")],
    ),
    "what it writes itself is about to go": (
        {},
        {},
        (PlannedAction("absent", "remove", "/var/lib/a", "its certificate is of another authority"),),
        [("restart", "/var/lib/a is changed")],
    ),
    "a stopped unit has lost nothing": (
        {"state": "stopped", "enabled": None},
        {"active": "inactive", "enabled": "disabled", "restart_because": "the API has no Node n"},
        (),
        [],
    ),
    "another file is about to change": ({}, {}, (file_action("/etc/b.conf"),), []),
    "held back, to be started": (
        {"defer_start": True},
        {"active": "inactive", "enabled": "disabled"},
        (),
        [("enable", "it is disabled, wanted enabled")],
    ),
    "held back, to be restarted": ({"defer_start": True}, {}, (file_action("/etc/a.conf"),), []),
    "F38: crashes again and again, to be stopped": (
        {"state": "stopped", "enabled": None},
        {"active": "activating"},
        (),
        [("stop", "it is activating, wanted stopped")],
    ),
    "F38: enabled for this boot only": ({}, {"enabled": "enabled-runtime"}, (), [("enable", "it is enabled-runtime, wanted enabled")]),
    "F38: enabled for this boot only, to be disabled": (
        {"enabled": False},
        {"enabled": "enabled-runtime"},
        (),
        [("disable", "it is enabled, wanted disabled")],
    ),
    "its health was not seen": (
        {},
        {"unproven": True},
        (),
        [("verify", "the run that started it was killed or failed before its health was seen")],
    ),
    "its health was not seen, and an input is about to change": (
        {},
        {"unproven": True},
        (file_action("/etc/a.conf"),),
        [("restart", "/etc/a.conf is changed")],
    ),
    "adopted with inputs": ({}, {"changed_inputs": None}, (), [("restart", "it is not known what it was started with")]),
    "adopted without inputs": ({"inputs": []}, {"changed_inputs": []}, (), []),
    "the unit file is about to change": (
        {},
        {},
        (file_action("/etc/systemd/system/a.service"),),
        [
            ("daemon-reload", "/etc/systemd/system/a.service changed"),
            ("restart", "/etc/systemd/system/a.service is changed"),
        ],
    ),
    "systemd has not read a changed unit file": (
        {},
        {"needs_daemon_reload": True},
        (),
        [("daemon-reload", "its files changed since systemd read them")],
    ),
    "stopped": ({}, {"active": "inactive"}, (), [("start", "it is inactive, wanted started")]),
    "failed": (
        {},
        {"active": "failed"},
        (),
        [("reset-failed", "it has failed before"), ("start", "it is failed, wanted started")],
    ),
    "in a crash loop": ({}, {"active": "activating"}, (), [("start", "it is activating, wanted started")]),
    "stopped with a changed input is started once": (
        {},
        {"active": "inactive", "changed_inputs": ["/etc/a.conf"]},
        (),
        [("start", "it is inactive, wanted started")],
    ),
    "not enabled": ({}, {"enabled": "disabled"}, (), [("enable", "it is disabled, wanted enabled")]),
    "masked": (
        {},
        {"active": "inactive", "enabled": "masked", "masked": True},
        (),
        [
            ("unmask", "it is masked"),
            ("enable", "it is masked, wanted enabled"),
            ("start", "it is inactive, wanted started"),
        ],
    ),
    "static units cannot be enabled": ({}, {"enabled": "static"}, (), []),
    "wanted stopped": (
        {"state": "stopped", "enabled": False},
        {},
        (),
        [("disable", "it is enabled, wanted disabled"), ("stop", "it is active, wanted stopped")],
    ),
    "wanted stopped, and is": ({"state": "stopped", "enabled": False}, {"active": "inactive", "enabled": "disabled"}, (), []),
    "a reload is enough": ({}, {}, (file_action("/etc/a.rules"),), [("reload", "/etc/a.rules is changed")]),
    "a reload was missed": (
        {},
        {"changed_reload_inputs": ["/etc/a.rules"]},
        (),
        [("reload", "/etc/a.rules changed since it read its configuration")],
    ),
    "a restart makes the reload needless": (
        {},
        {"changed_inputs": ["/etc/a.conf"], "changed_reload_inputs": ["/etc/a.rules"]},
        (),
        [("restart", "/etc/a.conf changed since it was started")],
    ),
    "unmanaged is only reloaded": (
        {"state": "unmanaged", "enabled": None},
        {"changed_inputs": ["/etc/a.conf"], "changed_reload_inputs": ["/etc/a.rules"]},
        (),
        [("reload", "/etc/a.rules changed since it read its configuration")],
    ),
    "unmanaged and stopped": ({"state": "unmanaged", "enabled": None}, {"active": "inactive"}, (file_action("/etc/a.rules"),), []),
    "unknown, but its file comes": (
        {},
        {"known": False, "active": "inactive", "enabled": ""},
        (file_action("/etc/systemd/system/a.service"),),
        [
            ("daemon-reload", "/etc/systemd/system/a.service changed"),
            ("enable", "it is not enabled, wanted enabled"),
            ("start", "it is absent, wanted started"),
        ],
    ),
    "unknown, but a package comes": (
        {"definition": []},
        {"known": False, "active": "inactive", "enabled": ""},
        (PlannedAction("package", "install", "a", "not installed"),),
        [("enable", "it is not enabled, wanted enabled"), ("start", "it is absent, wanted started")],
    ),
    "unknown and unwanted": ({"state": "stopped", "enabled": False}, {"known": False, "active": "inactive", "enabled": ""}, (), []),
}


@pytest.mark.parametrize("case", CASES)
def test_unit(case: str) -> None:
    item, state, planned, wanted = CASES[case]
    assert plan(item, state, *planned) == wanted


def test_a_unit_that_nothing_brings_is_an_error() -> None:
    with pytest.raises(PlanError, match=r"a\.service: the host has no such unit"):
        plan({}, {"known": False, "active": "inactive", "enabled": ""})


def test_a_certificate_s_key_counts_as_changed_with_it() -> None:
    certificate = PlannedAction("certificate", "issue", "/etc/a.crt", "absent", paths=("/etc/a.conf",))
    assert plan({}, {}, certificate) == [("restart", "/etc/a.conf is changed")]


def test_the_host_gets_the_checks_with_a_start() -> None:
    requires = ({"file": "/x", "deadline": 1.0},)
    context = PlanContext(component="a", now=0.0, requires=requires)
    action = units.plan({**ITEM, "health": [{"file": "/y"}]}, STOPPED, context)[0]
    assert action.data == {"inputs": ITEM["inputs"], "health": [{"file": "/y"}], "requires": list(requires), "block": True}


def test_dependents_stop_for_a_restart_only() -> None:
    item = {**ITEM, "dependents": [{"name": "b.service", "health": []}]}
    for state, dependents in ((STOPPED, None), ({**RUNS, "changed_inputs": ["/etc/a.conf"]}, item["dependents"])):
        action = units.plan(item, state, PlanContext(component="a", now=0.0, planned=()))[0]
        assert action.data.get("dependents") == dependents


def test_what_a_restart_must_show_is_not_waited_for_at_a_start() -> None:
    item = {**ITEM, "health": [{"file": "/y"}], "restart_health": [{"file": "/z"}]}
    for state, health in ((STOPPED, ["/y"]), ({**RUNS, "changed_inputs": ["/etc/a.conf"]}, ["/y", "/z"])):
        action = units.plan(item, state, PlanContext(component="a", now=0.0, planned=()))[0]
        assert [check["file"] for check in action.data["health"]] == health
