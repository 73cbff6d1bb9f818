# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots of a real etcd: a byte that changed and a file that was cut are found, by the playbook's step and by the timer's program."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import subprocess
import sys
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd import snapshots, unpacking
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import host_lock, locations
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

from .apiserver import ROOT, programs
from .etcd_processes import Client, Cluster

NAME = "mine-20261121T131500Z.snapshot"
PROGRAM = ROOT / "roles" / "backup" / "files" / "etcd_snapshot.py"
# Beside the end of the file there is the digest, at its beginning what bbolt checks itself.
FLIP = """import pathlib, sys
path = pathlib.Path(sys.argv[1]); content = bytearray(path.read_bytes())
content[content.index(b"a value that is long enough to be found")] ^= 1
path.write_bytes(content)"""
CUT = "import os, sys; os.truncate(sys.argv[1], os.path.getsize(sys.argv[1]) - 512)"


@dataclasses.dataclass
class Host:
    """A member, and the programs of its host."""

    cluster: Cluster
    etcdctl: pathlib.Path
    etcdutl: pathlib.Path
    folder: pathlib.Path

    @property
    def known(self) -> dict[str, t.Any]:
        """How the member is asked."""
        ca, cert, key = self.cluster.access.files
        asked = {"etcdctl": str(self.etcdctl), "etcdutl": str(self.etcdutl), "endpoint": self.cluster.endpoints[0], "ca": ca}
        return {**asked, "pairs": [{"cert": cert, "key": key}]}

    def damage(self, how: str) -> None:
        """From now on what etcdctl saves is damaged."""
        real = self.folder / "etcdctl"
        self.etcdctl = self.folder / "damaging-etcdctl"
        script = self.folder / "damage.py"
        script.write_text(how)
        saved = 'case "$word" in *.part|*/snapshot) file=$word ;; esac'
        damage = f'[ -z "$file" ] || {sys.executable} {script} "$file"'
        self.etcdctl.write_text(f'#!/bin/sh\n{real} "$@" || exit\nfile=; for word in "$@"; do {saved}; done\n{damage}\n')
        self.etcdctl.chmod(0o755)

    def save(self) -> dict[str, t.Any]:
        return snapshots.run("save", {"etcd": self.known, "size": 1 << 20, "name": NAME})

    def by_timer(self) -> subprocess.CompletedProcess[str]:
        (self.folder / "scheduled").mkdir(exist_ok=True)
        settings = {"directory": str(self.folder / "scheduled"), "keep": 1, "cluster": "mine", "description": {}, **self.known}
        (self.folder / "settings.json").write_text(json.dumps(settings))
        return subprocess.run(
            [sys.executable, str(PROGRAM), str(self.folder / "settings.json")], capture_output=True, check=False, text=True, timeout=60
        )

    def scheduled(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "scheduled").iterdir())


@pytest.fixture
def host(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Host:
    folder = cluster.directory
    monkeypatch.setattr(locations, "STATE_DIRECTORY", str(folder / "state"))
    monkeypatch.setattr(host_lock, "PATH", str(folder / "run" / "lock"))
    cluster.inventory = [cluster.machine().name]
    assert cluster.converge() == [("start", cluster.inventory[0])]
    client = Client(cluster.endpoints[0], cluster.access)
    for number in range(200):
        client.put(f"k{number}", f"a value that is long enough to be found {number}")
    etcdutl = programs("etcdutl", directory=folder)["etcdutl"]
    return Host(cluster, cluster.etcdctl, etcdutl, folder)


def test_a_sound_snapshot_passes(host: Host) -> None:
    assert host.save()["keys"] == 200
    assert [path.name for path in (host.folder / "state" / "backup").iterdir()] == ["snapshot"]
    done = host.by_timer()
    assert done.returncode == 0, done.stderr
    assert [name.rpartition(".")[2] for name in host.scheduled()] == ["json", "snapshot"]


@pytest.mark.parametrize("how", [FLIP, CUT], ids=["a byte changed", "cut"])
def test_a_damaged_snapshot_is_refused(host: Host, how: str) -> None:
    assert host.by_timer().returncode == 0
    older = host.scheduled()
    host.damage(how)
    with pytest.raises(HostError, match=f"{NAME}: a trial restore of the snapshot failed") as refused:
        host.save()
    print(refused.value.message)
    assert [path.name for path in (host.folder / "state" / "backup").iterdir()] == ["snapshot"]
    done = host.by_timer()
    print(done.stderr)
    assert done.returncode != 0
    assert "a trial restore of the snapshot failed" in done.stderr
    assert host.scheduled() == older


def test_the_status_alone_would_have_let_it_pass(host: Host) -> None:
    """Why there is a trial restore. With a later etcd it may not be needed any more."""
    host.save()
    snapshot = pathlib.Path(snapshots.snapshot_path())
    subprocess.run([sys.executable, "-c", FLIP, str(snapshot)], check=True)
    assert snapshots.read_snapshot(snapshots.Etcd(**host.known), str(snapshot), name=NAME)["revision"] > 200
    with pytest.raises(HostError, match="expected sha256"):
        unpacking.prove(str(host.etcdutl), str(snapshot), directory=str(host.folder), name=NAME)


def test_what_a_trial_takes_is_what_was_checked_for(host: Host) -> None:
    """etcd reserves its log, so a small snapshot needs much room."""
    host.save()
    size = pathlib.Path(snapshots.snapshot_path()).stat().st_size
    data = host.folder / "data"
    identity = unpacking.Identity("one", "https://127.0.0.1:2380", "one=https://127.0.0.1:2380", "token")
    unpacking.unpack(str(host.etcdutl), snapshots.snapshot_path(), str(data), identity)
    taken = sum(path.stat().st_blocks * 512 for path in data.rglob("*"))
    assert size < taken <= unpacking.space(size), f"{size} bytes took {taken}"
