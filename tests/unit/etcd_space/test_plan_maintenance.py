# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done to the databases of etcd's members, in which order, and what is refused."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client.alarms import Alarm
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd import plan_maintenance
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.databases import Database, Databases
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.maintenance_request import Request

MIB = 1 << 20
ALL = Request(compact=True, defragment=True, disarm=True)
DEFRAGMENT = Request(defragment=True)
DISARM = Request(disarm=True)


def database(name: str, **fields: t.Any) -> Database:
    well = Database(name, f"https://{name}:2379", id=name, healthy=True, version="3.7.2", size=40 * MIB, in_use=10 * MIB, quota=100 * MIB)
    return dataclasses.replace(well, **fields)


def down(name: str) -> Database:
    return Database(name, f"https://{name}:2379", fault="Connection refused")


def seen(*members: Database, leads: str = "a", **fields: t.Any) -> Databases:
    found = tuple(dataclasses.replace(member, leads=member.name == leads) for member in members)
    voters = sum(not member.learner for member in members)
    return Databases(found, **{"voters": voters, "revision": 50, "names": {member.name: member.name for member in members}, **fields})


def three(**fields: t.Any) -> Databases:
    return seen(*map(database, "abc"), **fields)


def steps(found: Databases, request: Request) -> list[tuple[str, str]]:
    return [(action.operation, action.target) for action in plan_maintenance.plan(found, request)]


def refused(found: Databases, request: Request) -> str:
    with pytest.raises(PlanError) as error:
        plan_maintenance.plan(found, request)
    return str(error.value)


NOSPACE = (Alarm("a", "NOSPACE"),)


def test_the_leader_comes_last() -> None:
    defragmented = [("defragment", "b"), ("defragment", "c"), ("defragment", "a")]
    assert steps(three(alarms=NOSPACE), ALL) == [("compact", "etcd"), *defragmented, ("disarm", "etcd")]
    assert steps(three(), DEFRAGMENT) == defragmented


def test_nothing_is_done_that_is_not_asked_for_or_not_needed() -> None:
    assert steps(three(alarms=NOSPACE), Request()) == []
    tight = [database(name, in_use=39 * MIB) for name in "abc"]
    assert steps(seen(*tight, compacted=True), ALL) == []
    assert steps(seen(*tight), DEFRAGMENT) == []
    wanted = Request(defragment=True, defragment_above=2)
    assert steps(seen(*tight), wanted) == [("defragment", "b"), ("defragment", "c"), ("defragment", "a")]
    small = [database(name, size=MIB, in_use=MIB // 2) for name in "abc"]
    assert steps(seen(*small), DEFRAGMENT) == []


def test_after_a_compaction_all_are_defragmented() -> None:
    """How much it will free is not known before."""
    tight = [database(name, in_use=39 * MIB) for name in "abc"]
    assert steps(seen(*tight), ALL) == [("compact", "etcd"), ("defragment", "b"), ("defragment", "c"), ("defragment", "a")]


def test_a_learner_is_left_alone() -> None:
    found = seen(*map(database, "abc"), database("d", learner=True, healthy=False))
    assert ("defragment", "d") not in steps(found, DEFRAGMENT)


@pytest.mark.parametrize(
    "members",
    [
        [database("a"), database("b"), down("c")],
        [database("a"), database("b"), database("c", healthy=False, fault="no leader")],
    ],
    ids=["down", "without a leader"],
)
def test_no_member_is_defragmented_while_another_is_not_well(members: list[Database]) -> None:
    found = seen(*members)
    assert "2 of 3 voters are healthy: c: " in refused(found, DEFRAGMENT)
    assert "2 of 3 voters are healthy: c: " in refused(found, ALL), "not even the compaction begins"
    assert steps(seen(*members, alarms=NOSPACE), DISARM) == [("disarm", "etcd")], "the quorum suffices"


def test_a_member_that_nobody_could_ask_counts_as_bad() -> None:
    assert "2 of 3 voters are healthy" in refused(seen(database("a"), database("b"), voters=3), DEFRAGMENT)


def test_without_a_quorum_nothing_is_done() -> None:
    found = seen(database("a", healthy=False, fault="no leader"), down("b"), down("c"), leads="")
    assert "no member answers with a quorum behind it: a: no leader; b: Connection refused" in refused(found, Request(compact=True))


def test_an_alarm_that_would_come_back_is_not_ended() -> None:
    full = seen(database("a", size=100 * MIB), database("b"), database("c"), alarms=NOSPACE)
    message = refused(full, DISARM)
    assert "still near their quota are a (100.0 MiB, quota 100.0 MiB)" in message
    assert "raise etcd_quota_backend_bytes and run site.yml" in message
    assert steps(full, ALL)[-1] == ("disarm", "etcd"), "there may be room after the other steps"
    with pytest.raises(PlanError, match="would be raised again"):
        plan_maintenance.refuse(full, plan_maintenance.plan(full, ALL)[-1:])


def test_the_alarm_corrupt_is_no_matter_of_space() -> None:
    message = refused(three(alarms=(Alarm("b", "CORRUPT"), *NOSPACE)), ALL)
    assert "alarm CORRUPT of b: the data of members differs" in message
    assert "ends the alarm NOSPACE only" in message


def test_the_alarm_of_a_former_member_ends_too() -> None:
    found = three(alarms=(Alarm("255", "NOSPACE"),))
    (action,) = plan_maintenance.plan(found, DISARM)
    assert action.before == "NOSPACE of a former member\n"
    assert plan_maintenance.payload(found, action) == {"url": "https://a:2379", "alarms": [["255", "NOSPACE"]]}


def test_who_leads_now_comes_last() -> None:
    pending = plan_maintenance.plan(three(), DEFRAGMENT)
    order = []
    for leader in ("b", "b", "b"):
        action = plan_maintenance.following(three(leads=leader), pending)
        order.append(action.target)
        pending.remove(action)
    assert order == ["a", "c", "b"]


def test_a_leader_has_an_heir_if_there_is_one() -> None:
    action = next(action for action in plan_maintenance.plan(three(), DEFRAGMENT) if action.target == "a")
    assert plan_maintenance.payload(three(), action) == {"url": "https://a:2379", "name": "a", "heir": "b"}
    assert plan_maintenance.payload(three(leads="c"), action)["heir"] == ""
    assert plan_maintenance.payload(seen(database("a")), action)["heir"] == ""


def test_a_member_that_left_meanwhile_is_told() -> None:
    action = next(action for action in plan_maintenance.plan(three(), DEFRAGMENT) if action.target == "b")
    with pytest.raises(PlanError, match="b is no member any more"):
        plan_maintenance.payload(seen(database("a"), database("c")), action)
