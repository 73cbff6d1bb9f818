# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host does for its own member: files as they are, systemd and etcd played by the test. Runs on Python 3.9 too."""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd import membership
from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client import member_list
from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import units
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import atomic, host_lock
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

STEADY = 'ETCD_INITIAL_CLUSTER="a=x,b=y"\n'
JOIN = {"host": "h-b", "initial_cluster": "a=x,b=y", "state": "existing"}


class Play:
    """The host's member, and what was asked of systemd and of etcd while it was there."""

    def __init__(self, root: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.data, self.file, self.started = root / "data", root / "initial-cluster.conf", root / "member-started"
        self.data.mkdir()
        self.file.write_text(STEADY, encoding="utf-8")
        self.asked: list[str] = []
        self.seen = ""
        self.healthy = True
        self.monkeypatch = monkeypatch
        monkeypatch.setattr(host_lock, "PATH", str(root / "run" / "lock"))
        monkeypatch.setattr(membership, "must", lambda argv, **_options: self.asked.append(argv[1]))
        monkeypatch.setattr(membership, "run_program", lambda argv: self.asked.append(argv[1]))
        monkeypatch.setattr(member_list, "wait_until_led", self.wait)
        monkeypatch.setattr(member_list, "run", lambda step, payload: self.asked.append(payload["actions"][0]["operation"]))
        monkeypatch.setattr(units, "failure", lambda name, message: HostError(message))
        monkeypatch.setattr(atomic, "write", lambda path, content, ownership: pathlib.Path(path).write_bytes(content))

    def wait(self, urls: list[str], access: object, *, deadline: float) -> None:
        self.seen = self.file.read_text(encoding="utf-8")
        assert not self.started.exists() or (self.data / "member" / "wal").exists()
        if not self.healthy:
            raise HostError("no leader")

    def give_data(self) -> None:
        (self.data / "member" / "wal").mkdir(parents=True)

    def perform(self, *actions: tuple[str, dict[str, t.Any]]) -> None:
        member = {
            "host": "h-b",
            "unit": "etcd.service",
            "data_directory": str(self.data),
            "initial_cluster_file": str(self.file),
            "started_file": str(self.started),
            "token": "tested",
            "url": "https://127.0.0.1:2379",
            "deadline": 1.0,
        }
        listed = [{"operation": operation, "target": "b", "data": data} for operation, data in actions]
        membership.run("perform", {"member": member, "access": {}, "endpoints": [], "actions": listed})


@pytest.fixture
def play(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Play:
    return Play(tmp_path, monkeypatch)


def test_the_list_of_a_joining_member_is_there_for_its_start_alone(play: Play) -> None:
    play.started.touch()
    play.perform(("add", {"host": "h-b"}), ("start", JOIN), ("promote", {"host": "h-b"}))
    assert play.asked == ["add", "stop", "reset-failed", "restart", "promote"]
    assert 'ETCD_INITIAL_CLUSTER_STATE="existing"' in play.seen
    assert "FORCE_NEW" not in play.seen
    assert play.file.read_text(encoding="utf-8") == STEADY


def test_a_start_that_fails_leaves_all_as_it_was(play: Play) -> None:
    play.started.touch()
    play.healthy = False
    with pytest.raises(HostError, match=r"etcd.service was started but is not healthy: no leader"):
        play.perform(("start", JOIN))
    assert play.asked[-1] == "stop"
    assert play.file.read_text(encoding="utf-8") == STEADY
    assert play.started.exists()


def test_data_is_put_aside_and_not_deleted(play: Play) -> None:
    play.give_data()
    play.perform(("remove", {"host": "h-b"}), ("start", JOIN))
    assert play.asked[:2] == ["remove", "stop"]
    (aside,) = play.data.iterdir()
    assert aside.name.startswith("member.discarded-")
    assert (aside / "wal").is_dir()


def test_a_member_on_deleted_files_is_removed_while_it_still_votes(play: Play) -> None:
    """F8: of two voters none can be removed once the other one is stopped. Meanwhile systemd must not start it on nothing."""
    guarded = []
    removal = member_list.run

    def run(step: str, payload: dict[str, t.Any]) -> None:
        if payload["actions"][0]["operation"] == "remove":
            guarded.append(play.started.exists())
        removal(step, payload)

    play.monkeypatch.setattr(member_list, "run", run)
    play.perform(("remove", {"host": "h-b"}), ("add", {"host": "h-b"}), ("start", JOIN), ("promote", {"host": "h-b"}))
    assert play.asked == ["remove", "stop", "add", "stop", "reset-failed", "restart", "promote"]
    assert guarded == [True]


def test_a_restart_with_a_new_address_keeps_the_data_and_the_unit(play: Play) -> None:
    play.give_data()
    play.started.touch()
    play.perform(("update", {"host": "h-b"}), ("start", JOIN))
    assert play.asked == ["update", "reset-failed", "restart"]
    assert (play.data / "member" / "wal").is_dir()


def test_only_a_rebuild_forces_a_new_cluster(play: Play) -> None:
    play.give_data()
    play.perform(("rebuild", JOIN))
    assert play.asked == ["stop", "reset-failed", "restart"]
    assert 'ETCD_FORCE_NEW_CLUSTER="true"' in play.seen
    assert play.file.read_text(encoding="utf-8") == STEADY


def test_another_ones_removal_leaves_this_one_alone(play: Play) -> None:
    play.give_data()
    play.perform(("remove", {"host": ""}))
    assert play.asked == ["remove"]
    assert (play.data / "member" / "wal").is_dir()
