# SPDX-License-Identifier: GPL-3.0-or-later
"""What modules compile to is kept on a host that is changed, and used only for the very text that was compiled."""

from __future__ import annotations

import os
import pathlib
import sys
import types
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._component import steps
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import bootstrap, host_lock, kept_program

TEXTS = {"box.one": "said = 'one'\n", "box.two": "said = 'two'\n"}


@pytest.fixture
def path(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "state" / "program"


@pytest.fixture
def kept(path: pathlib.Path) -> pathlib.Path:
    """A file that an earlier program has written."""
    path.parent.mkdir()
    kept_program.keep(loader(path))
    return path


def loader(path: pathlib.Path, **texts: str) -> bootstrap.Sources:
    return bootstrap.Sources({**TEXTS, **{f"box.{name}": text for name, text in texts.items()}}, keeps=str(path))


def said(sources: bootstrap.Sources, name: str) -> t.Any:
    found: dict[str, t.Any] = {}
    exec(sources.get_code(name), found)
    return found["said"]


def compiled(sources: bootstrap.Sources, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the modules that are compiled when all are asked for."""
    names: list[str] = []

    def recording(text: str, name: str, *arguments: t.Any, **options: t.Any) -> types.CodeType:
        names.append(name)
        return t.cast(types.CodeType, compile(text, name, *arguments, **options))

    with monkeypatch.context() as patched:
        patched.setattr(bootstrap, "compile", recording, raising=False)
        assert [said(sources, name) for name in TEXTS] == ["one", "two"]
    return names


def test_what_is_kept_is_not_compiled_again(kept: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert compiled(loader(kept), monkeypatch) == []


def test_only_root_can_read_it(kept: pathlib.Path) -> None:
    assert (kept.stat().st_mode & 0o777, kept.stat().st_uid) == (0o600, os.geteuid())
    assert [file.name for file in kept.parent.iterdir()] == ["program"]


def test_a_text_that_differs_is_compiled(kept: pathlib.Path) -> None:
    """The text comes with each program, and decides."""
    assert said(loader(kept, one="said = 'another'\n"), "box.one") == "another"


def test_a_traceback_has_the_lines(kept: pathlib.Path) -> None:
    sources = loader(kept)
    assert sources.get_code("box.one").co_filename == "box/one.py"
    assert sources.get_source("box.one") == TEXTS["box.one"]


def _is_a_link(path: pathlib.Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to(path.with_name("elsewhere"))


def _is_a_pipe(path: pathlib.Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _is_a_directory(path: pathlib.Path) -> None:
    path.unlink()
    path.mkdir()


def _is_damaged(path: pathlib.Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


FAULTS: dict[str, t.Callable[[pathlib.Path], t.Any]] = {
    "is not there": pathlib.Path.unlink,
    "is a link": _is_a_link,
    "is a pipe": _is_a_pipe,
    "is a directory": _is_a_directory,
    "can be written by a group": lambda path: path.chmod(0o620),
    "can be written by all": lambda path: path.chmod(0o602),
    "is damaged": _is_damaged,
    "is cut off": lambda path: path.write_bytes(path.read_bytes()[:-10]),
    "is empty": lambda path: path.write_bytes(b""),
    "is something else": lambda path: path.write_bytes(b"\xff\x00nothing\nof ours"),
    "is far too large": lambda path: os.truncate(path, bootstrap._KEPT_LIMIT + 1),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_it_is_not_used_if_it(fault: str, kept: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    FAULTS[fault](kept)
    assert compiled(loader(kept), monkeypatch) == ["box/one.py", "box/two.py"]


def test_it_is_not_used_if_another_owns_it(kept: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    assert compiled(loader(kept), monkeypatch) == ["box/one.py", "box/two.py"]


def test_it_is_not_used_by_another_interpreter(kept: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version", f"{sys.version} of another build")
    assert compiled(loader(kept), monkeypatch) == ["box/one.py", "box/two.py"]
    kept_program.keep(loader(kept))
    assert compiled(loader(kept), monkeypatch) == []


@pytest.mark.parametrize("fault", ["is a link", "is damaged", "can be written by all"])
def test_the_next_change_mends_it(fault: str, kept: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    FAULTS[fault](kept)
    kept_program.keep(loader(kept))
    assert not kept.is_symlink()
    assert compiled(loader(kept), monkeypatch) == []


def test_it_is_not_written_again_without_need(kept: pathlib.Path) -> None:
    before = kept.stat().st_ino
    kept_program.keep(loader(kept))
    assert kept.stat().st_ino == before


def test_modules_of_other_programs_stay_and_older_ones_go(kept: pathlib.Path) -> None:
    newer = {"box.two": "said = 'newer'\n", "box.three": "said = 'three'\n"}
    kept_program.keep(bootstrap.Sources(newer, keeps=str(kept)))
    sources = loader(kept)
    assert sorted(sources.kept) == ["box.one", "box.three", "box.two"]
    assert sources.kept["box.two"][0] == bootstrap.digest(newer["box.two"].encode())


def test_nothing_is_kept_where_nothing_was_changed(path: pathlib.Path) -> None:
    kept_program.keep(loader(path))
    assert not path.parent.exists()


def test_a_file_that_cannot_be_written_is_no_failure(path: pathlib.Path) -> None:
    (path.parent / ".program.barehost-new" / "in the way").mkdir(parents=True)
    kept_program.keep(loader(path))
    assert not path.exists()


@pytest.mark.parametrize("step", steps.STEPS)
def test_only_a_step_that_changes_the_host_keeps(
    step: str, path: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.parent.mkdir()
    monkeypatch.setattr(host_lock, "PATH", str(tmp_path / "run" / "lock"))
    monkeypatch.setattr(steps, "__spec__", types.SimpleNamespace(loader=loader(path)))
    monkeypatch.setitem(steps.STEPS, step, lambda _payload: {})
    assert steps.run(step, {}) == {}
    assert path.exists() == (step != "collect")


def test_a_module_that_came_in_another_way_keeps_nothing(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_lock, "PATH", str(tmp_path / "run" / "lock"))
    monkeypatch.setitem(steps.STEPS, "apply", lambda _payload: {})
    assert steps.run("apply", {}) == {}
    assert [found.name for found in tmp_path.rglob("*")] == ["run", "lock"]
