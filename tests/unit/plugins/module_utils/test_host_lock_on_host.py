# SPDX-License-Identifier: GPL-3.0-or-later
"""One program at a time: a second one waits, and who only looks leaves no trace."""

from __future__ import annotations

import fcntl
import os
import pathlib
import shutil
import threading
import types

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._component import steps
from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd import membership, restore
from ansible_collections.barehost.kubernetes.plugins.module_utils._reset import steps as reset_steps
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import host_lock
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def lock(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    path = tmp_path / "run" / "lock"
    monkeypatch.setattr(host_lock, "PATH", str(path))
    return path


def test_looking_leaves_no_trace(lock: pathlib.Path) -> None:
    with host_lock.held(changes=False):
        assert not lock.parent.exists()
    with host_lock.held(changes=True):
        assert lock.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("changes", [False, True])
def test_the_second_waits_for_the_end_of_the_first(changes: bool) -> None:
    order = []

    def second() -> None:
        with host_lock.held(changes=changes):
            order.append("second")

    with host_lock.held(changes=True):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(timeout=0.3)
        order.append("first")
    thread.join(timeout=10)
    assert order == ["first", "second"]


@pytest.mark.parametrize(
    ("module", "step", "waits"),
    [
        *((module, step, True) for module in (steps, reset_steps, restore) for step in module.STEPS),
        (membership, "perform", True),
        # hosts that start together look at each other meanwhile
        (membership, "collect", False),
    ],
)
def test_whose_steps_wait(module: types.ModuleType, step: str, waits: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = threading.Event()
    monkeypatch.setitem(module.STEPS, step, lambda _payload: begun.set())
    with host_lock.held(changes=True):
        thread = threading.Thread(target=module.run, args=(step, {}))
        thread.start()
        assert begun.wait(timeout=0.3 if waits else 10) is not waits
    thread.join(timeout=10)
    assert begun.is_set()


def test_a_lock_that_a_reset_has_removed_is_nobodys(lock: pathlib.Path) -> None:
    """Who has waited for it takes the one that a third would ask for."""
    found = []

    def second() -> None:
        with host_lock.held(changes=True):
            found.append(lock.exists())

    with host_lock.held(changes=True):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(timeout=0.3)
        shutil.rmtree(lock.parent)
    thread.join(timeout=10)
    assert found == [True]


def test_two_may_look_at_once() -> None:
    with host_lock.held(changes=True):
        pass
    with host_lock.held(changes=False), host_lock.held(changes=False):
        pass


def test_one_that_does_not_end_is_told(lock: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_lock, "DEADLINE", 0.2)
    lock.parent.mkdir()
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        with pytest.raises(HostError, match="another run has been changing this host"), host_lock.held(changes=False):
            pass
    finally:
        os.close(descriptor)
