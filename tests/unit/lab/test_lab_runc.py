# SPDX-License-Identifier: GPL-3.0-or-later
"""What the runc of a lab host takes back, because the machine would refuse it, and what it leaves."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import json
import os
import pathlib
import resource
import sys
import types
import typing as t

import pytest

from barelab import nspawn


@pytest.fixture(scope="module")
def runc() -> types.ModuleType:
    path = nspawn.OVERLAY / "usr/libexec/lab/runc"
    loader = importlib.machinery.SourceFileLoader("lab_runc", str(path))
    found = importlib.util.spec_from_loader("lab_runc", loader)
    assert found is not None
    module = importlib.util.module_from_spec(found)
    loader.exec_module(module)
    return module


def limit(soft: int, hard: int, kind: str = "RLIMIT_NOFILE") -> dict[str, t.Any]:
    return {"type": kind, "soft": soft, "hard": hard}


@pytest.mark.parametrize(
    ("process", "wanted"),
    [
        ({"oomScoreAdj": -998}, {"oomScoreAdj": 0}),
        ({"rlimits": [limit(1048576, 1048576)]}, {"rlimits": [limit(20000, 20000)]}),
        ({"rlimits": [limit(1024, 524288)]}, {"rlimits": [limit(1024, 20000)]}),
    ],
)
def test_what_the_machine_would_refuse_is_taken_back(
    runc: types.ModuleType, monkeypatch: pytest.MonkeyPatch, process: dict[str, t.Any], wanted: dict[str, t.Any]
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _kind: (1024, 20000))
    assert runc.clamp(process)
    assert process == wanted


@pytest.mark.parametrize(
    "process", [{}, {"oomScoreAdj": 2, "rlimits": None}, {"rlimits": [limit(512, 1024), limit(9, 99999, kind="RLIMIT_UNHEARD_OF")]}]
)
def test_all_else_is_left(runc: types.ModuleType, monkeypatch: pytest.MonkeyPatch, process: dict[str, t.Any]) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _kind: (1024, 20000))
    before = repr(process)
    assert not runc.clamp(process)
    assert repr(process) == before


def test_a_machine_without_a_limit_takes_nothing_back(runc: types.ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _kind: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert not runc.clamp({"rlimits": [limit(1048576, 1048576)]})


@pytest.mark.parametrize(
    ("arguments", "file", "content"),
    [
        (["create", "--bundle", "DIRECTORY", "name"], "config.json", {"process": {"rlimits": [limit(1048576, 1048576)]}}),
        (["exec", "--process=DIRECTORY/process", "--detach", "name"], "process", {"rlimits": [limit(1048576, 1048576)]}),
        (["exec", "-p", "DIRECTORY/process", "name"], "process", {"rlimits": [limit(1048576, 1048576)]}),
    ],
)
def test_containers_and_processes_that_join_them_are_started(
    runc: types.ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: pathlib.Path,
    arguments: list[str],
    file: str,
    content: dict[str, t.Any],
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _kind: (1024, 20000))
    started: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda _program, words: started.append(words))
    path = tmp_path / file
    path.write_text(json.dumps(content), encoding="utf-8")
    words = [word.replace("DIRECTORY", str(tmp_path)) for word in arguments]
    monkeypatch.setattr(sys, "argv", ["runc", *words])
    runc.main()
    assert started == [["runc", *words]]
    assert "1048576" not in path.read_text(encoding="utf-8")
