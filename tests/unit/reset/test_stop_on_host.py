# SPDX-License-Identifier: GPL-3.0-or-later
"""How a reset stops units, systemd played by the test. Runs on Python 3.9 too."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import units
from ansible_collections.barehost.kubernetes.plugins.module_utils._reset import system
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import TIMED_OUT, Completed
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError


class Systemd:
    """Its answers to ``stop``, and the states that a unit goes through."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, stop: int = 0, states: t.Sequence[str] = ("inactive",)) -> None:
        self.asked: list[str] = []
        self._stop, self._states = stop, list(states)
        monkeypatch.setattr(system, "run", self._run)
        monkeypatch.setattr(system, "must", self._run)
        monkeypatch.setattr(system, "_PAUSE", 0.0)
        monkeypatch.setattr(units, "found", self._found)

    def _run(self, argv: list[str], **_options: t.Any) -> Completed:
        self.asked.append(" ".join(argv[1:]))
        return Completed(self._stop if argv[1] == "stop" else 0, "", "")

    def _found(self, _name: str) -> dict[str, t.Any]:
        return {"active": self._states.pop(0) if len(self._states) > 1 else self._states[0]}


def test_a_unit_is_stopped_by_systemd_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks afterwards: its socket may have started it again."""
    monkeypatch.setattr(system, "_KILLED_TIMEOUT", 0.0)
    systemd = Systemd(monkeypatch, states=("active",))
    system._stop({"target": "kubelet.service"})
    assert systemd.asked == ["stop -- kubelet.service"]


def test_containers_that_end_are_not_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    systemd = Systemd(monkeypatch)
    system._stop({"target": "kubepods.slice"})
    assert systemd.asked == ["stop -- kubepods.slice"]


def test_containers_that_do_not_hear_are_killed_and_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    systemd = Systemd(monkeypatch, stop=TIMED_OUT, states=("deactivating", "active", "inactive"))
    system._stop({"target": "kubepods.slice"})
    assert systemd.asked == ["stop -- kubepods.slice", "kill --signal=SIGKILL -- kubepods.slice"]


def test_what_cannot_be_killed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "_KILLED_TIMEOUT", 0.0)
    Systemd(monkeypatch, stop=TIMED_OUT, states=("deactivating",))
    with pytest.raises(HostError, match=r"kubepods\.slice was stopped .* and is still deactivating"):
        system._stop({"target": "kubepods.slice"})
