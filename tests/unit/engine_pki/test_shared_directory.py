# SPDX-License-Identifier: GPL-3.0-or-later
"""Several controllers use one PKI directory at once. Processes race for it, with locks that reach the others and with locks that do not."""

from __future__ import annotations

import collections.abc as c
import errno
import fcntl
import multiprocessing
import os
import pathlib
import signal
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import atomic_file
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import AUTHORITIES, KEEPALIVED, Pki

KEYS = tuple(f"{authority}-ca.key" for authority in AUTHORITIES)
NAMES = (*(f"{name}-ca.crt" for name in AUTHORITIES), "service-account.key", "service-account.pub", "encryption-config.yaml", KEEPALIVED)
RACERS, ROUNDS = 5, 25
# What flock does where the locks of one client are not those of another (nolock, local_lock=all), and where there are none.
LOCKS: dict[str, c.Callable[[int, int], None] | None] = {"shared": None, "local": lambda _file, _how: None}


def _no_lock(_file: int, _how: int) -> None:
    raise OSError(errno.ENOLCK, "No locks available")


LOCKS["absent"] = _no_lock


def in_processes(work: c.Callable[[int], t.Any], count: int) -> list[t.Any]:
    """What this function returned in each of so many processes, which began at the same time."""
    context = multiprocessing.get_context("fork")
    start, answers = context.Barrier(count), context.Queue()

    def run(number: int) -> None:
        start.wait()
        try:
            answers.put(work(number))
        except BaseException as error:
            answers.put(f"{type(error).__name__}: {error}")

    processes = [context.Process(target=run, args=(number,)) for number in range(count)]
    for process in processes:
        process.start()
    found = [answers.get(timeout=60) for _process in processes]
    for process in processes:
        process.join(timeout=60)
    return found


@pytest.mark.parametrize("locks", LOCKS)
def test_a_new_cluster_gets_one_set_of_authorities_and_keys(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, locks: str) -> None:
    """Each begins with another file, so that all meet in the midst of pairs."""
    flock = LOCKS[locks]
    if flock is not None:
        monkeypatch.setattr(fcntl, "flock", flock)

    def use(number: int) -> list[dict[str, str | None]]:
        found = []
        for one in range(ROUNDS):
            pki = Pki(tmp_path / str(one) / "pki")
            turn = number % len(NAMES)
            found.append(
                {name: pki.read(name)[0] for name in sorted([*NAMES[turn:], *NAMES[:turn]], key=lambda name: hash((name, number)))}
            )
        return found

    answers = in_processes(use, RACERS)
    assert answers == [answers[0]] * RACERS
    for one in range(ROUNDS):
        folder = tmp_path / str(one) / "pki"
        assert answers[0][one] == {name: (folder / name).read_text() for name in NAMES}
        left = {path.name for path in folder.iterdir()} - {*NAMES, *KEYS}
        assert left == set() or locks == "absent"  # nobody can tell whether a file that was left is in use


def test_what_a_client_remembers_as_absent_is_not_made_again(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client of NFS may answer from its cache that a name is absent, which another client has made."""
    there = {name: Pki(tmp_path).read(name)[0] for name in NAMES}
    keys = {name: (tmp_path / name).read_bytes() for name in KEYS}
    remembered: set[pathlib.Path] = set()
    exists = atomic_file.exists

    def late(path: pathlib.Path) -> bool:
        """Absent at the first look."""
        seen = path in remembered
        remembered.add(path)
        return seen and exists(path)

    monkeypatch.setattr(atomic_file, "exists", late)
    assert {name: Pki(tmp_path).read(name)[0] for name in NAMES} == there
    assert {name: (tmp_path / name).read_bytes() for name in KEYS} == keys


def test_a_lock_that_outlives_its_holder_stops_nobody(tmp_path: pathlib.Path) -> None:
    """The server of an NFS mount may keep the lock of a controller that lost its power. Earlier releases waited for this one."""
    tmp_path.joinpath(".lock").touch()
    with tmp_path.joinpath(".lock").open("r+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        (found,) = in_processes(lambda _number: Pki(tmp_path).read("etcd-ca.crt")[0], 1)
    assert found == (tmp_path / "etcd-ca.crt").read_text()


def test_a_file_is_whole_whoever_writes_it_at_the_same_time(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "kubeconfig"
    texts = [f"{number}\n" * 20_000 for number in range(RACERS)]
    atomic_file.write(path, texts[0], mode=0o600)

    def use(number: int) -> bool:
        for _one in range(ROUNDS):
            atomic_file.write(path, texts[number], mode=0o600)
            if path.read_text() not in texts:
                return False
        return True

    assert in_processes(use, RACERS) == [True] * RACERS
    assert [entry.name for entry in tmp_path.iterdir()] == ["kubeconfig"]


@pytest.mark.parametrize("function", [atomic_file.create, atomic_file.write])
def test_a_killed_writer_leaves_what_the_next_one_removes(tmp_path: pathlib.Path, function: c.Callable[..., object]) -> None:
    path = tmp_path / "a"

    def die(_file: int) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    process = multiprocessing.get_context("fork").Process(target=_write_and, args=(die, function, path))
    process.start()
    process.join(timeout=60)
    assert process.exitcode == -signal.SIGKILL
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(".a.")
    function(path, "new", mode=0o600)
    assert [(entry.name, entry.read_text()) for entry in tmp_path.iterdir()] == [("a", "new")]


def _write_and(die: c.Callable[[int], None], function: c.Callable[..., object], path: pathlib.Path) -> None:
    os.fsync = die
    function(path, "half", mode=0o600)
