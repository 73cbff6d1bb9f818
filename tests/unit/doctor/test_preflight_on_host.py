# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host tells before its first change, and only then. Runs on Python 3.9 too."""

from __future__ import annotations

import pathlib
import types
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._doctor import preflight
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import locations
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError


@pytest.fixture(autouse=True)
def state(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.setattr(locations, "STATE_DIRECTORY", str(tmp_path))
    return tmp_path


def failing(error: BaseException) -> types.ModuleType:
    def look(_asked: t.Any) -> t.Any:
        raise error

    made = types.ModuleType("group")
    made.look = look  # type: ignore[attr-defined]
    return made


def test_a_new_host_tells_of_itself() -> None:
    found = preflight.look(
        {"machine": {}, "disks": {"paths": [("/", "root")], "docker": ""}, "names": {"name": "localhost", "kubelet": ""}}
    )
    assert found["new"] and set(found["facts"]) == {"machine", "disks", "names"} and found["gaps"] == {}


def test_a_host_that_was_changed_tells_nothing(state: pathlib.Path) -> None:
    (state / locations.HOST_RECORD).write_text("{}")
    assert preflight.look({"machine": {}}) == {"new": False, "facts": {}, "gaps": {}}


def test_a_group_that_fails_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    errors = {"disks": HostError("it refuses"), "names": PermissionError(13, "Permission denied", "/x")}
    groups = {**preflight.GROUPS, **{name: failing(error) for name, error in errors.items()}}
    monkeypatch.setattr(preflight, "GROUPS", groups)
    found = preflight.look({"machine": {}, "disks": {}, "names": {}})
    assert set(found["facts"]) == {"machine"} and found["gaps"]["disks"] == "it refuses" and "Permission denied" in found["gaps"]["names"]
