# SPDX-License-Identifier: GPL-3.0-or-later
"""The faults of the table, made on lab hosts and taken away again. To make one that is there already does nothing."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import pathlib
import typing as t

from .. import failing
from ..driver import Cluster, eventually

MASTER1, MASTER2, MASTER3 = MASTERS = tuple(f"k8s.master{number}.dev" for number in (1, 2, 3))
WORKER1, WORKER2 = "k8s.minion1.dev", "k8s.minion2.dev"
BALANCER1 = "k8s.balancer1.dev"
# Room that the full disk has left for etcd, in MiB: it was just started, and writes into what it has reserved.
_ROOM = 2
_FULL = f"""\
mountpoint -q /var/lib/etcd.full && exit 0
systemctl stop etcd
mkdir -p /var/lib/etcd.full
size=$(( $(du -sm /var/lib/etcd | cut -f 1) + {_ROOM + 2} ))
mount -t tmpfs -o size=${{size}}m tmpfs /var/lib/etcd.full
cp -a /var/lib/etcd/. /var/lib/etcd.full/
chown --reference=/var/lib/etcd /var/lib/etcd.full
chmod --reference=/var/lib/etcd /var/lib/etcd.full
mount --bind /var/lib/etcd.full /var/lib/etcd
systemctl start etcd
free=$(( $(df --output=avail -m /var/lib/etcd | tail -n 1) - {_ROOM} ))
[ $free -le 0 ] || dd if=/dev/zero of=/var/lib/etcd.full/ballast bs=1M count=$free status=none
"""
_NOT_FULL = """\
mountpoint -q /var/lib/etcd.full || exit 0
rm -f /var/lib/etcd.full/ballast
systemctl stop etcd
umount /var/lib/etcd
rm -rf /var/lib/etcd/*
cp -a /var/lib/etcd.full/. /var/lib/etcd/
umount /var/lib/etcd.full
rmdir /var/lib/etcd.full
systemctl reset-failed etcd
systemctl start etcd
"""
# Read by Python before Ansible starts: the controller's clock is 20 minutes ahead, and so is everything that asks for the time.
_SHIFTED = """\
import time

_true = time.time
time.time = lambda: _true() + 1200.0
"""


@dataclasses.dataclass(frozen=True)
class Fault:
    """``lost`` hosts have no power; ``sick`` ones answer, and their etcd does not work. ``names``: what health must name.
    ``found``: what the doctor must say, by id or words.

    ``quorum`` and ``api``: whether etcd has a quorum, and the well masters a ready apiserver.

    ``master`` and ``worker`` are well and are those that a test takes out; ``environment`` is that of the controller.
    """

    make: c.Callable[[Cluster], None]
    mend: c.Callable[[Cluster], None]
    lost: tuple[str, ...] = ()
    sick: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    found: tuple[str, ...] = ()
    master: str = MASTER2
    worker: str = WORKER1
    quorum: bool = True
    api: bool = True
    environment: t.Mapping[str, str] = dataclasses.field(default_factory=dict)


def running(cluster: Cluster) -> list[str]:
    return [host["name"] for host in cluster.status()["hosts"] if host["state"] == "running"]


def _power_off(hosts: c.Iterable[str]) -> c.Callable[[Cluster], None]:
    def make(cluster: Cluster) -> None:
        up = running(cluster)
        for host in hosts:
            if host in up:
                cluster.lab("stop", host)

    return make


def _power_on(cluster: Cluster) -> None:
    up = running(cluster)
    for host in [entry["name"] for entry in cluster.status()["hosts"] if entry["name"] not in up]:
        cluster.lab("start", host)


def _on(command: str, *hosts: str) -> c.Callable[[Cluster], None]:
    def run(cluster: Cluster) -> None:
        for host in hosts:
            cluster.on(host, command)

    return run


def _off(*hosts: str, **options: t.Any) -> Fault:
    names = tuple(f"{host}: does not answer" for host in hosts)
    return Fault(_power_off(hosts), _power_on, lost=hosts, names=names, found=("[host-away", *hosts), **options)


def _nothing(_cluster: Cluster) -> None:
    """Nothing is wrong."""


def _cut(cluster: Cluster) -> None:
    failing.isolate(cluster, MASTER3)
    # The others need a leader that they reach.
    eventually(lambda: failing.healthy_members(cluster, MASTER1) == 2, deadline=60, wanted="two healthy members, seen by the first")


def clock(folder: pathlib.Path) -> Fault:
    """A controller whose clock is ahead; the clock of hosts in the lab is that of the machine."""
    (folder / "sitecustomize.py").write_text(_SHIFTED, encoding="utf-8")
    return Fault(_nothing, _nothing, found=("[time-controller-off",), environment={"PYTHONPATH": str(folder)})


def faults(folder: pathlib.Path, hosts: c.Collection[str]) -> dict[str, Fault]:
    """By the row of the table, on an inventory with these hosts. The folder is for what a fault of the controller needs."""
    first = [host for host in (MASTER1, WORKER1, BALANCER1) if host in hosts]
    return {
        "nothing is wrong": Fault(_nothing, _nothing),
        "a worker off": _off(WORKER1, worker=WORKER2),
        "a master off": _off(MASTER3),
        "first hosts off": _off(*first, worker=WORKER2),
        "member stopped": Fault(
            _on("systemctl stop etcd", MASTER3),
            _on("systemctl start --no-block etcd", MASTER3),
            sick=(MASTER3,),
            names=("https://192.168.200.103:2379 is unhealthy", f"{MASTER3}: its apiserver"),
            found=(f"{MASTER3}: etcd.service is inactive",),
        ),
        "member cut off": Fault(
            _cut,
            _on_lab("heal"),
            sick=(MASTER3,),
            names=(f"seen from {MASTER3}", "https://192.168.200.103:2379 is unhealthy"),
            found=(f"the pod network: not between {MASTER3} and ",),
        ),
        "quorum lost": _off(MASTER2, MASTER3, master=MASTER1, quorum=False, api=False),
        "API away": Fault(
            _on("systemctl stop kube-apiserver", *MASTERS),
            _on("systemctl start --no-block kube-apiserver", *MASTERS),
            names=tuple(f"{host}: its apiserver is not ready" for host in MASTERS),
            found=(f"{', '.join(MASTERS)}: kube-apiserver.service is inactive",),
            api=False,
        ),
        "balancer off": _off(BALANCER1),
        "disk full": Fault(
            _on(_FULL, MASTER3), _on(_NOT_FULL, MASTER3), sick=(MASTER3,), found=(f"{MASTER3}: /var/lib/etcd", "[disk-full")
        ),
        "clock ahead": clock(folder),
    }


def _on_lab(command: str) -> c.Callable[[Cluster], None]:
    def run(cluster: Cluster) -> None:
        cluster.lab(command)

    return run
