# SPDX-License-Identifier: GPL-3.0-or-later
"""A snapshot comes to the host and is unpacked beside the member's data; etcdutl is a stand-in. Runs on Python 3.9 too."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import pathlib
import typing as t
import zlib

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd import restore
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import host_lock
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

CONTENT = b"a snapshot of etcd"
STATUS = {"hash": 31, "revision": 7, "totalKey": 3, "totalSize": 20480, "version": "3.7.0"}
DESCRIPTION = {"hash": "1f", "revision": 7, "total_keys": 3, "sha256": hashlib.sha256(CONTENT).hexdigest()}
ETCDUTL = f"""#!/bin/sh
echo "$@" >> "$(dirname "$0")/calls"
case "$2" in
status) echo '{json.dumps(STATUS)}' ;;
restore)
  for word in "$@"; do case "$word" in --data-dir=*) data=${{word#--data-dir=}}/member ;; esac; done
  mkdir -p "$data/wal" "$data/snap/db" ;;
*) echo "etcdutl version: 3.7.2" ;;
esac
"""


@pytest.fixture
def data(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """The data directory of a member."""
    program = tmp_path / "etcdutl"
    program.write_text(ETCDUTL)
    program.chmod(0o755)
    directory = tmp_path / "etcd"
    (directory / "member").mkdir(parents=True)
    (directory / "member" / "old").touch()
    settings = tmp_path / "etcd.conf"
    lines = ['ETCD_NAME="one"', f'ETCD_DATA_DIR="{directory}"', 'ETCD_INITIAL_ADVERTISE_PEER_URLS="https://192.0.2.1:2380"']
    settings.write_text("# settings\n" + "\n".join(lines) + "\n")
    monkeypatch.setattr(host_lock, "PATH", str(tmp_path / "run" / "lock"))
    return directory


def known(data: pathlib.Path) -> dict[str, t.Any]:
    """What the controller knows of the member and its programs, in each payload."""
    etcd = {"etcdctl": "/nowhere/etcdctl", "etcdutl": str(data.parent / "etcdutl"), "endpoint": "https://127.0.0.1:2379", "ca": "/ca.crt"}
    member = {"name": "one", "peer_url": "https://192.0.2.1:2380", "directory": str(data), "unit": "etcd.service"}
    return {"etcd": {**etcd, "pairs": []}, "member": {**member, "settings": str(data.parent / "etcd.conf")}}


def send(data: pathlib.Path, content: bytes, *, at: int = 0) -> None:
    part = base64.b64encode(zlib.compress(content)).decode()
    restore.run("receive", {**known(data), "offset": at, "size": len(CONTENT), "part": part})


def stage(data: pathlib.Path, **changes: t.Any) -> None:
    wanted = {
        "description": {**DESCRIPTION, **changes},
        "initial_cluster": "one=https://192.0.2.1:2380",
        "token": "mine-restored-1",
        "bump": 77,
    }
    restore.run("stage", {**known(data), **wanted})


def test_a_snapshot_is_unpacked_and_the_member_left_alone(data: pathlib.Path) -> None:
    send(data, CONTENT[:5])
    send(data, CONTENT[5:], at=5)
    assert (data / "restore" / "snapshot").read_bytes() == CONTENT
    assert (data / "restore").stat().st_mode & 0o777 == 0o700
    stage(data)
    assert sorted(os.listdir(data)) == ["member", "restore"]
    assert sorted(os.listdir(data / "restore")) == ["data", "token"]
    assert os.listdir(data / "member") == ["old"]
    calls = (data.parent / "calls").read_text()
    assert "--bump-revision=77 --mark-compacted" in calls
    assert "--name=one" in calls
    assert "--initial-cluster-token=mine-restored-1" in calls


@pytest.mark.parametrize("changes", [{"hash": "20"}, {"revision": 8}, {"total_keys": 4}, {"sha256": "0"}])
def test_what_is_not_as_described_leaves_nothing(data: pathlib.Path, changes: dict[str, t.Any]) -> None:
    send(data, CONTENT)
    with pytest.raises(HostError, match=f"{next(iter(changes))} .* wanted .*etcd was not touched"):
        stage(data, **changes)
    assert os.listdir(data) == ["member"]


def test_an_earlier_attempt_is_forgotten(data: pathlib.Path) -> None:
    send(data, b"x" * 100)
    send(data, CONTENT)
    assert (data / "restore" / "snapshot").read_bytes() == CONTENT


def test_what_another_run_has_unpacked_is_not_taken(data: pathlib.Path) -> None:
    send(data, CONTENT)
    stage(data)
    for token in ("mine-restored-2", ""):
        with pytest.raises(HostError, match="another restore is at work, and etcd was not touched"):
            restore.run("switch", {**known(data), "token": token, "deadline": 1, "contents": False})
    send(data, CONTENT[:5])
    with pytest.raises(HostError, match="another restore is at work, and etcd was not touched"):
        restore.run("switch", {**known(data), "token": "mine-restored-1", "deadline": 1, "contents": False})
    assert os.listdir(data / "member") == ["old"]


def test_a_host_says_what_it_is(data: pathlib.Path) -> None:
    found = restore.run("collect", {**known(data), "units": []})["member"]
    assert found == {
        "name": "one",
        "directory": str(data),
        "peer_url": "https://192.0.2.1:2380",
        "version": "3.7.2",
        "data": True,
        "left": False,
    }


def test_what_a_failed_restore_has_left_is_found_and_replaced(data: pathlib.Path) -> None:
    (data / "restore" / "data" / "member" / "snap").mkdir(parents=True)
    assert restore.run("collect", {**known(data), "units": []})["member"]["left"]
    send(data, CONTENT)
    assert os.listdir(data / "restore") == ["snapshot"]


def test_a_link_in_place_of_the_folder_is_not_followed(data: pathlib.Path, tmp_path: pathlib.Path) -> None:
    (tmp_path / "another").mkdir()
    (tmp_path / "another" / "file").touch()
    (data / "restore").symlink_to(tmp_path / "another")
    send(data, CONTENT)
    assert os.listdir(tmp_path / "another") == ["file"]
    assert not (data / "restore").is_symlink()


def test_a_snapshot_that_cannot_be_unpacked_leaves_nothing(data: pathlib.Path) -> None:
    send(data, CONTENT)
    refuses = f"""#!/bin/sh
case "$2" in status) echo '{json.dumps(STATUS)}' ;; *) echo "Error: expected sha256 [1], got [2]" >&2; exit 1 ;; esac
"""
    (data.parent / "etcdutl").write_text(refuses)
    with pytest.raises(HostError, match=r"cannot unpack the snapshot; etcd was not touched: .* expected sha256 \[1\], got \[2\]"):
        stage(data)
    assert os.listdir(data) == ["member"]


def test_a_host_without_a_member_is_told_what_to_do(data: pathlib.Path) -> None:
    (data.parent / "etcd.conf").unlink()
    with pytest.raises(HostError, match=r"run site\.yml on this host first"):
        restore.run("collect", {**known(data), "units": []})


def test_a_host_with_its_data_elsewhere_is_told_what_to_do(data: pathlib.Path) -> None:
    (data.parent / "etcd.conf").write_text('ETCD_DATA_DIR="/elsewhere"\n')
    with pytest.raises(HostError, match=r"has no line ETCD_DATA_DIR=.*run site\.yml on this host first"):
        restore.run("collect", {**known(data), "units": []})
