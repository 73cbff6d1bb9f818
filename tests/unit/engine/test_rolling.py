# SPDX-License-Identifier: GPL-3.0-or-later
"""One host at a time, across processes as Ansible's forks are, and none after a failure."""

from __future__ import annotations

import itertools
import multiprocessing
import pathlib
import time

import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import rolling

FORK = multiprocessing.get_context("fork")


def take(directory: pathlib.Path, host: str, *, fail: bool = False) -> None:
    """What a fork does in its turn; it leaves when it was in, for the test to read."""
    with rolling.turn(directory, component="etcd", host=host):
        began = time.monotonic()
        time.sleep(0.1)
        (directory / f"{host}.turn").write_text(f"{began} {time.monotonic()}")
        if fail:
            raise RuntimeError("the restart failed")


def turns(directory: pathlib.Path) -> list[tuple[float, float]]:
    times = [path.read_text().split() for path in directory.glob("*.turn")]
    return sorted((float(began), float(ended)) for began, ended in times)


def test_turns_do_not_overlap(tmp_path: pathlib.Path) -> None:
    forks = [FORK.Process(target=take, args=(tmp_path, f"host{number}")) for number in range(4)]
    for fork in forks:
        fork.start()
    for fork in forks:
        fork.join()
    found = turns(tmp_path)
    assert len(found) == 4
    assert all(earlier[1] <= later[0] for earlier, later in itertools.pairwise(found))


def test_a_failed_turn_stops_the_others_and_says_why(tmp_path: pathlib.Path) -> None:
    with pytest.raises(RuntimeError):
        take(tmp_path, "first", fail=True)
    with pytest.raises(rolling.RollingStopped, match=r"etcd was not touched on this host: its restart failed on first"):
        take(tmp_path, "second")
    assert not (tmp_path / "second.turn").exists()


def test_a_component_whose_unit_restarts_with_another_is_stopped(tmp_path: pathlib.Path) -> None:
    """The apiserver that did not come back after its etcd would else be followed by the one of the next master."""
    with (
        pytest.raises(RuntimeError),
        rolling.turn(tmp_path, component="etcd", host="first", units=["etcd.service"], dependents=["kube-apiserver.service"]),
    ):
        raise RuntimeError("the apiserver is not healthy again")
    units = ["kube-apiserver.service", "kube-scheduler.service"]
    with (
        pytest.raises(rolling.RollingStopped, match="master was not touched on this host: its restart failed on first"),
        rolling.turn(tmp_path, component="master", host="second", units=units),
    ):
        pass


def test_another_component_is_not_stopped(tmp_path: pathlib.Path) -> None:
    with pytest.raises(RuntimeError):
        take(tmp_path, "first", fail=True)
    with rolling.turn(tmp_path, component="master", host="second"):
        pass
