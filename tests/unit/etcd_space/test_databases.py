# SPDX-License-Identifier: GPL-3.0-or-later
"""How the databases of etcd's members are told."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd import databases

MIB = 1 << 20
WELL = {
    "fault": "",
    "learner": False,
    "leader": "1",
    "linearizable": True,
    "errors": [],
    "version": "3.7.2",
    "size": 40 * MIB,
    "in_use": 10 * MIB,
    "quota": 100 * MIB,
    "index": 4711,
    "cluster": "3.7.0",
    "storage": "3.7.0",
    "downgrade": "",
}
ALARM = [["2", "NOSPACE"]]


def entry(number: int, **fields: t.Any) -> dict[str, t.Any]:
    return {"url": f"https://db{number}:2379", "name": f"db{number}", "id": str(number), "alarms": ALARM, **WELL, **fields}


def found(*members: dict[str, t.Any]) -> databases.Databases:
    known = {str(number): f"db{number}" for number in (1, 2, 3)}
    answer = {"members": list(members), "names": known, "voters": 3, "revision": 9, "compacted": False}
    return databases.databases(answer, names={f"https://db{number}:2379": f"of the inventory {number}" for number in (1, 2, 3)})


def test_each_member_has_a_line_and_each_alarm() -> None:
    silent = {"version": "", "linearizable": False, "fault": "Connection refused", "name": "", "id": "", "leader": "", "alarms": []}
    lines = databases.lines(found(entry(2, learner=True, linearizable=False), entry(1), entry(3, **silent)))
    assert lines[:3] == [
        "db1: etcd 3.7.2, leader, 40.0 MiB, 10.0 MiB in use (75 % free), 40.0 % of the quota of 100.0 MiB, raft index 4711",
        "db2: etcd 3.7.2, learner, 40.0 MiB, 10.0 MiB in use (75 % free), 40.0 % of the quota of 100.0 MiB, raft index 4711",
        "of the inventory 3 does not answer: Connection refused",
    ]
    assert lines[3].startswith("alarm NOSPACE of db2: etcd takes no writes")
    assert len(lines) == 4


def test_a_member_without_a_leader_says_why() -> None:
    (line, _alarm) = databases.lines(found(entry(1, linearizable=False, leader="", errors=["etcdserver: no leader"])))
    assert line.startswith("db1: etcd 3.7.2, follower, ") and line.endswith("not healthy: etcdserver: no leader")


@pytest.mark.parametrize(
    ("levels", "told"),
    [
        ({"downgrade": "3.6.0"}, "raft index 4711, on the way back to 3.6.0, data of 3.7.0"),
        ({"cluster": "3.6.0", "storage": "3.6.0"}, "raft index 4711, data of 3.6.0"),
        # a member of 3.5 does not say it
        ({"version": "3.5.26", "cluster": "3.5.0", "storage": ""}, "raft index 4711"),
    ],
)
def test_a_member_on_the_way_back_says_so(levels: dict[str, str], told: str) -> None:
    assert databases.lines(found(entry(1, **levels)))[0].endswith(told)


@pytest.mark.parametrize(
    ("size", "in_use", "quota", "free", "full"),
    [
        (100, 40, 200, 60, False),
        (200, 200, 200, 0, True),
        # no room for a write of 1.5 MiB
        (199, 40, 200, 159, True),
        (198, 40, 200, 158, False),
        # without a quota
        (0, 0, 0, 0, False),
        (100, 120, -1, 0, False),
    ],
)
def test_what_is_free_and_what_is_full(size: int, in_use: int, quota: int, free: int, full: bool) -> None:
    (member,) = found(entry(1, size=size * MIB, in_use=in_use * MIB, quota=quota * MIB)).members
    assert (member.free // MIB, member.full) == (free, full)


@pytest.mark.parametrize(("number", "text"), [(20480, "20 KiB"), (MIB, "1.0 MiB"), (8 << 30, "8.0 GiB")])
def test_sizes_are_in_the_unit_that_fits(number: int, text: str) -> None:
    assert databases.size(number) == text


def test_the_best_answer_is_of_the_host_that_found_most_members_well() -> None:
    well, alone = {"members": [entry(1), entry(2)]}, {"members": [entry(1), entry(2, linearizable=False)]}
    assert databases.best({"h1": {"unreachable": True}, "h2": alone, "h3": well, "h4": well, "h5": {}}) == "h3"
    assert databases.best({"h1": {"unreachable": True}, "h5": {}}) == ""
