# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of etcd's members, carried out on a model of etcd that has two things wrong: the quorum stays, and nothing is left to plan."""

from __future__ import annotations

import copy

from etcd_faults import FAULTS, WELL, Cluster
from etcd_truth import Listed, RunStops
from hypothesis import given
from two_faults import TALLY, Case, can_be_drawn, cases, examples, keys, planned

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd import host_plan
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.steps import Plan
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction


def plan_of(cluster: Cluster) -> list[PlannedAction] | None:
    """As the action ``etcd_members`` plans."""

    def plan() -> tuple[PlannedAction, ...]:
        found = host_plan.plan(cluster.wanted, cluster.view, cluster.policy)
        host_plan.refuse_to_forget(found, wanted=cluster.wanted, used=cluster.etcd.used)
        return found.actions

    return planned(plan)


# Where no member answers, only their start shows what else is to be done.
_PLANS = 3


def carry_out(case: Case[Cluster]) -> None:
    """Performs the plan on the truth. Raises AssertionError if a step breaks a rule of etcd, or loses the quorum."""
    cluster = copy.deepcopy(case.state)
    for _run in range(_PLANS):
        actions = plan_of(cluster)
        if not actions or cluster.etcd.is_taken_for_another():
            return
        cluster.etcd.answered = cluster.view.members is not None
        if not done(cluster, actions):
            return
        if cluster.etcd.answered:
            break
    again = plan_of(cluster)
    assert again is not None, "what was planned ends in a state of which no plan is possible"
    assert keys(again) == []


def done(cluster: Cluster, actions: list[PlannedAction]) -> bool:
    """Whether every step was done; the quorum is there after each of them if it was there before."""
    for action in actions:
        before = cluster.etcd.led()
        try:
            cluster.etcd.perform(action)
        except RunStops:
            return False
        finally:
            allowed = action.operation == "update" and (len(cluster.etcd.voters) == 1 or cluster.policy.disaster_recovery)
            assert cluster.etcd.led() or not before or allowed, f"{action.operation} {action.target} loses the quorum"
    return True


@examples(5)
@given(case=cases(WELL, FAULTS))
def test_no_step_loses_the_quorum_and_the_plan_after_the_plan_is_empty(case: Case[Cluster]) -> None:
    TALLY.count("etcd_members", case.faults)
    carry_out(case)


@examples(1)
@given(case=cases(WELL, FAULTS))
def test_what_check_mode_tells_of_all_hosts_is_the_plan(case: Case[Cluster]) -> None:
    """Each step is foretold by one host: by its part, or by the component, which starts what only has to be started."""
    TALLY.count("etcd host plan", case.faults)
    cluster = case.state
    plan = planned(lambda: host_plan.plan(cluster.wanted, cluster.view, cluster.policy).actions)
    hosts = [entry.host for entry in cluster.wanted]
    if plan is None:
        return
    found = Plan(tuple(plan), ())
    parts = [host_plan.part_of(host, found, view=cluster.view, present=hosts).actions for host in hosts]
    told = [action for part in parts for action in part]
    left = [action for action in plan if action not in told]
    assert sorted(keys(told)) == sorted(keys(action for action in plan if action in told)), "a step is foretold twice"
    assert {action.operation for action in left} <= {"start"}, "a step is foretold by nobody"


def test_f22_can_be_drawn() -> None:
    """The dead member goes before the one that runs on deleted files; the other way round the planner ended in an assertion."""
    faults = [fault for fault in FAULTS if fault.name in ("dead without data", "runs on deleted files")]
    found = can_be_drawn(WELL, faults, lambda case: len(case.faults) == 2 and case.state.names == "abc")
    dead = next(server.name for server in found.state.etcd.servers.values() if server.was_up and not server.runs)
    first, second, *_others = plan_of(found.state) or ()
    assert (first.operation, first.target) == ("remove", dead)
    assert second.operation == "remove"


def test_f8_can_be_drawn() -> None:
    """Two voters of which one runs on deleted files: it is removed while both are up, and stopped after that."""
    faults = [fault for fault in FAULTS if fault.name == "runs on deleted files"]
    found = can_be_drawn(WELL, faults, lambda case: bool(case.faults) and case.state.names == "ab")
    steps = [action.operation for action in plan_of(found.state) or ()]
    assert steps == ["remove", "add", "start", "promote"]


def moved_and_renamed() -> Case[Cluster]:
    faults = [fault for fault in FAULTS if fault.name in ("another address", "another name")]
    return can_be_drawn(WELL, faults, lambda case: case.state.names == "abc" and any(both(member) for member in case.state.etcd.members))


def both(member: Listed) -> bool:
    return member.name.startswith("old-") and member.peer_url == f"https://{member.name}.example:2380"


def test_a_host_with_another_name_and_another_address_keeps_its_member() -> None:
    """Found by this file: its running member was taken for a foreign one, its data put aside, and etcd then added none."""
    found = moved_and_renamed()
    assert [action.operation for action in plan_of(found.state) or ()] == ["update", "start"]
