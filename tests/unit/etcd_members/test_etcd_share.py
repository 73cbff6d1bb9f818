# SPDX-License-Identifier: GPL-3.0-or-later
"""Which host does what of a plan, and when a host has nothing to plan."""

from __future__ import annotations

import pathlib
import time
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd import host_plan
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.looks import Looks
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.steps import Policy

BARE = (False, None)
RUNS = (True, 50)
STOPPED = (True, None)


def wanted(names: str) -> t.Any:
    return host_plan.wanted_of(
        {"host": f"h-{name}", "name": name, "address": "", "peer_url": f"https://{name}:2380", "client_url": f"https://{name}:2379"}
        for name in names
    )


def look(local: tuple[bool, int | None], *, members: str = "", healthy: str = "", **addresses: str) -> dict[str, t.Any]:
    entries = [
        {
            "id": f"id-{name}",
            "name": name,
            "peer_urls": [addresses.get(name, f"https://{name}:2380")],
            "client_urls": [f"https://{name}:2379"],
            "learner": False,
        }
        for name in members
    ]
    answers = [
        {
            "url": f"https://{name}:2379",
            "cluster_id": "1",
            "member_id": f"id-{name}",
            "leader": "id-a",
            "learner": False,
            "errors": [],
            "linearizable": True,
            "applied": 9,
            "members": entries,
        }
        for name in healthy
    ]
    return {"host": {"data": local[0], "committed": local[1]}, "answers": answers, "used": [], "at": time.time(), "settled": False}


def shares(names: str, present: str = "", **looks: dict[str, t.Any]) -> dict[str, tuple[list[str], bool, bool]]:
    """Of each host that looked: its steps, whether it holds the unit back, whether the start waits for others."""
    found = {f"h-{name}": value for name, value in looks.items()}
    view = host_plan.view_of(found)
    plan = host_plan.plan(wanted(names), view, Policy())
    parts = {host: host_plan.share(plan, view=view, host=host, present=[f"h-{name}" for name in present or names]) for host in found}
    return {
        host.removeprefix("h-"): ([f"{action.operation} {action.target}" for action in part.actions], part.hold, part.together)
        for host, part in parts.items()
    }


def test_a_first_start_is_the_units_and_waits_for_nobody() -> None:
    assert shares("abc", a=look(BARE), b=look(BARE), c=look(BARE)) == dict.fromkeys("abc", ([], False, True))


def test_a_stopped_member_is_started_by_its_unit() -> None:
    there = {"members": "abc", "healthy": "ab"}
    assert shares("abc", a=look(RUNS, **there), c=look(STOPPED, **there))["c"] == ([], False, False)


def test_who_joins_starts_itself_and_removes_who_goes() -> None:
    there = {"members": "abc", "healthy": "abc"}
    found = shares("dbc", d=look(BARE), b=look(RUNS, **there), c=look(RUNS, **there))
    assert found == {"d": (["add d", "start d", "promote d", "remove a"], True, False), "b": ([], False, False), "c": ([], False, False)}


def test_a_removal_alone_is_done_by_one_of_those_that_are_there() -> None:
    there = {"members": "abc", "healthy": "abc"}
    looks = {"b": look(RUNS, **there), "c": look(RUNS, **there)}
    assert shares("bc", **looks) == {"b": (["remove a"], False, False), "c": ([], False, False)}
    assert shares("bc", present="c", **looks)["c"] == (["remove a"], False, False)


def test_lost_data_and_a_changed_address_are_the_hosts_own() -> None:
    lost = {"members": "abc", "healthy": "ab"}
    looks = {"a": look(RUNS, **lost), "b": look(RUNS, **lost), "c": look(BARE, **lost)}
    assert shares("abc", **looks)["c"] == (["remove c", "add c", "start c", "promote c"], True, False)
    moved = {"members": "abc", "healthy": "abc", "c": "https://old:2380"}
    looks = {"a": look(RUNS, **moved), "b": look(RUNS, **moved), "c": look(RUNS, **moved)}
    assert shares("abc", **looks) == {"a": ([], False, False), "b": ([], False, False), "c": (["update c", "start c"], True, False)}


