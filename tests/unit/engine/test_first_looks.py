# SPDX-License-Identifier: GPL-3.0-or-later
"""What a survey saw serves the task that asks the same, until the host is changed or time has passed."""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import first_looks
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.first_looks import FirstLooks

REQUEST: dict[str, t.Any] = {"wanted": {"package": [{"name": "a"}]}, "keys": []}
ANSWER: dict[str, t.Any] = {"state": {"package": [{"installed": []}]}, "keys": {}, "time": 1000.0}


@pytest.fixture
def looks(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> FirstLooks:
    monkeypatch.setattr(first_looks.time, "time", lambda: 500.0)
    found = FirstLooks(tmp_path, host="h/1")
    found.save([(REQUEST, ANSWER)])
    return found


def test_the_same_question_has_the_same_answer_and_the_clock_goes_on(looks: FirstLooks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_looks.time, "time", lambda: 530.0)
    assert looks.take({"keys": [], "wanted": {"package": [{"name": "a"}]}}) == {**ANSWER, "time": 1030.0}


def test_an_answer_is_used_once(looks: FirstLooks) -> None:
    assert looks.take(REQUEST) is not None
    assert looks.take(REQUEST) is None


def test_a_damaged_file_is_no_answer(looks: FirstLooks, tmp_path: pathlib.Path) -> None:
    (file,) = tmp_path.iterdir()
    file.write_text('{"at": 1', encoding="utf-8")
    assert looks.take(REQUEST) is None


def test_another_question_has_none(looks: FirstLooks, tmp_path: pathlib.Path) -> None:
    assert looks.take({**REQUEST, "keys": ["/k"]}) is None
    assert FirstLooks(tmp_path, host="h2").take(REQUEST) is None


@pytest.mark.parametrize("now", [499.0, 621.0])
def test_nor_has_an_old_one_or_one_of_another_time(looks: FirstLooks, monkeypatch: pytest.MonkeyPatch, now: float) -> None:
    monkeypatch.setattr(first_looks.time, "time", lambda: now)
    assert looks.take(REQUEST) is None


def test_a_change_of_the_host_makes_it_look_again(looks: FirstLooks) -> None:
    looks.forget()
    assert looks.take(REQUEST) is None
    looks.forget()
