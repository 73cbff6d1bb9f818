# SPDX-License-Identifier: GPL-3.0-or-later
"""Which host performs which part of a plan, who joins and leaves, and when there is nothing to plan."""

from __future__ import annotations

import pathlib
import time
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd import host_plan
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.observations import OTHERS, OWN, Observations
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.steps import Plan, Policy
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction

BARE = (False, None)
RUNS = (True, 50)
STOPPED = (True, None)


def wanted(names: str) -> t.Any:
    return host_plan.wanted_of(
        {"host": f"h-{name}", "name": name, "address": "", "peer_url": f"https://{name}:2380", "client_url": f"https://{name}:2379"}
        for name in names
    )


def observed(local: tuple[bool, int | None], *, members: str = "", healthy: str = "", **addresses: str) -> dict[str, t.Any]:
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
    return {
        "host": {"data": local[0], "committed": local[1]},
        "answers": answers,
        "used": [],
        "at": time.time(),
        "in_sync": False,
        "to_observe": [],
    }


def parts(names: str, present: str = "", **observations: dict[str, t.Any]) -> dict[str, tuple[list[str], bool, bool]]:
    """Of each observed host: its steps, whether it defers the start of the unit, whether it is an initial start."""
    found = {f"h-{name}": value for name, value in observations.items()}
    view = host_plan.view_of(found)
    plan = host_plan.plan(wanted(names), view, Policy())
    by_host = {host: host_plan.part_of(host, plan, view=view, present=[f"h-{name}" for name in present or names]) for host in found}
    return {
        host.removeprefix("h-"): ([f"{action.operation} {action.target}" for action in part.actions], part.defer_start, part.initial_start)
        for host, part in by_host.items()
    }


def test_a_first_start_is_the_units_and_waits_for_nobody() -> None:
    assert parts("abc", a=observed(BARE), b=observed(BARE), c=observed(BARE)) == dict.fromkeys("abc", ([], False, True))


def test_a_stopped_member_is_started_by_its_unit() -> None:
    there = {"members": "abc", "healthy": "ab"}
    assert parts("abc", a=observed(RUNS, **there), c=observed(STOPPED, **there))["c"] == ([], False, False)


def test_who_joins_starts_itself_and_removes_who_goes() -> None:
    there = {"members": "abc", "healthy": "abc"}
    found = parts("dbc", d=observed(BARE), b=observed(RUNS, **there), c=observed(RUNS, **there))
    assert found == {"d": (["add d", "start d", "promote d", "remove a"], True, False), "b": ([], False, False), "c": ([], False, False)}


def test_a_removal_alone_is_done_by_one_of_those_that_are_there() -> None:
    there = {"members": "abc", "healthy": "abc"}
    observations = {"b": observed(RUNS, **there), "c": observed(RUNS, **there)}
    assert parts("bc", **observations) == {"b": (["remove a"], False, False), "c": ([], False, False)}
    assert parts("bc", present="c", **observations)["c"] == (["remove a"], False, False)


def test_lost_data_and_a_changed_address_are_the_hosts_own() -> None:
    lost = {"members": "abc", "healthy": "ab"}
    observations = {"a": observed(RUNS, **lost), "b": observed(RUNS, **lost), "c": observed(BARE, **lost)}
    assert parts("abc", **observations)["c"] == (["remove c", "add c", "start c", "promote c"], True, False)
    moved = {"members": "abc", "healthy": "abc", "c": "https://old:2380"}
    observations = {"a": observed(RUNS, **moved), "b": observed(RUNS, **moved), "c": observed(RUNS, **moved)}
    assert parts("abc", **observations) == {"a": ([], False, False), "b": ([], False, False), "c": (["update c", "start c"], True, False)}


def test_a_first_start_beside_an_apiserver_of_other_members_is_refused() -> None:
    view = host_plan.view_of({"h-d": observed(BARE)})
    plan = host_plan.plan(wanted("d"), view, Policy())
    host_plan.refuse_to_forget(plan, wanted=wanted("d"), used=[])
    host_plan.refuse_to_forget(plan, wanted=wanted("d"), used=["https://d:2379", "https://a:2379"])
    with pytest.raises(PlanError, match=r"uses https://a:2379, and none of these is a member in the inventory.*Nothing was changed"):
        host_plan.refuse_to_forget(plan, wanted=wanted("d"), used=["https://a:2379"])