def test_a_first_start_beside_an_apiserver_of_other_members_is_refused() -> None:
    view = host_plan.view_of({"h-d": look(BARE)})
    plan = host_plan.plan(wanted("d"), view, Policy())
    host_plan.refuse_to_forget(plan, wanted=wanted("d"), used=[])
    host_plan.refuse_to_forget(plan, wanted=wanted("d"), used=["https://d:2379", "https://a:2379"])
    with pytest.raises(PlanError, match=r"uses https://a:2379, and none of these is a member in the inventory.*Nothing was changed"):
        host_plan.refuse_to_forget(plan, wanted=wanted("d"), used=["https://a:2379"])


def test_with_a_quorum_a_host_goes_by_what_the_members_say() -> None:
    there = {"members": "abc", "healthy": "abc"}
    looks = {"h-d": look(BARE, **there), "h-e": look(BARE)}
    actions = host_plan.next_for("h-d", wanted=wanted("abcde"), looks=looks, policy=Policy())
    assert [(action.operation, action.target) for action in actions] == [("add", "d"), ("start", "d"), ("promote", "d")]


def test_without_a_quorum_only_who_comes_first_begins() -> None:
    looks = {"h-a": look((True, 9)), "h-b": look((True, 12)), "h-c": look(BARE)}
    steps = {
        host: [
            (action.operation, action.target)
            for action in host_plan.next_for(host, wanted=wanted("abc"), looks=looks, policy=Policy(disaster_recovery=True))
        ]
        for host in looks
    }
    assert steps == {"h-a": [], "h-b": [("rebuild", "b")], "h-c": []}


@pytest.mark.parametrize(
    ("names", "found", "outcome"),
    [
        ("abc", look(RUNS, members="abc", healthy="abc"), True),
        ("abc", look(RUNS, members="abc", healthy="ab"), False),
        ("ab", look(RUNS, members="abc", healthy="abc"), False),
        ("abcd", look(RUNS, members="abc", healthy="abc"), False),
        ("abc", look(BARE, members="abc", healthy="abc"), False),
        ("abc", look(RUNS, members="abc", healthy="abc", b="https://old:2380"), False),
        ("abc", look(RUNS), False),
    ],
)
def test_settled(names: str, found: dict[str, t.Any], outcome: bool) -> None:
    assert host_plan.settled(wanted(names), host_plan.view_of({"h-a": found}), host="h-a") is outcome


class HostVars(dict[str, dict[str, t.Any]]):
    def raw_get(self, host: str) -> dict[str, t.Any]:
        return self[host]


def test_a_look_for_later_is_used_once(tmp_path: pathlib.Path) -> None:
    mine, others = look(RUNS), look(BARE)
    hostvars = HostVars(b={"etcd_look": others}, c={"etcd_look": {"unreachable": True}}, d={})
    looks = Looks({"etcd_look": mine, "hostvars": hostvars}, given=[], directory=tmp_path, host="a")
    assert looks.earlier("a") is None
    looks.keep_for_later("a")
    assert looks.earlier("a") == mine
    assert looks.earlier("a") is None
    assert looks.earlier("b") == others
    assert looks.earlier("c") == {"away": True}
    assert looks.earlier("d") is None
    assert looks.of("abcd") == {"a": mine, "b": others}


def test_an_old_look_is_none(tmp_path: pathlib.Path) -> None:
    hostvars = HostVars(b={"etcd_look": {**look(BARE), "at": time.time() - 3600}})
    assert Looks({"hostvars": hostvars}, given=[], directory=tmp_path, host="a").earlier("b") is None


def test_a_look_that_was_asked_for_counts_more(tmp_path: pathlib.Path) -> None:
    given = [{**look(RUNS), "item": "b"}, {"item": "c", "unreachable": True}]
    looks = Looks({"hostvars": HostVars(b={"etcd_look": look(BARE)}, c={}), "etcd_look": {}}, given=given, directory=tmp_path, host="a")
    assert looks.of("abc")["b"]["host"]["data"] is True
    assert list(looks.of("abc")) == ["b"]
