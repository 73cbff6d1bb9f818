# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether another run is at work: what is known of its process on this machine, and what the operator has to say of others."""

from __future__ import annotations

import collections.abc
import os
import socket
import subprocess
import sys
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.action import claim as action
from ansible_collections.barehost.kubernetes.plugins.module_utils._claim.claim import UNREADABLE
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import claims, this_run

# ansible-test runs each test in a process of its own, so who "this process" is stands firm within a test only.
OWN, PARENT, ENDED = "{own}", "{parent}", "{ended}"


def claim(run: str, **more: t.Any) -> dict[str, t.Any]:
    return {**this_run.marks(), "playbook": "upgrade.yml", "at": 0.0, "ended": False, "run": run, **more}


def named(run: str) -> str:
    here = f"{socket.gethostname()}:{os.getpid()}"
    return {OWN: f"{here}:{this_run.started(os.getpid())}", PARENT: this_run.name(), ENDED: f"{here}:1"}.get(run, run)


def why(found: t.Any, *, take_over: str = "") -> str:
    found = {**found, "run": named(found["run"])} if isinstance(found, dict) and "run" in found else found
    return claims.in_the_way({"m1": None, "m2": found}, take_over=named(take_over), variable="restart_take_over")


def test_a_run_at_work_on_this_machine_is_waited_for() -> None:
    told = why(claim(OWN), take_over=OWN)
    assert f"upgrade.yml is at work on this cluster since 1970-01-01 00:00 UTC, by process {os.getpid()} of this machine, as m2" in told


@pytest.mark.parametrize(
    "found",
    [
        None,
        claim(OWN, ended=True),
        claim(PARENT),
        claim(ENDED),
        claim("elsewhere:1:2", ended=True, boot="another"),
    ],
)
def test_a_run_that_has_ended_is_in_nobodys_way(found: t.Any) -> None:
    assert why(found) == ""


@pytest.mark.parametrize(
    "found",
    [
        claim("elsewhere:1:2", boot="another"),
        # the same name, in a container of its own, or on another machine
        claim(ENDED, processes="pid:[1]"),
        claim(ENDED, boot="another"),
        UNREADABLE,
    ],
)
def test_of_a_run_elsewhere_the_operator_must_say_that_it_has_ended(found: dict[str, t.Any]) -> None:
    assert why(found).endswith(f"add -e restart_take_over={named(found['run'])}")
    assert why(found, take_over=found["run"]) == ""
    assert "restart_take_over is true, which is another run" in why(found, take_over="true")


def test_where_nothing_is_known_of_processes_every_run_may_be_at_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(this_run, "_processes_of", lambda: {"boot": "", "processes": ""})
    assert "may be at work" in why(claim(ENDED, boot="", processes=""))


def test_a_process_of_another_user_may_be_at_work_where_such_are_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_process: int, _signal: int) -> None:
        raise PermissionError

    monkeypatch.setattr(this_run, "started", lambda _process: "")
    monkeypatch.setattr(os, "kill", refuse)
    assert this_run.state(claim(named(OWN))) == this_run.ELSEWHERE


@pytest.fixture
def ended() -> collections.abc.Iterator[subprocess.Popen[bytes]]:
    """A process that has ended, and whose parent has not taken notice."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.wait()


def test_a_killed_process_has_ended_also_before_its_parent_knows(ended: subprocess.Popen[bytes]) -> None:
    found = claim(f"{socket.gethostname()}:{ended.pid}:{this_run.started(ended.pid)}")
    assert this_run.state(found) == this_run.HERE
    ended.kill()
    os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
    assert this_run.state(found) == this_run.ENDED


class Host:
    """A master that answers a step."""

    def __init__(self, name: str, answer: t.Any = None) -> None:
        self.name = name
        self.asked: list[t.Any] = []
        self._answer = answer

    def step(self, name: str, payload: t.Any) -> t.Any:
        self.asked.append((name, payload))
        return self._answer


def found(**claims_of: t.Any) -> dict[str, t.Any]:
    return {"barehost_claims": {"results": [{"item": host, "claim": claim} for host, claim in claims_of.items()] + [{"item": "away"}]}}


def taken(host: Host, variables: dict[str, t.Any]) -> dict[str, t.Any]:
    return action._taken(t.cast(t.Any, host), "upgrade.yml", variables)


def test_a_master_is_claimed_over_what_it_has_said() -> None:
    host = Host("m1", {"taken": True})
    assert taken(host, found(m1=None))["taken"]
    ((step, payload),) = host.asked
    assert (step, payload["seen"], payload["claim"]["run"]) == ("take", None, this_run.name())


def test_whoever_comes_second_is_told_who_was_first() -> None:
    host = Host("m1", {"taken": False, "claim": claim("a:1:2")})
    with pytest.raises(ComponentError, match=r"upgrade\.yml \(a:1:2\) has begun on m1 since this run has looked"):
        taken(host, found(m1=None))


def test_a_master_that_did_not_answer_is_not_asked_again() -> None:
    host = Host("away")
    assert not taken(host, found(m1=None))["taken"]
    assert host.asked == []


def test_where_no_master_answers_nothing_begins() -> None:
    with pytest.raises(ComponentError, match="no master answers"):
        taken(Host("away"), found())
