# SPDX-License-Identifier: GPL-3.0-or-later
"""A former member's host: files as they are, systemd and etcd played by the test. Runs on Python 3.9 too."""

from __future__ import annotations

import os
import pathlib
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd import former_member
from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client import member_list
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import host_lock
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

ANSWERS = [
    {"linearizable": False, "members": [{"name": "old"}]},
    {"linearizable": True, "members": [{"name": "b"}]},
]


class Host:
    def __init__(self, root: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.asked = root, []  # type: pathlib.Path, list[str]
        self.fails_at = ""
        for path in (
            "units/etcd.service.d/10-barehost.conf",
            "units/etcd.service",
            "etc/pki/root.key",
            "etc/etcd.conf",
            "data/member/wal/0",
        ):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).touch()
        monkeypatch.setattr(host_lock, "PATH", str(root / "run" / "lock"))
        monkeypatch.setattr(former_member, "UNITS", str(root / "units"))
        monkeypatch.setattr(former_member, "must", self.systemctl)
        monkeypatch.setattr(former_member, "run_program", self.systemctl)
        monkeypatch.setattr(member_list, "ask_all", lambda urls, _access: ANSWERS[: len(urls)])

    def systemctl(self, argv: list[str], **_options: t.Any) -> None:
        self.asked.append(argv[1])
        if argv[1] == self.fails_at:
            raise HostError("it does not")

    def collect(self, *endpoints: str) -> dict[str, t.Any]:
        unit = {"unit": "etcd.service", "data_directory": f"{self.root}/data"}
        return former_member.run("collect", {**unit, "access": {}, "endpoints": endpoints})

    def retire(self, *schedule: str) -> None:
        files = [f"{self.root}/etc/{name}" for name in ("pki/root.key", "etcd.conf", "never.conf")]
        unit = {"unit": "etcd.service", "data_directory": f"{self.root}/data"}
        directories = [f"{self.root}/etc/pki", f"{self.root}/etc"]
        former_member.run("retire", {**unit, "files": files, "directories": directories, "schedule": list(schedule)})


@pytest.fixture
def host(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    return Host(tmp_path, monkeypatch)


def test_only_who_has_a_quorum_tells_who_is_a_member(host: Host) -> None:
    assert host.collect("x", "y") == {"left": True, "data": True, "members": [{"name": "b"}]}
    assert host.collect("x") == {"left": True, "data": True, "members": None}


def test_the_data_alone_stays(host: Host) -> None:
    host.retire()
    assert host.asked == ["disable", "reset-failed", "daemon-reload"]
    assert os.listdir(host.root / "units") == []
    assert not (host.root / "etc").exists()
    (aside,) = (host.root / "data").iterdir()
    assert aside.name.startswith("member.discarded-")
    assert (aside / "wal" / "0").exists()
    assert host.collect("y") == {"left": False, "data": False, "members": []}


def test_what_others_have_put_there_stays(host: Host) -> None:
    (host.root / "etc" / "mine").touch()
    host.retire()
    assert os.listdir(host.root / "etc") == ["mine"]


def test_one_that_cannot_be_stopped_is_left_as_it_is(host: Host) -> None:
    host.fails_at = "disable"
    with pytest.raises(HostError):
        host.retire()
    assert host.collect("y")["data"]
    assert (host.root / "etc" / "pki" / "root.key").exists()


def test_f43_scheduled_snapshots_end_with_the_member(host: Host) -> None:
    for name in ("snapshot.timer", "snapshot.timer.d/10-barehost.conf", "snapshot.service"):
        (host.root / "units" / name).parent.mkdir(exist_ok=True)
        (host.root / "units" / name).touch()
    host.retire("snapshot.timer", "snapshot.service", "never.timer")
    assert host.asked == ["disable", "disable", "disable", "reset-failed", "daemon-reload"]
    assert os.listdir(host.root / "units") == []