def test_a_slice_of_the_inventory_with_one_of_three_voters_is_refused() -> None:
    """Its firewalls would close to the other two."""
    there = {"members": "abc", "healthy": "abc"}
    view = host_plan.view_of({"h-b": observed(RUNS, **there)})

    def refuse(names: str, **policy: t.Any) -> None:
        plan = host_plan.plan(wanted(names), view, Policy(**policy))
        host_plan.refuse_a_part(plan, wanted=wanted(names), view=view, policy=Policy(**policy))

    with pytest.raises(PlanError, match=r"has 1 of 3 voters, and lacks a \(.*\), c \(.*Nothing was changed: .*whole inventory.*--limit"):
        refuse("b")
    refuse("abc")
    refuse("b", remove_unlisted="always")
    refuse("b", remove_unlisted="never")
    rebuild = PlannedAction(kind="etcd_member", operation="rebuild", target="b", reason="disaster recovery", data={"host": "h-b"})
    host_plan.refuse_a_part(Plan((rebuild,), ()), wanted=wanted("b"), view=view, policy=Policy(disaster_recovery=True))


def test_with_a_quorum_a_host_goes_by_what_the_members_say() -> None:
    there = {"members": "abc", "healthy": "abc"}
    observations = {"h-d": observed(BARE, **there), "h-e": observed(BARE)}
    actions = host_plan.next_for("h-d", wanted=wanted("abcde"), observations=observations, policy=Policy())
    assert [(action.operation, action.target) for action in actions] == [("add", "d"), ("start", "d"), ("promote", "d")]


def test_without_a_quorum_only_who_comes_first_begins() -> None:
    observations = {"h-a": observed((True, 9)), "h-b": observed((True, 12)), "h-c": observed(BARE)}
    steps = {
        host: [
            (action.operation, action.target)
            for action in host_plan.next_for(host, wanted=wanted("abc"), observations=observations, policy=Policy(disaster_recovery=True))
        ]
        for host in observations
    }
    assert steps == {"h-a": [], "h-b": [("rebuild", "b")], "h-c": []}


@pytest.mark.parametrize(
    ("names", "found", "outcome"),
    [
        ("abc", observed(RUNS, members="abc", healthy="abc"), True),
        ("abc", observed(RUNS, members="abc", healthy="ab"), False),
        ("ab", observed(RUNS, members="abc", healthy="abc"), False),
        ("abcd", observed(RUNS, members="abc", healthy="abc"), False),
        ("abc", observed(BARE, members="abc", healthy="abc"), False),
        ("abc", observed(RUNS, members="abc", healthy="abc", b="https://old:2380"), False),
        ("abc", observed(RUNS), False),
    ],
)
def test_in_sync(names: str, found: dict[str, t.Any], outcome: bool) -> None:
    assert host_plan.in_sync(wanted(names), host_plan.view_of({"h-a": found}), host="h-a") is outcome


def test_an_alarm_is_told_once_whoever_found_it() -> None:
    found = observed(RUNS, members="abc", healthy="abc")
    found["answers"] = [{**answer, "errors": ["memberID:7 alarm:NOSPACE"]} for answer in found["answers"]]
    for entry in found["answers"][0]["members"]:
        entry["id"] = {"a": "7"}.get(entry["name"], entry["id"])
    (told,) = host_plan.standing_alarms({"h-a": found, "h-b": found})
    assert told.startswith("etcd: alarm NOSPACE of a: etcd takes no writes until the alarm is disarmed")
    assert host_plan.standing_alarms({"h-a": observed(RUNS, members="abc", healthy="abc")}) == []


class HostVars(dict[str, dict[str, t.Any]]):
    def raw_get(self, host: str) -> dict[str, t.Any]:
        return self[host]


def test_an_observation_is_reused_once(tmp_path: pathlib.Path) -> None:
    mine, others = observed(RUNS), observed(BARE)
    hostvars = HostVars(b={OWN: others}, c={OWN: {"unreachable": True}}, d={})
    observations = Observations({OWN: mine, "hostvars": hostvars}, directory=tmp_path, host="a")
    assert observations.earlier("a") is None
    observations.allow_reuse("a")
    assert observations.earlier("a") == mine
    assert observations.earlier("a") is None
    assert observations.earlier("b") == others
    assert observations.earlier("c") == {"not_reached": True}
    assert observations.earlier("d") is None
    assert observations.by_host("abcd") == {"a": mine, "b": others}


