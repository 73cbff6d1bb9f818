# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts and faults of the group ``disks``."""

from __future__ import annotations

import typing as t

from doctor_situation import Fault, Situation

GIB = 1 << 30
FAULTS: dict[str, Fault] = {
    "disk-full": Fault(
        lambda s: _docker(s, used=79 * GIB, free=GIB), "/data (with /var/lib/docker): 1.0 GiB of 80.0 GiB free", "docker system df"
    ),
    "disk-filling": Fault(lambda s: _docker(s, used=70 * GIB, free=10 * GIB), "10.0 GiB of 80.0 GiB free", "du -xh /data"),
    "disk-inodes-gone": Fault(lambda s: _docker(s, inodes_free=100), "100 of 10000 inodes free", "du --inodes -x /data"),
    "disk-inodes-few": Fault(lambda s: _docker(s, inodes_free=1000), "1000 of 10000 inodes free", "du --inodes"),
    "disk-read-only": Fault(lambda s: _docker(s, options=["ro"]), "/data (with /var/lib/docker) is read-only", "findmnt /data"),
    "disk-noexec": Fault(lambda s: _docker(s, options=["noexec"]), "/var/lib/docker is on /data", "mount -o remount,exec /data"),
    "disk-etcd-remote": Fault(
        lambda s: s.groups["m1"]["disks"]["directories"][1].update(kind="nfs4", source="nas:/etcd"),
        "on nas:/etcd (nfs4)",
        "local disk",
        host="m1",
    ),
    "disk-in-memory": Fault(lambda s: _docker(s, kind="tmpfs"), "/var/lib/docker is on a tmpfs", "findmnt --target /var/lib/docker"),
}


def healthy(host: str) -> dict[str, t.Any]:
    directories = [_directory("/", "root", device=1)]
    if host == "m1":
        directories.append(_directory("/var/lib/etcd", "etcd", device=1))
    directories += [
        _directory("/usr/local/bin", "programs", device=1),
        _directory("/var/lib/docker", "docker", device=2, mount="/data"),
        _directory("/var/lib/kubelet", "kubelet", device=1),
    ]
    return {"disks": {"directories": directories, "gaps": []}}


def _directory(path: str, purpose: str, *, device: int, mount: str = "/") -> dict[str, t.Any]:
    return {
        "path": path,
        "purpose": purpose,
        "exists": True,
        "device": device,
        "mount": mount,
        "kind": "xfs",
        "source": f"/dev/vda{device}",
        "options": [],
        "size": 80 * GIB,
        "free": 60 * GIB,
        "used": 20 * GIB,
        "inodes": 10_000,
        "inodes_free": 9_000,
    }


def _docker(situation: Situation, **changes: t.Any) -> None:
    (one,) = (one for one in situation.groups["w1"]["disks"]["directories"] if one["purpose"] == "docker")
    one.update(changes)
