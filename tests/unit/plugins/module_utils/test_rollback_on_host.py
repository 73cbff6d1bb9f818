# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rollback puts back: all that the unit was started with, also what the new version does without. Runs on Python 3.9 too."""

from __future__ import annotations

import os
import pathlib
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._component import rollback
from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import unit_stamps, units
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

UNIT = "a.service"


@pytest.fixture
def restarted(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The units that a rollback restarts; a.service was started with the files ``settings`` and ``old``."""
    for name in ("settings", "old"):
        (tmp_path / name).write_text(f"{name} of before\n")
    (tmp_path / "run").mkdir()
    stamp = "".join(f"{unit_stamps.line(str(tmp_path / name))}\n" for name in ("settings", "old"))
    (tmp_path / "run" / UNIT).write_text(stamp)
    (tmp_path / "inputs").mkdir()
    (tmp_path / "inputs" / UNIT).write_text("settings\nold\n")
    found: list[str] = []
    monkeypatch.setattr(rollback, "RUN_DIRECTORY", str(tmp_path / "run"))
    monkeypatch.setattr(rollback, "INPUTS_DIRECTORY", str(tmp_path / "inputs"))
    monkeypatch.setattr(rollback, "must", _nothing)
    monkeypatch.setattr(rollback, "run", _nothing)
    monkeypatch.setattr(units, "restart", found.append)
    monkeypatch.setattr(units, "wait_for_health", _nothing)
    return found


def _nothing(*_arguments: t.Any, **_options: t.Any) -> None:
    """The commands of systemd, which are not there."""


def restart(*inputs: pathlib.Path) -> dict[str, t.Any]:
    return {"kind": "unit", "operation": "restart", "target": UNIT, "data": {"inputs": [str(path) for path in inputs]}}


def test_a_file_that_the_new_version_does_without_comes_back(tmp_path: pathlib.Path, restarted: list[str]) -> None:
    settings, old = tmp_path / "settings", tmp_path / "old"
    old.chmod(0o600)
    prepared = rollback.prepare([restart(settings)])
    settings.write_text("settings without the other file\n")
    old.unlink()
    (tmp_path / "inputs" / UNIT).write_text("settings\n")
    error = prepared.perform(HostError("a.service is not healthy"))
    assert (settings.read_text(), old.read_text()) == ("settings of before\n", "old of before\n")
    assert old.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "inputs" / UNIT).read_text() == "settings\nold\n"
    assert restarted == [UNIT]
    assert f"was put back and runs again ({settings}, {old}, {tmp_path}/inputs/{UNIT})" in error.message


def test_a_new_file_goes(tmp_path: pathlib.Path, restarted: list[str]) -> None:
    settings, new = tmp_path / "settings", tmp_path / "new"
    prepared = rollback.prepare([restart(settings, new)])
    new.write_text("new\n")
    prepared.perform(HostError("a.service is not healthy"))
    assert sorted(os.listdir(tmp_path)) == ["inputs", "old", "run", "settings"]
    assert restarted == [UNIT]