def test_an_old_observation_is_made_again(tmp_path: pathlib.Path) -> None:
    hostvars = HostVars(b={OWN: {**observed(BARE), "at": time.time() - 3600}})
    assert Observations({"hostvars": hostvars}, directory=tmp_path, host="a").earlier("b") is None


def test_an_observation_from_here_counts_more(tmp_path: pathlib.Path) -> None:
    results = [{**observed(RUNS), "item": "b"}, {"item": "c", "unreachable": True}]
    variables = {"hostvars": HostVars(b={OWN: observed(BARE)}, c={}), OWN: {}, OTHERS: {"results": results}}
    observations = Observations(variables, directory=tmp_path, host="a")
    assert observations.by_host("abc")["b"]["host"]["data"] is True
    assert list(observations.by_host("abc")) == ["b"]


def test_what_another_host_has_observed_counts_where_nothing_else_is_known(tmp_path: pathlib.Path) -> None:
    results = [{**observed(RUNS), "item": "c", "used": ["https://c:2379"]}, {**observed(RUNS), "item": "b"}]
    hostvars = HostVars(b={OWN: observed(BARE), OTHERS: {"results": results}}, c={}, d={})
    observations = Observations({"hostvars": hostvars}, directory=tmp_path, host="a")
    assert {host: found["host"]["data"] for host, found in observations.by_host("abcd").items()} == {"b": False, "c": True}
    assert observations.used("abcd") == {"https://c:2379"}


def test_hosts_are_in_sync_as_far_as_they_take_part(tmp_path: pathlib.Path) -> None:
    hostvars = HostVars(b={OWN: {**observed(RUNS), "in_sync": True}}, c={}, d={OWN: {"unreachable": True}}, e={OWN: observed(BARE)})
    observations = Observations({"hostvars": hostvars}, directory=tmp_path, host="a")
    assert observations.all_in_sync("abc")
    assert not observations.all_in_sync("abcd")
    assert not observations.all_in_sync("abce")


# -- who joins, stays and leaves


def membership(names: str, **observations: dict[str, t.Any]) -> tuple[str, str, str]:
    plan = host_plan.plan(wanted(names), host_plan.view_of({f"h-{name}": found for name, found in observations.items()}), Policy())
    found = host_plan.membership(plan, wanted=wanted(names))
    return "".join(found.joining), "".join(found.staying), "".join(found.leaving)


@pytest.mark.parametrize(
    ("names", "found", "outcome"),
    [
        ("abc", {"a": observed(RUNS, members="abc", healthy="abc")}, ("", "abc", "")),
        ("ab", {"a": observed(BARE), "b": observed(BARE)}, ("ab", "", "")),
        ("dbc", {"d": observed(BARE), "b": observed(RUNS, members="abc", healthy="abc")}, ("d", "bc", "a")),
        ("bc", {"b": observed(RUNS, members="abc", healthy="abc")}, ("", "bc", "a")),
        # who lost the data joins again under another ID, and does not leave
        ("abc", {"a": observed(RUNS, members="abc", healthy="ab"), "c": observed(BARE)}, ("c", "ab", "")),
    ],
)
def test_membership(names: str, found: dict[str, dict[str, t.Any]], outcome: tuple[str, str, str]) -> None:
    assert membership(names, **found) == outcome


def test_only_masters_whose_own_member_leaves_switch() -> None:
    found = host_plan.Membership(joining=("d",), staying=("b",), leaving=("a", "b", "x"))
    masters = {"h-a": "a", "h-b": "b", "h-c": "c"}
    assert host_plan.apiservers_to_switch(found, masters=masters, wanted=wanted("bd")) == ["h-a"]


def test_a_removal_waits_for_the_host_that_joins() -> None:
    there = {"members": "abc", "healthy": "abc"}

    def removes_first(names: str, **observations: dict[str, t.Any]) -> list[str]:
        view = host_plan.view_of({f"h-{name}": found for name, found in observations.items()})
        plan = host_plan.plan(wanted(names), view, Policy())
        hosts = [f"h-{name}" for name in names]
        return [host for host in hosts if host_plan.part_of(host, plan, view=view, present=hosts).removes_first]

    assert removes_first("bc", b=observed(RUNS, **there), c=observed(RUNS, **there)) == ["h-b"]
    assert removes_first("dbc", d=observed(BARE), b=observed(RUNS, **there)) == []
