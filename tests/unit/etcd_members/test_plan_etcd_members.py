# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of an etcd cluster's membership: the cases by hand, and what holds for any. The quorum is in tests/unit/fuzz."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from etcd_views import EMPTY, RUNS, STOPPED, UNSEEN, joining, member, refused, seen, steps, url, wanted
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.cluster_view import (
    HostState,
    View,
    Wanted,
    view,
)
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.plan_members import plan
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.steps import Model, Policy, after
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction


def test_a_first_start_is_of_all_together() -> None:
    actions = plan(wanted=wanted("abc"), view=seen(None, a=EMPTY, b=EMPTY, c=EMPTY)).actions
    assert [(action.operation, action.target, action.data["state"]) for action in actions] == [("start", name, "new") for name in "abc"]
    assert {action.data["initial_cluster"] for action in actions} == {",".join(f"{name}={url(name)}" for name in "abc")}


def test_a_first_start_that_was_cut_short_goes_on() -> None:
    waiting = HostState(data=True, committed=3)
    assert steps("abc", seen(None, a=waiting, b=EMPTY, c=EMPTY)) == [("start", "b"), ("start", "c")]
    assert steps("abc", seen(None, a=STOPPED, b=EMPTY, c=EMPTY)) == [("start", "a")], "only its process tells whether it ever had a leader"


def test_nothing_is_started_anew_while_a_host_may_have_data() -> None:
    message = refused("abc", seen(None, a=EMPTY, b=EMPTY, c=UNSEEN))
    assert "no member answers, and c was not observed" in message


def test_data_without_a_quorum_is_never_a_first_start() -> None:
    message = refused("abc", seen(None, a=RUNS, b=EMPTY, c=EMPTY))
    assert "1 of 3 members run with data (a) and none of them has a leader; the quorum of 3 is 2. Bring back 1 more" in message
    assert "disaster_recovery: true" in message


def test_a_stopped_cluster_is_started_as_it_is() -> None:
    found = seen(None, a=STOPPED, b=STOPPED, c=EMPTY)
    assert steps("abc", found) == [("start", "a"), ("start", "b")]


def test_members_that_are_as_wanted_are_left_alone() -> None:
    found = seen([member(name) for name in "abc"], a=RUNS, b=RUNS, c=UNSEEN)
    assert plan(wanted=wanted("abc"), view=found).actions == ()
    assert plan(wanted=wanted("abc"), view=found).warnings == ()


@pytest.mark.parametrize("new", "abcd")
def test_any_member_can_be_added_the_first_too(new: str) -> None:
    there = [name for name in "abcd" if name != new]
    hosts = dict.fromkeys(there, RUNS)
    actions = plan(wanted=wanted("abcd"), view=seen([member(name) for name in there], **hosts, **{new: EMPTY})).actions
    assert [(action.operation, action.target) for action in actions] == joining(new)
    assert actions[1].data["state"] == "existing"
    assert sorted(actions[1].data["initial_cluster"].split(",")) == sorted(f"{name}={url(name)}" for name in "abcd")


def test_several_are_added_one_after_the_other() -> None:
    assert steps("abc", seen([member("b")], a=EMPTY, b=RUNS, c=EMPTY)) == joining("a") + joining("c")


def test_a_host_that_was_not_reached_is_not_added() -> None:
    outcome = plan(wanted=wanted("ab"), view=seen([member("b")], b=RUNS))
    assert outcome.actions == ()
    assert outcome.warnings == ("etcd: a was not observed and is not added; let the play reach it",)


@pytest.mark.parametrize("lost", "abc")
def test_a_member_that_lost_its_data_is_removed_and_added_again(lost: str) -> None:
    members = [member(name, healthy=name != lost) for name in "abc"]
    hosts = {name: EMPTY if name == lost else RUNS for name in "abc"}
    actions = plan(wanted=wanted("abc"), view=seen(members, **hosts)).actions
    assert [(action.operation, action.target) for action in actions] == [("remove", lost), *joining(lost)]
    assert "leaves 2 healthy of 2 voters, quorum 2" in actions[0].reason


