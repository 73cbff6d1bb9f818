# SPDX-License-Identifier: GPL-3.0-or-later
"""Check mode over several components: what it foretells is what a run does that changes the host in between."""

from __future__ import annotations

import copy
import json
import pathlib
import typing as t

import host_model
import hypothesis
import pytest
import test_planner
from hypothesis import strategies as st

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.prediction import PredictedChange, Prediction, PredictionStore

Description = dict[str, t.Any]

SINGLE = ("name", "swap", "selinux")


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Description, Description]:
    """Two components that describe some things both, and never differently; a unit has one owner."""
    both = draw(test_planner.descriptions())
    first, second = {name: both[name] for name in SINGLE}, {name: both[name] for name in SINGLE}
    for kind, items in both.items():
        if kind in SINGLE:
            continue
        owners = [draw(st.sampled_from(["first", "second"] if kind == "units" else ["first", "second", "both"])) for _item in items]
        first[kind] = [item for item, owner in zip(items, owners, strict=True) if owner != "second"]
        second[kind] = [item for item, owner in zip(items, owners, strict=True) if owner != "first"]
    return first, second


def keys(actions: list[PlannedAction]) -> list[tuple[str, str, str]]:
    return [(action.kind, action.operation, action.target) for action in actions]


def prediction_of(actions: list[PlannedAction]) -> Prediction:
    return Prediction(PredictedChange.from_action(action) for action in actions)


@hypothesis.given(pair=pairs(), host=test_planner.hosts())
def test_what_is_predicted_of_two_components_is_what_they_do(pair: tuple[Description, Description], host: host_model.ModelHost) -> None:
    (one, ones), (two, twos) = (host_model.parse(args) for args in pair)
    plan = host_model.plan(one, ones, host)
    predicted = host_model.plan(two, twos, host, prediction_of(plan))
    host.apply(plan)
    assert keys(predicted) == keys(host_model.plan(two, twos, host))


@pytest.mark.parametrize("wanted", ["a\n", "b\n"])
@pytest.mark.parametrize("found", ["a\n", "b\n", "c\n", None])
@pytest.mark.parametrize("then", ["a\n", "b\n", None])
@pytest.mark.parametrize("use", ["inputs", "reload_on"])
def test_a_unit_is_predicted_what_an_input_of_another_component_does_to_it(
    wanted: str, found: str | None, then: str | None, use: str
) -> None:
    """Both components have the file; the first writes it, the second has the unit that was started with it."""

    def path(content: str | None) -> Description | None:
        return None if content is None else {"type": "file", "owner": "root", "group": "root", "mode": "0644", "content": content}

    file = {"path": "/etc/a", "content": wanted}
    other = "reload_on" if use == "inputs" else "inputs"
    unit = {"name": "one.service", use: ["/etc/a"], other: []}
    (one, ones) = host_model.parse({"name": "one", "files": [file]})
    (two, twos) = host_model.parse({"name": "two", "files": [file], "units": [unit]})
    started = {"/etc/a": path(then) and {"type": "file", "content": then}}
    running = {"active": "active", "enabled": "enabled", "masked": False, "needs_daemon_reload": False, "with": started, "read": started}
    host = host_model.ModelHost({"paths": {"/etc/a": path(found)} if found else {}, "units": {"one.service": running}})
    plan = host_model.plan(one, ones, host)
    predicted = host_model.plan(two, twos, host, prediction_of(plan))
    host.apply(plan)
    assert keys(predicted) == keys(host_model.plan(two, twos, host))


def write(path: str, text: str, *, secret: bool = False) -> PlannedAction:
    return PlannedAction("file", "write", path, "absent", secret=secret, data={"text": text, "mode": "0644"})


def test_the_memory_keeps_hosts_apart_and_no_secret(tmp_path: pathlib.Path) -> None:
    secret = write("/etc/key", test_planner.SECRET, secret=True)
    PredictionStore(tmp_path, host="a/b").add([secret])
    PredictionStore(tmp_path, host="a/b").add([write("/etc/x", "x\n")])
    assert PredictionStore(tmp_path, host="a/b").load() == prediction_of([secret, write("/etc/x", "x\n")])
    assert PredictionStore(tmp_path, host="c").load() == ()
    assert test_planner.SECRET not in json.dumps([path.read_text() for path in tmp_path.iterdir()])


def test_a_change_of_another_content_is_predicted_again() -> None:
    assert prediction_of([write("/etc/x", "x\n")]).without_predicted([write("/etc/x", "y\n")]) == [write("/etc/x", "y\n")]


def test_a_parent_that_is_made_on_the_way_is_not_predicted() -> None:
    made = PlannedAction("directory", "create", "/etc/a", "absent", data={"owner": "root", "group": "root", "mode": "0755"})
    closed = PlannedAction("directory", "create", "/etc/a", "absent", data={"owner": "root", "group": "root", "mode": "0700"})
    assert prediction_of([write("/etc/a/x", "x\n")]).without_predicted([made, closed]) == [closed]
    assert prediction_of([write("/etc/ab", "x\n")]).without_predicted([made]) == [made]


RUNNING = {
    "known": True,
    "active": "active",
    "changed_inputs": [],
    "changed_reload_inputs": [],
    "started_with": {},
}
ITEM = {"inputs": ["/etc/x", "/etc/y"], "reload_on": ["/etc/z"]}


def stamp(text: str) -> str:
    return PredictedChange.from_action(write("/etc/x", text)).stamps["/etc/x"]


def test_an_input_that_another_component_will_change_is_a_changed_one() -> None:
    state = copy.deepcopy(RUNNING)
    assert prediction_of([write("/etc/x", "new\n")]).unit(ITEM, state)["changed_inputs"] == ["/etc/x"]
    assert prediction_of([write("/etc/z", "new\n")]).unit(ITEM, state)["changed_reload_inputs"] == ["/etc/z"]
    assert state == RUNNING


def test_an_input_that_becomes_again_what_the_unit_was_started_with_is_none() -> None:
    drifted = {**RUNNING, "changed_inputs": ["/etc/x", "/etc/y"], "started_with": {"/etc/x": stamp("old\n"), "/etc/y": stamp("old\n")}}
    assert prediction_of([write("/etc/x", "old\n")]).unit(ITEM, drifted)["changed_inputs"] == ["/etc/y"]
    assert prediction_of([write("/etc/x", "new\n")]).unit(ITEM, drifted)["changed_inputs"] == ["/etc/x", "/etc/y"]


def test_a_unit_of_a_package_that_would_be_installed_is_known() -> None:
    package = PlannedAction("package", "install", "p", "not installed", data={"specification": "p"})
    unknown = {**RUNNING, "known": False, "active": "inactive"}
    assert prediction_of([package]).unit(ITEM, unknown)["known"]
    assert not Prediction().unit(ITEM, unknown)["known"]
