# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of file systems: space, inodes, and how they are mounted."""

from __future__ import annotations

import collections.abc as c
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.check import ERROR, WARNING, Checks, Found
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.facts import Facts, HostFacts

CHECKS = Checks("disks", "The file systems of the directories that matter.", needs=("disks",))

_FULL, _FILLING = 0.05, 0.15
_REMOTE = ("nfs", "cifs", "smb", "fuse", "9p", "ceph", "glusterfs", "afs")
_IN_MEMORY = ("tmpfs", "ramfs")
# Programs of containers are in Docker's directory.
_OF_PROGRAMS = ("programs", "docker")
# What must be there after a reboot.
_OF_STATE = ("etcd", "kubelet", "docker")


def _systems(host: HostFacts, by: str = "device") -> c.Iterator[tuple[str, t.Any]]:
    """Each file system once, with the directories that are on it. What is mounted twice is one; by ``mount``, each mount is."""
    systems: dict[t.Any, list[t.Any]] = {}
    for one in host["disks"]["directories"]:
        systems.setdefault(one[by], []).append(one)
    for found in systems.values():
        paths = list(dict.fromkeys(one["path"] for one in found))
        system = {**found[0], "purposes": tuple(dict.fromkeys(one["purpose"] for one in found))}
        yield f"{system['mount']} (with {', '.join(paths)})" if paths != [system["mount"]] else paths[0], system


def _share(system: t.Any) -> float:
    """Of what others than root may use, how much is free."""
    usable = system["used"] + system["free"]
    return float(system["free"] / usable) if usable else 1.0


def _inodes(system: t.Any) -> float:
    return float(system["inodes_free"] / system["inodes"]) if system["inodes"] else 1.0


def _size(size: float) -> str:
    return f"{size / (1 << 30):.1f} GiB" if size >= 1 << 30 else f"{size / (1 << 20):.0f} MiB"


def _biggest(system: t.Any) -> str:
    return f"see what is big: `du -xh {system['mount']} | sort -h | tail`; images and containers: `docker system df`"


@CHECKS.of_host(
    "disk-full",
    ERROR,
    looks_at="free space of the directories that matter",
    wanted="5 % or more free for others than root",
    why="etcd stops on a full disk, kubelets evict pods, and no configuration can be written.",
    remedy="see what is big: `du -xh DIRECTORY | sort -h | tail`",
    bare=True,
    explains=("disk-filling", "node-pressure"),
)
def _full(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    for name, system in _systems(host):
        if _share(system) < _FULL:
            yield Found(f"{name}: {_size(system['free'])} of {_size(system['size'])} free", remedy=_biggest(system), of=system["purposes"])


@CHECKS.of_host(
    "disk-filling",
    WARNING,
    looks_at="free space of the directories that matter",
    wanted="15 % or more free",
    why="The kubelet removes images below 15 % and evicts pods below 10 %.",
    remedy="see what is big: `du -xh DIRECTORY | sort -h | tail`",
    bare=True,
)
def _filling(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    for name, system in _systems(host):
        if _FULL <= _share(system) < _FILLING:
            yield Found(f"{name}: {_size(system['free'])} of {_size(system['size'])} free", remedy=_biggest(system))


@CHECKS.of_host(
    "disk-inodes-gone",
    ERROR,
    looks_at="free inodes of the directories that matter",
    wanted="5 % or more",
    why="No file can be made without an inode, however much space is free.",
    remedy="find the directories with most files: `du --inodes -x DIRECTORY | sort -n | tail`",
    bare=True,
    explains=("node-pressure",),
)
def _inodes_gone(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    for name, system in _systems(host):
        if _inodes(system) < _FULL:
            remedy = f"find the directories with most files: `du --inodes -x {system['mount']} | sort -n | tail`"
            yield Found(f"{name}: {system['inodes_free']} of {system['inodes']} inodes free", remedy=remedy, of=system["purposes"])


@CHECKS.of_host(
    "disk-inodes-few",
    WARNING,
    looks_at="free inodes of the directories that matter",
    wanted="15 % or more",
    why="No file can be made without an inode, however much space is free.",
    remedy="find the directories with most files: `du --inodes -x DIRECTORY | sort -n | tail`",
    bare=True,
)
def _inodes_few(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    for name, system in _systems(host):
        if _FULL <= _inodes(system) < _FILLING:
            yield Found(f"{name}: {system['inodes_free']} of {system['inodes']} inodes free")


@CHECKS.of_host(
    "disk-read-only",
    ERROR,
    looks_at="how the directories that matter are mounted",
    wanted="read and write",
    why="The kernel makes a file system read-only when its disk fails. Nothing can be saved any more.",
    remedy="see why: `journalctl -k --grep 'error|remount' --no-pager | tail`; then mend the disk, and mount it again",
    bare=True,
    explains=("unit-down", "unit-unhealthy", "disk-full", "disk-filling"),
)
def _read_only(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    for name, system in _systems(host, by="mount"):
        if "ro" in system["options"]:
            remedy = f"see why: `journalctl -k --no-pager | tail -50`; `findmnt {system['mount']}`"
            yield Found(f"{name} is read-only", remedy=remedy, of=system["purposes"])


@CHECKS.of_host(
    "disk-noexec",
    ERROR,
    looks_at="how the directories of programs and containers are mounted",
    wanted="no option noexec",
    why="No program can be run from there: not the cluster's, or none of any container.",
    remedy="take noexec out of /etc/fstab: `findmnt --target DIRECTORY` names the mount",
    bare=True,
    explains=("unit-down",),
)
def _noexec(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    for one in _of(host, *_OF_PROGRAMS):
        if "noexec" in one["options"]:
            remedy = f"take noexec out of its line in /etc/fstab, then `mount -o remount,exec {one['mount']}`"
            yield Found(f"{one['path']} is on {one['mount']}, which is mounted with noexec", remedy=remedy)


@CHECKS.of_host(
    "disk-etcd-remote",
    ERROR,
    looks_at="the file system of etcd's data",
    wanted="one of this machine",
    why="etcd needs a disk that says truly when a write is safe, and soon. File systems of the network do not.",
    remedy="give etcd a local disk: mount one at its data directory, and let the member join anew",
    bare=True,
)
def _remote(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    for one in _of(host, "etcd"):
        if one["kind"].startswith(_REMOTE):
            yield Found(f"{one['path']} is on {one['source']} ({one['kind']})")


@CHECKS.of_host(
    "disk-in-memory",
    ERROR,
    looks_at="the file systems of etcd, of the kubelet and of Docker",
    wanted="a disk",
    why="What is in memory is lost with the next reboot.",
    remedy="mount a disk there: `findmnt --target DIRECTORY` shows what is mounted",
    bare=True,
)
def _in_memory(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    for one in _of(host, *_OF_STATE):
        if one["kind"] in _IN_MEMORY:
            yield Found(f"{one['path']} is on a {one['kind']}", remedy=f"mount a disk there: `findmnt --target {one['path']}`")


def _of(host: HostFacts, *purposes: str) -> list[t.Any]:
    return [one for one in host["disks"]["directories"] if one["purpose"] in purposes and one["exists"]]