def test_two_of_five_that_lost_their_data_go_before_the_first_comes_back() -> None:
    members = [member(name, healthy=name not in "ab") for name in "abcde"]
    found = seen(members, a=EMPTY, b=EMPTY, c=RUNS, d=RUNS, e=RUNS)
    assert steps("abcde", found) == [("remove", "a"), ("remove", "b"), *joining("a"), *joining("b")]


def test_a_lost_member_stays_while_it_could_not_come_back() -> None:
    members = [member(name, healthy=name not in "ab") for name in "abcde"]
    message = refused("abcde", seen(members, a=EMPTY, b=UNSEEN, c=RUNS, d=RUNS, e=RUNS))
    assert "a has lost its data, but etcd adds no member while a voter is not healthy: b (" in message
    assert "3 of 5 voters are healthy, the quorum is 3; nothing was changed" in message


def test_a_dead_member_goes_before_its_replacement_comes() -> None:
    members = [member("a", healthy=False), member("b"), member("c")]
    assert steps("bcd", seen(members, b=RUNS, c=RUNS, d=EMPTY)) == [("remove", "a"), *joining("d")]


def test_a_healthy_member_goes_after_its_replacement_has_come() -> None:
    assert steps("bcd", seen([member(name) for name in "abc"], b=RUNS, c=RUNS, d=EMPTY)) == [*joining("d"), ("remove", "a")]


def test_the_inventory_must_know_a_majority_or_be_believed() -> None:
    found = seen([member(name) for name in "abc"], c=RUNS)
    assert steps("c", found) == []
    assert "the inventory has 1 of 3 voters" in plan(wanted=wanted("c"), view=found).warnings[0]
    assert steps("c", found, remove_unlisted="always") == [("remove", "a"), ("remove", "b")]
    assert steps("bc", seen([member(name) for name in "abc"], b=RUNS, c=RUNS), remove_unlisted="never") == []


def test_no_member_goes_when_too_few_would_be_left() -> None:
    """Two of three are healthy; one of these is not in the inventory."""
    members = [member("a"), member("b"), member("c", healthy=False)]
    assert steps("bc", seen(members, b=RUNS), remove_unlisted="always") == []
    message = refused("bd", seen(members, b=RUNS, d=EMPTY), remove_unlisted="never")
    assert "d cannot be added now" in message
    assert "2 of 3 voters are healthy; in the way: c (" in message


def test_a_lost_quorum_is_refused_with_the_arithmetic_or_rebuilt() -> None:
    members = [member("a", healthy=False), member("b", healthy=False), member("c", healthy=False)]
    found = seen(members, a=EMPTY, b=EMPTY, c=RUNS)
    message = refused("abc", found)
    assert "0 of 3 voters are healthy and the quorum of 3 is 2" in message
    assert "Bring back 2 of them, or set etcd_disaster_recovery: true" in message
    assert steps("abc", found, disaster_recovery=True) == [("rebuild", "c"), *joining("a"), *joining("b")]


def test_a_rebuild_comes_after_a_start_that_was_not_enough() -> None:
    """And never from a host whose data is not of this cluster."""
    members = [member("a"), *(member(name, healthy=False) for name in "bcd")]
    found = seen(members, a=RUNS, c=STOPPED, f=HostState(data=True, committed=99))
    again = [("discard", "c"), *joining("c"), ("discard", "f"), *joining("f")]
    assert steps("acf", found, disaster_recovery=True) == [("start", "c"), ("rebuild", "a"), *again]


def test_a_rebuild_takes_the_one_that_has_committed_most() -> None:
    most = HostState(data=True, committed=51)
    assert steps("abcde", seen(None, a=RUNS, b=most, c=EMPTY, d=EMPTY, e=EMPTY), disaster_recovery=True) == [
        ("rebuild", "b"),
        ("discard", "a"),
        *joining("a"),
        *joining("c"),
        *joining("d"),
        *joining("e"),
    ]


def test_a_changed_peer_address() -> None:
    members = [member(name) for name in "bc"] + [member("a", peer_urls=("https://old.example:2380",))]
    actions = plan(wanted=wanted("abc"), view=seen(members, a=RUNS, b=RUNS, c=RUNS)).actions
    assert [(action.operation, action.target) for action in actions] == [("update", "a"), ("start", "a")]
    assert actions[0].data == {"host": "h-a", "id": "id-a", "peer_url": url("a")}
    assert f"a={url('a')}" in actions[1].data["initial_cluster"]


