# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts and faults of the group ``etcd``. The cluster of the tests has one member; some faults need another one in the inventory."""

from __future__ import annotations

import typing as t

from doctor_situation import NOW, Fault, Situation

PEER = "https://192.0.2.10:2380"
MIB = 1 << 20
FAULTS: dict[str, Fault] = {
    "etcd-no-quorum": Fault(lambda s: _three(s, own={"linearizable": False, "leader": ""}), "m1: no leader", "restore.yml", host=""),
    "etcd-silent": Fault(
        lambda s: _own(s, members=None, linearizable=False, fault="Connection refused"),
        "Connection refused",
        "journalctl -u etcd",
        host="m1",
    ),
    "etcd-not-healthy": Fault(lambda s: _metrics(s, status=503, health="RAFT NO LEADER"), "status 503", "journalctl -u etcd", host="m1"),
    "etcd-member-away": Fault(
        lambda s: _of(s)["ways"].append({"host": "w1", "client": "", "peer": "timed out"}),
        "its peer port: timed out, seen from m1",
        "firewall",
    ),
    "etcd-members-differ": Fault(
        lambda s: _member(s, name="old", peer_urls=["https://192.0.2.99:2380"]), "not in the inventory: old", "site.yml", host=""
    ),
    "etcd-clusters-differ": Fault(lambda s: _three(s, other={"cluster_id": "7"}), "7 on w1", "etcdctl member list", host=""),
    "etcd-learner": Fault(lambda s: _own(s, learner=True, linearizable=False, members=[]), "it is a learner", "site.yml", host="m1"),
    "etcd-alarm": Fault(
        lambda s: (_own(s, errors=["memberID:17 alarm:NOSPACE"], size=2048 * MIB, in_use=2000 * MIB), _metrics(s, status=503)),
        "NOSPACE of m1",
        "etcd_compact=true",
        host="",
    ),
    "etcd-complains": Fault(lambda s: _own(s, errors=["etcdserver: no leader"]), "no leader", "journalctl -u etcd", host="m1"),
    "etcd-versions-differ": Fault(lambda s: _own(s, version="3.6.16"), "3.6.16 on m1", "upgrade.yml", host=""),
    "etcd-behind": Fault(lambda s: _three(s, other={"applied": 100}), "19900 entries behind", "journalctl -u etcd"),
    "etcd-database-full": Fault(
        lambda s: _own(s, size=2030 * MIB, in_use=2000 * MIB), "2030 MiB of 2048 MiB", "etcd_defragment", host="m1"
    ),
    "etcd-database-filling": Fault(lambda s: _own(s, size=1700 * MIB, in_use=1600 * MIB), "1700 MiB", "etcd_quota_backend", host="m1"),
    "etcd-fragmented": Fault(lambda s: _own(s, size=500 * MIB, in_use=50 * MIB), "50 MiB in use", "etcd_defragment=true", host="m1"),
    "etcd-disk-slow": Fault(lambda s: _metrics(s, sync=0.256), "256 ms for the log", "iostat", host="m1"),
    "etcd-leaders-change": Fault(lambda s: _metrics(s, leader_changes=90.0), "90 times in 10 hours", "journalctl -u etcd", host="m1"),
    "etcd-backup-old": Fault(lambda s: s.controller.update(backup=NOW - 9 * 86400), "the newest is 9 days old", "backup.yml", host=""),
}


def healthy(host: str) -> dict[str, t.Any]:
    if host != "m1":
        return {}
    return {"etcd": {"own": _said(), "metrics": _page(), "ways": [], "snapshots": None}}


def _said(**changes: t.Any) -> dict[str, t.Any]:
    return {
        "members": [{"id": "17", "name": "m1", "peer_urls": [PEER], "client_urls": [], "learner": False}],
        "fault": "",
        "linearizable": True,
        "learner": False,
        "leader": "17",
        "applied": 20_000,
        "errors": [],
        "cluster_id": "99",
        "member_id": "17",
        "seconds": 0.01,
        "size": 20 * MIB,
        "in_use": 15 * MIB,
        "quota": 2048 * MIB,
        "version": "3.7.2",
        "level": "3.7.0",
        **changes,
    }


def _page() -> dict[str, t.Any]:
    return {
        "fault": "",
        "status": 200,
        "health": '{"health":"true"}',
        "sync": 0.008,
        "commit": 0.016,
        "leader_changes": 1.0,
        "started": NOW - 36_000,
    }


def _of(situation: Situation) -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", situation.groups["m1"]["etcd"])


def _own(situation: Situation, **changes: t.Any) -> None:
    _of(situation)["own"].update(changes)


def _metrics(situation: Situation, **changes: t.Any) -> None:
    _of(situation)["metrics"].update(changes)


def _member(situation: Situation, **member: t.Any) -> None:
    _of(situation)["own"]["members"].append({"id": "18", "client_urls": [], "learner": False, **member})


def _three(situation: Situation, *, own: dict[str, t.Any] | None = None, other: dict[str, t.Any] | None = None) -> None:
    """A second member on w1, in the inventory too."""
    peer = "https://192.0.2.11:2380"
    etcd = situation.cluster["etcd"]
    situation.cluster["etcd"] = {**etcd, "members": [*etcd["members"], {"host": "w1", "name": "w1", "peer_url": peer}]}
    situation.cluster["etcd_hosts"] = ["m1", "w1"]
    _member(situation, name="w1", peer_urls=[peer])
    _own(situation, **(own or {}))
    second = {**_said(members=_of(situation)["own"]["members"], **(own or {})), **(other or {})}
    situation.groups["w1"]["etcd"] = {"own": second, "metrics": _page(), "ways": [], "snapshots": None}
