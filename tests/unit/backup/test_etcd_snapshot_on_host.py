# SPDX-License-Identifier: GPL-3.0-or-later
"""The program of scheduled snapshots; etcdctl and etcdutl are stand-ins. Runs on Python 3.9 too."""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
import subprocess
import sys
import typing as t

import pytest

PROGRAM = pathlib.Path(__file__).parents[3] / "roles" / "backup" / "files" / "etcd_snapshot.py"
STATUS = {"hash": 31, "revision": 7, "totalKey": 3}
# The last argument of `etcdctl … snapshot save FILE`.
ETCDCTL = """#!/bin/sh
echo "$@" >"$(dirname "$0")/calls"
case "$*" in *"endpoint status"*) echo '[{"Status": {"dbSize": 8}}]'; exit ;; esac
for file in "$@"; do :; done
printf snapshot >"$file"
"""
ETCDUTL = f"""#!/bin/sh
case "$2" in
status) echo '{json.dumps(STATUS)}' ;;
restore)
  for word in "$@"; do case "$word" in --data-dir=*) data=${{word#--data-dir=}}/member ;; esac; done
  mkdir -p "$data/wal" "$data/snap/db" ;;
esac
"""
# As of etcd 3.7.2: what it has made stays there.
REFUSES = """#!/bin/sh
case "$2" in
status) echo '{"hash": 31, "revision": 7, "totalKey": 3}' ;;
restore)
  for word in "$@"; do case "$word" in --data-dir=*) mkdir -p "${word#--data-dir=}/member/snap" ;; esac; done
  echo '{"level":"info","msg":"restoring snapshot"}' >&2
  echo "Error: expected sha256 [1 2], got [3 4]" >&2
  exit 1 ;;
esac
"""