def test_a_changed_peer_address_that_takes_the_quorum_away_is_refused() -> None:
    members = [member("b"), member("a", peer_urls=("https://old.example:2380",))]
    message = refused("ab", seen(members, a=RUNS, b=RUNS))
    assert "1 of 2 voters would be healthy and the quorum of 2 is 2" in message
    assert steps("ab", seen(members, a=RUNS, b=RUNS), disaster_recovery=True) == [("update", "a"), ("start", "a")]


def test_exchanged_addresses_are_refused() -> None:
    members = [member("a", peer_urls=(url("b"),)), member("b", peer_urls=(url("a"),)), member("c")]
    assert "addresses cannot be exchanged in one run" in refused("abc", seen(members, a=RUNS, b=RUNS, c=RUNS))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (seen([member("a"), member("b", id="x", name="", learner=True, healthy=False)], a=RUNS, b=EMPTY), joining("b")[1:]),
        (seen([member("a"), member("b", name="", learner=True, healthy=False)], a=RUNS, b=STOPPED), joining("b")[1:]),
        (seen([member("a"), member("b", learner=True, healthy=False)], a=RUNS, b=RUNS), joining("b")[2:]),
        (seen([member("a"), member("b", learner=True)], a=RUNS, b=RUNS), joining("b")[2:]),
        (seen([member("a"), member("b", learner=True, healthy=False)], a=RUNS, b=EMPTY), [("remove", "b"), *joining("b")]),
    ],
)
def test_a_run_that_was_killed_is_gone_on_with(found: View, expected: list[tuple[str, str]]) -> None:
    assert steps("ab", found) == expected


def test_a_learner_of_nobody_makes_room() -> None:
    learner = member("x", name="", learner=True, healthy=False)
    assert steps("ab", seen([member("a"), learner], a=RUNS, b=EMPTY)) == [("remove", url("x")), *joining("b")]


def test_f22_the_dead_member_goes_before_one_that_runs_on_deleted_files() -> None:
    found = seen([member("a"), member("b", healthy=False), member("c")], a=EMPTY, b=EMPTY, c=RUNS)
    assert steps("abc", found)[:2] == [("remove", "b"), ("remove", "a")]


def test_data_of_a_removed_member_is_put_aside() -> None:
    assert steps("ab", seen([member("a")], a=RUNS, b=STOPPED)) == [("discard", "b"), *joining("b")]


# ---------------------------------------------------------------- what members say


def answer(name: str, *, of: list[str], **fields: t.Any) -> dict[str, t.Any]:
    entries = [
        {"id": f"id-{entry}", "name": entry, "peer_urls": [url(entry)], "client_urls": ["x"], "learner": entry == "l"} for entry in of
    ]
    common = {"url": f"https://{name}", "cluster_id": "1", "member_id": f"id-{name}", "leader": "id-a", "learner": False, "errors": []}
    return {**common, "linearizable": True, "applied": 9, "members": entries, **fields}


def test_the_list_of_a_member_with_a_quorum_counts() -> None:
    behind = answer("c", of=["a", "b", "c", "gone"], linearizable=False, applied=99)
    found = view(answers=[behind, answer("a", of=["a", "b", "c"])], hosts={}).members
    assert found is not None
    assert [(entry.name, entry.healthy) for entry in found] == [("a", True), ("b", False), ("c", False)]


def test_a_learner_is_healthy_with_a_leader() -> None:
    learner = answer("l", of=["a", "l"], linearizable=False, learner=True, members=[])
    found = view(answers=[answer("a", of=["a", "l"]), learner], hosts={}).members
    assert found is not None
    assert [(entry.learner, entry.healthy) for entry in found] == [(False, True), (True, True)]


def test_two_clusters_are_not_mixed() -> None:
    with pytest.raises(PlanError, match=r"2 different clusters.*https://b is of cluster 2"):
        view(answers=[answer("a", of=["a"]), answer("b", of=["b"], cluster_id="2")], hosts={})


def test_a_corrupt_member_stops_everything() -> None:
    alarmed = answer("b", of=["a", "b"], errors=["memberID:2 alarm:CORRUPT "])
    with pytest.raises(PlanError, match=r"nothing was changed: memberID:2 alarm:CORRUPT"):
        view(answers=[answer("a", of=["a", "b"]), alarmed], hosts={})


