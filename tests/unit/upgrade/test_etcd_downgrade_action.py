# SPDX-License-Identifier: GPL-3.0-or-later
"""The action of etcd's way back: its options, and that etcd is told to stay if its members cannot change their data."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.action import etcd_downgrade
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade import etcd_back


class Task:
    """One that has a plan, and etcd, of which a step may fail."""

    def __init__(self, back: etcd_back.Back, *, fails: str = "") -> None:
        self.back = back
        self.wanted = etcd_back.Wanted(back.version, {}, ())
        self.asked: list[str] = []
        self._fails = fails

    def plan(self) -> etcd_back.Back:
        return self.back

    def step(self, step: str, **more: str) -> None:
        self.asked.append(" ".join([step, *more.values()]))
        if step == self._fails:
            raise ComponentError("the members did not change their data within 90 s")


class Action:
    """What the front end needs of Ansible."""

    def __init__(self, *, check_mode: bool = False) -> None:
        self._task = type("Task", (), {"check_mode": check_mode})()

    def _result(self, actions: t.Sequence[t.Any]) -> dict[str, t.Any]:
        return {"actions": [action.operation for action in actions]}


def enabled(task: Task, *, check_mode: bool = False) -> list[str]:
    action = t.cast(t.Any, Action(check_mode=check_mode))
    return t.cast(list[str], etcd_downgrade.ActionModule._enabled(action, t.cast(t.Any, task))["actions"])


def test_etcd_is_told_and_waited_for() -> None:
    task = Task(etcd_back.Back("3.6.16", ("h1",), enables=True, converts=True, ends=True))
    assert (enabled(task), task.asked) == (["enable", "convert"], ["enable 3.6", "convert 3.6"])


def test_a_run_that_was_killed_only_waits() -> None:
    task = Task(etcd_back.Back("3.6.16", ("h1",), converts=True, ends=True))
    assert (enabled(task), task.asked) == (["convert"], ["convert 3.6"])


def test_check_mode_tells_nobody() -> None:
    task = Task(etcd_back.Back("3.6.16", ("h1",), enables=True, converts=True, ends=True))
    assert (enabled(task, check_mode=True), task.asked) == (["enable", "convert"], [])


def test_etcd_is_told_to_stay_if_its_members_cannot() -> None:
    task = Task(etcd_back.Back("3.6.16", ("h1",), enables=True, converts=True, ends=True), fails="convert")
    with pytest.raises(ComponentError, match="etcd was told to stay where it is, and no program was changed"):
        enabled(task)
    assert task.asked == ["enable 3.6", "convert 3.6", "cancel"]


@pytest.mark.parametrize(
    ("given", "variables", "told"),
    [
        ("maybe", {}, "downgrade_cancel is 'maybe', wanted true or false: -e downgrade_cancel=true"),
        (None, {"downgrade_cancl": "true"}, "downgrade_cancl is no variable of this playbook; did you mean downgrade_cancel?"),
    ],
)
def test_options_that_are_wrong(given: str | None, variables: dict[str, str], told: str) -> None:
    with pytest.raises(ComponentError) as error:
        etcd_downgrade._cancels(given, variables)
    assert str(error.value) == f"Nothing was changed: {told}"
    assert [etcd_downgrade._cancels(value, {}) for value in (None, "true", False)] == [False, True, False]
