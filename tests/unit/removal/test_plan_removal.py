# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a host can be removed, through which hosts, and how its member leaves etcd."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._removal import plan_removal

UP = (True, 50)
EMPTY = (False, None)


def cluster(masters: str = "abc", etcd: str = "abc", nodes: str = "abcd") -> dict[str, t.Any]:
    return {
        "nodes": {f"h-{name}": {"name": name, "address": name} for name in {*masters, *etcd, *nodes}},
        "masters": [f"h-{name}" for name in masters],
        "etcd_hosts": [f"h-{name}" for name in etcd],
        "node_hosts": [f"h-{name}" for name in nodes],
        "etcd": {"members": [{"host": f"h-{name}", **member(name)} for name in etcd]},
    }


def member(name: str) -> dict[str, str]:
    return {"name": name, "peer_url": f"https://{name}:2380", "client_url": f"https://{name}:2379"}


def observed(members: str = "", healthy: str = "", *, quorum: bool = True, state: tuple[bool, int | None] = UP) -> dict[str, t.Any]:
    entries = [
        {"id": name, "name": name, "peer_urls": [f"https://{name}:2380"], "client_urls": [f"https://{name}:2379"], "learner": False}
        for name in members
    ]
    answers = [
        {
            "url": f"https://{name}:2379",
            "cluster_id": "1",
            "member_id": name,
            "leader": "b",
            "learner": False,
            "errors": [],
            "linearizable": quorum,
            "applied": 9,
            "members": entries,
        }
        for name in healthy
    ]
    return {"host": {"data": state[0], "committed": state[1]}, "answers": answers, "used": []}


def plan(host: str, answering: dict[str, dict[str, t.Any]], *, allow: bool = False, **groups: str) -> plan_removal.Removal:
    observations = {f"h-{name}": found for name, found in answering.items()}
    return plan_removal.plan(cluster(**groups), host, observations=observations, allow_unreachable=allow)


ALL = {name: observed("abc", "abc") for name in "abc"}


@pytest.mark.parametrize(
    ("host", "groups", "fault"),
    [
        ("", {}, "remove_node is not given, which is no host of the cluster"),
        ("h-z", {}, "remove_node is h-z, which is no host of the cluster"),
        ("h-a", {"masters": "a"}, "h-a is the only master"),
        ("h-b", {"etcd": "b"}, "h-b is the only member of etcd"),
    ],
)
def test_what_the_cluster_cannot_be_without_is_refused(host: str, groups: dict[str, str], fault: str) -> None:
    with pytest.raises(PlanError, match=f"^Nothing was changed: {fault}"):
        plan_removal.leaving(cluster(**groups), host)


def test_the_roles_of_the_host() -> None:
    found = plan_removal.leaving(cluster(masters="ab", etcd="bc", nodes="ad"), "h-a")
    assert (found.name, found.is_master, found.in_etcd, found.is_node) == ("a", True, False, True)
    assert found.member.peer_url == "https://a:2380"


def test_other_hosts_that_answer_are_asked() -> None:
    assert plan("h-a", ALL) == plan_removal.Removal(reachable=True, through_master="h-b", through_member="h-b")
    only_c = {"a": ALL["a"], "c": observed("abc", "ac")}
    with pytest.raises(PlanError, match=r"a cannot be removed now: not healthy: b .*Nothing was changed"):
        plan("h-a", only_c)
    assert plan("h-d", {"d": observed(), "c": observed("abc", "ac")}).through_master == "h-c"


def test_a_host_that_does_not_answer_needs_permission() -> None:
    others = {name: observed("abc", "bc") for name in "bc"}
    with pytest.raises(PlanError, match=r"h-a does not answer.*add -e remove_unreachable=true"):
        plan("h-a", others)
    assert plan("h-a", others, allow=True) == plan_removal.Removal(reachable=False, through_master="h-b", through_member="h-b")


def test_without_another_master_no_node_is_removed() -> None:
    with pytest.raises(PlanError, match="no master other than h-d answers"):
        plan("h-d", {"d": observed()})


def test_a_master_whose_apiserver_is_not_ready_is_passed_over() -> None:
    sick = {**ALL["b"], "api": "https://127.0.0.1:6443/readyz answers 500"}
    assert plan("h-d", {**ALL, "d": observed(), "b": sick, "a": {**ALL["a"], "api": "connection refused"}}).through_master == "h-c"