def test_nobody_answers() -> None:
    assert view(answers=[{"url": "https://a", "members": None}], hosts={}).members is None


# ---------------------------------------------------------------- any case


@dataclasses.dataclass(frozen=True)
class Case:
    wanted: list[Wanted]
    view: View
    policy: Policy


@st.composite
def cases(draw: st.DrawFn) -> Case:
    names = "abcdefg"
    there = draw(st.lists(st.sampled_from(names), unique=True, min_size=1, max_size=5))
    members = [member(name, healthy=draw(st.sampled_from([True, True, True, False]))) for name in there]
    if draw(st.booleans()):
        moved = draw(st.sampled_from(there))
        members = [dataclasses.replace(entry, peer_urls=(url("old"),)) if entry.name == moved else entry for entry in members]
    if len(members) > 1 and draw(st.booleans()):
        learner = dataclasses.replace(members[-1], learner=True, name=draw(st.sampled_from([members[-1].name, ""])))
        members[-1] = dataclasses.replace(learner, healthy=learner.healthy and bool(learner.name))
    hosts = {}
    for name in names:
        entry = next((entry for entry in members if entry.id == f"id-{name}"), None)
        # A healthy member without data runs on files that are deleted.
        states = (
            [RUNS, RUNS, UNSEEN, EMPTY]
            if entry and entry.healthy
            else [EMPTY, STOPPED, UNSEEN]
            if entry
            else [EMPTY, EMPTY, STOPPED, UNSEEN]
        )
        hosts[name] = draw(st.sampled_from(states))
    chosen = draw(st.lists(st.sampled_from(names), unique=True, min_size=1, max_size=5))
    policy = Policy(remove_unlisted=draw(st.sampled_from(["never", "safe", "always"])), disaster_recovery=draw(st.booleans()))
    return Case(wanted=wanted("".join(chosen)), view=seen(members, **hosts), policy=policy)


def planned(case: Case) -> tuple[PlannedAction, ...]:
    try:
        return plan(wanted=case.wanted, view=case.view, policy=case.policy).actions
    except PlanError as error:
        assert str(error).startswith("etcd: ")
        return ()


def states(case: Case) -> list[tuple[Model, PlannedAction, Model]]:
    model, trail = Model(view=case.view, wanted=case.wanted, policy=case.policy), []
    for action in planned(case):
        then = after(model, action)
        trail.append((model, action, then))
        model = then
    return trail


@given(cases())
def test_one_change_and_one_learner_at_a_time(case: Case) -> None:
    for before, action, then in states(case):
        assert abs(len(then.members) - len(before.members)) <= 1 or action.operation == "rebuild"
        if action.operation == "add":
            assert all(entry.healthy and not entry.learner for entry in before.members)
        if action.operation != "rebuild":
            new = {entry.id for entry in then.voters} - {entry.id for entry in before.voters}
            assert not new or action.operation == "promote", "nobody votes who was not a learner"


@given(cases())
def test_nothing_but_what_the_policy_allows_is_removed(case: Case) -> None:
    for before, action, _then in states(case):
        entry = next((entry for entry in before.members if entry.id == action.data.get("id")), None)
        if action.operation == "remove" and entry is not None and before.wanted_entry(entry) is None:
            assert case.policy.remove_unlisted != "never"
        if action.operation == "discard":
            assert not any(entry.healthy and entry.name == action.target for entry in before.members)
        if action.operation == "rebuild":
            assert case.policy.disaster_recovery


@given(cases(), st.integers(min_value=0, max_value=30))
def test_a_plan_that_is_cut_short_is_gone_on_with(case: Case, cut: int) -> None:
    """Planning again after any step gives the rest of the plan."""
    trail = states(case)
    if not trail:
        return
    _before, _action, model = trail[min(cut, len(trail) - 1)]
    rest = [(action.operation, action.target) for _b, action, _t in trail[min(cut, len(trail) - 1) + 1 :]]
    hosts = {host: dataclasses.replace(state, committed=9) if host in model.started else state for host, state in model.view.hosts.items()}
    again = plan(wanted=case.wanted, view=dataclasses.replace(model.view, hosts=hosts), policy=case.policy).actions
    assert [(action.operation, action.target) for action in again] == rest