class Host:
    """A folder with the programs, a certificate of each user and the settings."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.snapshots = folder / "snapshots"
        self.snapshots.mkdir()
        self.program("etcdctl", ETCDCTL)
        self.program("etcdutl", ETCDUTL)
        (folder / "ca.crt").write_text("authority")
        (folder / "root.crt").touch()

    def program(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)
        (self.folder / name).chmod(0o755)

    def run(self, *, keep: int = 2) -> int:
        return self.ended(keep=keep).returncode

    def ended(self, *, keep: int = 2) -> subprocess.CompletedProcess[str]:
        settings = {
            "directory": str(self.snapshots),
            "keep": keep,
            "cluster": "mine",
            "description": {"format": 1, "cluster": "mine"},
            "etcdctl": str(self.folder / "etcdctl"),
            "etcdutl": str(self.folder / "etcdutl"),
            "endpoint": "https://127.0.0.1:2379",
            "ca": str(self.folder / "ca.crt"),
            "pairs": [{"cert": str(self.folder / f"{name}.crt"), "key": str(self.folder / f"{name}.key")} for name in ("root", "member")],
        }
        (self.folder / "settings.json").write_text(json.dumps(settings))
        command = [sys.executable, str(PROGRAM), str(self.folder / "settings.json")]
        return subprocess.run(command, capture_output=True, check=False, text=True)

    def give_older(self) -> None:
        for hour in ("01", "02", "03"):
            (self.snapshots / f"mine-20260101T{hour}0000Z.snapshot").touch()
            (self.snapshots / f"mine-20260101T{hour}0000Z.json").touch()

    def names(self, pattern: str) -> list[str]:
        return sorted(path.name for path in self.snapshots.glob(pattern))


@pytest.fixture
def host(tmp_path: pathlib.Path) -> Host:
    return Host(tmp_path)


def test_a_snapshot_has_its_description_beside_it(host: Host) -> None:
    assert host.run() == 0
    (snapshot,) = host.snapshots.glob("mine-*Z.snapshot")
    found: dict[str, t.Any] = json.loads(snapshot.with_suffix(".json").read_text())
    assert found.pop("taken").endswith("Z")
    assert found == {
        "format": 1,
        "cluster": "mine",
        "authority": hashlib.sha256(b"authority").hexdigest(),
        "hash": "1f",
        "revision": 7,
        "total_keys": 3,
        "size": 8,
        "sha256": hashlib.sha256(b"snapshot").hexdigest(),
    }
    assert [path.stat().st_mode & 0o777 for path in host.snapshots.iterdir()] == [0o600, 0o600]


@pytest.mark.parametrize(("there", "used"), [(["root", "member"], "root"), (["member"], "member"), ([], "member")])
def test_the_administrator_asks_where_there_is_one(host: Host, there: list[str], used: str) -> None:
    (host.folder / "root.crt").unlink()
    for name in there:
        (host.folder / f"{name}.crt").touch()
    assert host.run() == 0
    calls = (host.folder / "calls").read_text()
    assert f"--cert={host.folder}/{used}.crt --key={host.folder}/{used}.key --endpoints=https://127.0.0.1:2379 snapshot save" in calls


@pytest.mark.parametrize(("keep", "left"), [(2, 2), (0, 4)])
def test_only_the_newest_stay(host: Host, keep: int, left: int) -> None:
    host.give_older()
    (host.snapshots / "theirs-20260101T010000Z.snapshot").touch()
    assert host.run(keep=keep) == 0
    assert len(host.names("mine-*.snapshot")) == len(host.names("mine-*.json")) == left
    assert ("mine-20260101T010000Z.snapshot" in host.names("*")) == (keep == 0)
    assert host.names("theirs*") == ["theirs-20260101T010000Z.snapshot"]


def test_a_damaged_snapshot_is_none(host: Host) -> None:
    host.program("etcdutl", "#!/bin/sh\nexit 1\n")
    assert host.run() != 0
    assert host.names("*") == []
    host.program("etcdutl", ETCDUTL)
    assert host.run() == 0
    assert host.names(".*") == []


@pytest.mark.parametrize(
    ("etcdutl", "reason"),
    [
        (REFUSES, "etcdutl: Error: expected sha256 [1 2], got [3 4]"),
        # etcdctl's old command prints its help and exits with 0
        (f"#!/bin/sh\necho '{json.dumps(STATUS)}'\n", "etcdutl ended without an error, but made no snap/db and no wal"),
    ],
    ids=["refused", "nothing made"],
)
def test_a_snapshot_that_cannot_be_restored_costs_no_older_one(host: Host, etcdutl: str, reason: str) -> None:
    host.give_older()
    before = host.names("*")
    host.program("etcdutl", etcdutl)
    ended = host.ended(keep=1)
    assert ended.returncode != 0
    assert host.names("*") + host.names(".*") == before
    assert "Traceback" not in ended.stderr
    assert reason in ended.stderr
    assert "Z.snapshot: a trial restore of the snapshot failed, so it is no backup and was not kept" in ended.stderr


def test_a_run_that_was_killed_leaves_nothing_for_long(host: Host) -> None:
    (host.snapshots / ".mine-20260101T000000Z.part").touch()
    (host.snapshots / ".mine-20260101T000000Z.trial" / "data" / "member").mkdir(parents=True)
    assert host.run() == 0
    assert host.names(".*") == []


def test_a_full_disk_is_told_before_anything_is_written(host: Host) -> None:
    free = os.statvfs(host.snapshots)
    size = free.f_bavail * free.f_frsize // 2
    host.program("etcdctl", f'#!/bin/sh\necho "$@" >>"$(dirname "$0")/calls"\necho \'[{{"Status": {{"dbSize": {size}}}}}]\'\n')
    ended = host.ended()
    assert ended.returncode != 0
    assert "MiB are free, and a snapshot with its trial restore needs" in ended.stderr
    assert "snapshot save" not in (host.folder / "calls").read_text()
    assert host.names("*") == []