def test_without_a_ready_apiserver_nothing_is_changed() -> None:
    sick = {name: {**ALL[name], "api": f"{name} is not ready"} for name in "abc"}
    with pytest.raises(PlanError, match=r"^Nothing was changed: no apiserver other than that of h-d is ready.*h-b: b is not ready"):
        plan("h-d", {**sick, "d": observed()})


def test_a_host_without_a_node_needs_no_apiserver() -> None:
    groups = {"masters": "ab", "etcd": "cd", "nodes": "ab"}
    sick = {**observed("cd", "cd"), "api": "not ready"}
    assert plan("h-c", {"a": sick, "c": observed("cd", "cd"), "d": observed("cd", "cd")}, **groups).through_master == "h-a"


def test_a_host_without_a_node_needs_no_master() -> None:
    groups = {"masters": "ab", "etcd": "cd", "nodes": "ab"}
    found = plan("h-c", {"c": observed("cd", "cd"), "d": observed("cd", "cd")}, **groups)
    assert found == plan_removal.Removal(reachable=True, through_master="h-c", through_member="h-d")


def test_a_removal_that_would_lose_the_quorum_is_refused_before_anything_is_changed() -> None:
    groups = {"masters": "ab", "etcd": "ab", "nodes": "ab"}
    with pytest.raises(PlanError, match="1 of 2 voters are healthy and the quorum of 2 is 2"):
        plan("h-a", {"b": observed("ab", "b", quorum=True)}, allow=True, **groups)


def test_where_no_other_member_answers_a_member_is_not_removed() -> None:
    with pytest.raises(PlanError, match=r"no member other than a answers.*Nothing was changed"):
        plan("h-a", {"a": observed("abc", "a"), "b": observed(), "c": observed()})
    assert plan("h-d", {"d": observed(), "b": observed(), "c": observed()}).through_member == "h-b"


def leave(host: str, answers: dict[str, t.Any], *, groups: dict[str, str] | None = None, **states: tuple[bool, int | None]) -> list[str]:
    spec = cluster(**(groups or {}))
    observations = {f"h-{name}": observed(state=state) for name, state in states.items()}
    view = plan_removal.view_after(answers, observations)
    staying = plan_removal.staying_members(spec, host)
    actions = plan_removal.remove_member(plan_removal.leaving(spec, host), staying=staying, view=view)
    return [f"{action.operation} {action.target}" for action in actions]


def test_a_member_leaves_dead_or_alive() -> None:
    assert leave("h-a", observed("abc", "abc")) == ["remove a"]
    assert leave("h-a", observed("abc", "bc")) == ["remove a"]


def test_a_member_that_left_before_is_not_removed_again() -> None:
    assert leave("h-a", observed("bc", "bc")) == []


def test_a_host_that_the_members_list_though_the_inventory_does_not_leaves_too() -> None:
    assert leave("h-d", observed("abcd", "abcd")) == ["remove d"]


def test_what_has_to_be_mended_first_is_named() -> None:
    with pytest.raises(PlanError, match=r"a cannot be removed now: first start b \(has data and does not run\).*site\.yml first"):
        leave("h-a", observed("abc", "ac"), b=(True, None), c=UP)
    with pytest.raises(PlanError, match=r"c cannot take the place of a .*Nothing was changed"):
        leave("h-a", observed("abc", "abc"), b=UP, c=EMPTY)


def test_after_the_drain_a_refusal_does_not_say_that_nothing_was_changed() -> None:
    view = plan_removal.view_after(observed("abc", "ac"), {})
    with pytest.raises(PlanError, match=r"cannot be removed now.*No member was changed"):
        plan_removal.remove_member(
            plan_removal.leaving(cluster(), "h-a"),
            staying=plan_removal.staying_members(cluster(), "h-a"),
            view=view,
            unchanged="No member was changed",
        )


def test_whether_it_is_still_listed() -> None:
    found = plan_removal.leaving(cluster(), "h-a")
    assert plan_removal.is_listed(found, plan_removal.view_after(observed("abc", "bc"), {}))
    assert not plan_removal.is_listed(found, plan_removal.view_after(observed("bc", "bc"), {}))
