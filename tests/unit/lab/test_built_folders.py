# SPDX-License-Identifier: GPL-3.0-or-later
"""The store of folders that are built once: when one is built, and when it is removed."""

from __future__ import annotations

import concurrent.futures
import fcntl
import multiprocessing
import os
import pathlib
import shutil
import signal
import time

import pytest

from barelab import built_folders, cache, state


def quiet(_: str) -> None:
    """No progress wanted."""


@pytest.fixture
def store(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "barehost-lab" / "things"


def fill(folder: pathlib.Path) -> None:
    (folder / "content").write_text("whole", encoding="utf-8")


def ensure(digest: str = "a" * 64) -> pathlib.Path:
    return built_folders.ensure(kind="things", digest=digest, build=fill, progress=quiet)


def test_built_once(store: pathlib.Path) -> None:
    first = ensure()
    (first / "mark").touch()
    assert ensure() == first
    assert (first / "mark").exists()


def test_failed_build_leaves_nothing(store: pathlib.Path) -> None:
    def fail(folder: pathlib.Path) -> None:
        fill(folder)
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError):
        built_folders.ensure(kind="things", digest="a" * 64, build=fail, progress=quiet)
    assert [entry.name for entry in store.iterdir()] == ["lock"]
    assert (ensure() / "content").read_text(encoding="utf-8") == "whole"


def _build_for_ever(started: pathlib.Path) -> None:
    def build(folder: pathlib.Path) -> None:
        fill(folder)
        started.touch()
        time.sleep(60)

    built_folders.ensure(kind="things", digest="a" * 64, build=build, progress=quiet)


def test_killed_build_is_not_taken_for_finished(store: pathlib.Path, tmp_path: pathlib.Path) -> None:
    started = tmp_path / "started"
    process = multiprocessing.get_context("fork").Process(target=_build_for_ever, args=(started,))
    process.start()
    while not started.exists():
        assert process.is_alive()
        time.sleep(0.01)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert not (store / ("a" * 16)).exists()
    final = ensure()
    assert [entry.name for entry in store.iterdir() if entry.is_dir()] == [final.name]


def _build_slowly(log: pathlib.Path) -> None:
    def build(folder: pathlib.Path) -> None:
        with log.open("a", encoding="utf-8") as handle:
            handle.write("built\n")
        time.sleep(0.2)
        fill(folder)

    built_folders.ensure(kind="things", digest="a" * 64, build=build, progress=quiet)


def test_two_processes_build_once(store: pathlib.Path, tmp_path: pathlib.Path) -> None:
    log = tmp_path / "log"
    processes = [multiprocessing.get_context("fork").Process(target=_build_slowly, args=(log,)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert log.read_text(encoding="utf-8") == "built\n"


def by_another_process(digest: str) -> pathlib.Path:
    process = multiprocessing.get_context("fork").Process(target=ensure, args=(digest,))
    process.start()
    process.join()
    assert process.exitcode == 0
    return cache.root() / "things" / digest[:16]


def test_older_ones_go_when_a_new_one_is_there(store: pathlib.Path) -> None:
    older = by_another_process("a" * 64)
    newer = ensure("b" * 64)
    assert newer.exists()
    assert not older.exists()


def test_what_a_process_has_asked_for_stays_as_long_as_it_runs(store: pathlib.Path) -> None:
    """A lab that is brought up has its packages before anything of it shows that it uses them."""
    ours = by_another_process("a" * 64)
    assert ensure("a" * 64) == ours
    theirs = by_another_process("b" * 64)
    assert ours.exists()
    assert theirs.exists()


def test_what_another_process_is_removing_is_not_there(store: pathlib.Path) -> None:
    folder = by_another_process("a" * 64)
    handle = os.open(folder, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        found = pool.submit(built_folders.there, kind="things", digest="a" * 64)
        with pytest.raises(TimeoutError):
            found.result(timeout=0.2)
        shutil.rmtree(folder)
        os.close(handle)
        assert found.result(timeout=5) is None
    assert (ensure() / "content").exists()


@pytest.mark.parametrize("use", ["packages of the mirror", "a program of the mirror", "the base tree of hosts that are off"])
def test_what_another_lab_uses_stays(store: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, use: str) -> None:
    monkeypatch.setattr(state, "LABS", tmp_path / "run")
    other = tmp_path / "run" / "barehost-lab.other"
    (other / "services" / "mirror" / "dl.k8s.io").mkdir(parents=True)
    used, unused = by_another_process("a" * 64), "b" * 64
    if use == "packages of the mirror":
        (other / "services" / "mirror" / "rpm").symlink_to(used)
    elif use == "a program of the mirror":
        (other / "services" / "mirror" / "dl.k8s.io" / "kubelet").symlink_to(used / "content")
    else:
        lab = state.Lab(inventory=tmp_path, hosts=(), versions=(), base_tree=used, data=tmp_path)
        (other / "state.json").write_text(state.encode(lab), encoding="utf-8")
    left = by_another_process(unused)
    assert by_another_process("c" * 64).exists()
    assert used.exists()
    assert not left.exists()
    shutil.rmtree(other)
    by_another_process("d" * 64)
    assert not used.exists(), "the other lab is down"


def test_digest_sees_names_contents_modes_and_links(tmp_path: pathlib.Path) -> None:
    def digest() -> str:
        return built_folders.digest_of(paths=[tmp_path / "tree"], words=["trixie"])

    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "a").write_text("1", encoding="utf-8")
    seen = [digest()]
    (folder / "a").write_text("2", encoding="utf-8")
    seen.append(digest())
    (folder / "a").chmod(0o755)
    seen.append(digest())
    (folder / "a").rename(folder / "b")
    seen.append(digest())
    (folder / "link").symlink_to("b")
    seen.append(digest())
    seen.append(built_folders.digest_of(paths=[folder], words=["sid"]))
    assert len(set(seen)) == len(seen)
