# SPDX-License-Identifier: GPL-3.0-or-later
"""The trial restore of a snapshot on its host; etcdctl and etcdutl are stand-ins. Runs on Python 3.9 too."""

from __future__ import annotations

import json
import os
import pathlib
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd import snapshots, unpacking
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import host_lock, locations
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

NAME = "mine-20261121T131500Z.snapshot"
STATUS = {"hash": 31, "revision": 7, "totalKey": 3, "totalSize": 20480, "version": "3.7.0"}
ETCDCTL = """#!/bin/sh
case "$*" in
*"snapshot save"*) file=${*#*snapshot save }; printf snapshot >"${file%% *}" ;;
*) echo '{"kvs": [{"key": "aw==", "value": "dg=="}]}' ;;
esac
"""
MAKES = """mkdir -p "$data/member/snap/db" "$data/member/wal" """
# As of etcd 3.7.2: what it has made stays there.
REFUSES = """mkdir -p "$data/member/snap"; echo '{"level":"info"}' >&2; echo "Error: expected sha256 [1], got [2]" >&2; exit 1"""


class Host:
    """The programs, and the state directory."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.backup = folder / "state" / "backup"
        self.program("etcdctl", ETCDCTL)
        self.restores(MAKES)
        (folder / "root.crt").touch()

    def program(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)
        (self.folder / name).chmod(0o755)

    def restores(self, how: str) -> None:
        data = 'for word in "$@"; do case "$word" in --data-dir=*) data=${word#--data-dir=} ;; esac; done'
        record = 'stat -c %a "$(dirname "$data")" >"$(dirname "$0")/mode"'
        status = f"echo '{json.dumps(STATUS)}'"
        self.program("etcdutl", f'#!/bin/sh\n{data}\ncase "$2" in\nstatus) {status} ;;\n*) {record}; {how} ;;\nesac\n')

    def save(self, *, size: int = 8) -> dict[str, t.Any]:
        etcd = {"etcdctl": str(self.folder / "etcdctl"), "etcdutl": str(self.folder / "etcdutl"), "endpoint": "https://127.0.0.1:2379"}
        pairs = [{"cert": str(self.folder / "root.crt"), "key": "/root.key"}]
        return snapshots.run("save", {"etcd": {**etcd, "ca": "/ca.crt", "pairs": pairs}, "size": size, "name": NAME})


@pytest.fixture
def host(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    monkeypatch.setattr(locations, "STATE_DIRECTORY", str(tmp_path / "state"))
    monkeypatch.setattr(host_lock, "PATH", str(tmp_path / "run" / "lock"))
    return Host(tmp_path)


def test_a_snapshot_is_restored_before_it_counts(host: Host) -> None:
    assert host.save()["revision"] == 7
    assert os.listdir(host.backup) == ["snapshot"]
    assert (host.folder / "mode").read_text() == "700\n"
    snapshots.run("clean", {})
    assert not host.backup.exists()


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        (REFUSES, r"etcdutl cannot restore it: expected sha256 \[1\], got \[2\]"),
        ("exit 0", "made no snap/db and no wal"),
    ],
    ids=["refused", "nothing made"],
)
def test_one_that_cannot_be_restored_is_named(host: Host, how: str, reason: str) -> None:
    host.restores(how)
    with pytest.raises(HostError, match=f"{NAME}: a trial restore of the snapshot failed.*{reason}.*The older backups stay"):
        host.save()
    assert os.listdir(host.backup) == ["snapshot"]


def test_what_a_killed_run_has_left_goes(host: Host) -> None:
    (host.backup / "trial" / "data" / "member" / "snap").mkdir(parents=True)
    assert host.save()["revision"] == 7
    assert os.listdir(host.backup) == ["snapshot"]


def test_a_full_disk_is_told_before_anything_is_written(host: Host) -> None:
    found = os.statvfs(host.folder)
    with pytest.raises(HostError, match="a snapshot of etcd with its trial restore needs"):
        host.save(size=found.f_bavail * found.f_frsize // 2)
    assert os.listdir(host.backup) == []


def test_another_backup_that_begins_is_told_to_the_first(host: Host) -> None:
    host.save()
    snapshots.run("clean", {})
    with pytest.raises(HostError, match=r"another backup has begun here\. Run again after it"):
        snapshots.run("read", {"offset": 0, "length": 4})


def test_a_trial_needs_room_for_the_log_of_a_member() -> None:
    assert unpacking.space(1000) == 1000 + (128 << 20)
