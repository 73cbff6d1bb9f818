# SPDX-License-Identifier: GPL-3.0-or-later
"""The claim of a master: of two runs that have looked, one gets it; who has ended is remembered; who only looks leaves no trace."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._claim import claim
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import host_lock, locations


@pytest.fixture(autouse=True)
def state(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """Where the host keeps it."""
    monkeypatch.setattr(locations, "STATE_DIRECTORY", str(tmp_path / "state"))
    monkeypatch.setattr(host_lock, "PATH", str(tmp_path / "run" / "lock"))
    return tmp_path


def seen() -> t.Any:
    return claim.run("collect", {})["claim"]


def take(run: str, before: t.Any) -> bool:
    return bool(claim.run("take", {"claim": {"run": run, "playbook": "upgrade.yml"}, "seen": before})["taken"])


def test_who_looks_leaves_no_trace(state: pathlib.Path) -> None:
    assert seen() is None
    claim.run("end", {"run": "a:1:2"})
    assert list(state.iterdir()) == []


def test_one_of_two_that_have_looked_gets_it() -> None:
    before = seen()
    assert take("a:1:2", before)
    assert not take("b:1:2", before)
    assert (seen()["run"], seen()["ended"]) == ("a:1:2", False)


def test_whoever_has_looked_before_another_run_began_and_ended_comes_too_late() -> None:
    """Its plan is of what was before."""
    before = seen()
    assert take("a:1:2", before)
    claim.run("end", {"run": "b:1:2"})
    assert not seen()["ended"]
    claim.run("end", {"run": "a:1:2"})
    assert seen()["ended"]
    assert not take("b:1:2", before)
    assert take("b:1:2", seen())


@pytest.mark.parametrize("text", ["", "{", "[]", "null", json.dumps({"run": "a:1:2"})])
def test_what_cannot_be_read_may_be_of_a_run_at_work(state: pathlib.Path, text: str) -> None:
    (state / "state").mkdir()
    (state / "state" / "claim.json").write_text(text, encoding="utf-8")
    assert seen() == claim.UNREADABLE
    assert take("a:1:2", claim.UNREADABLE)
    assert seen()["run"] == "a:1:2"
