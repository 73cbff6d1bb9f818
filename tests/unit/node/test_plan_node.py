# SPDX-License-Identifier: GPL-3.0-or-later
"""What leaves a Node, in which way, and what is refused."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._api import plan_node
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction

Object = dict[str, t.Any]


def pod(name: str, **changes: t.Any) -> Object:
    return {
        "namespace": "default",
        "name": name,
        "uid": name,
        "owner": "ReplicaSet",
        "owner_uid": name,
        "mirror": False,
        "finished": False,
        **changes,
    }


PODS = [pod("web"), pod("agent", owner="DaemonSet"), pod("static", owner="Node", mirror=True), pod("done", owner="", finished=True)]


def state(*pods: Object, schedulable: bool = True, ready: bool = True, marked: str = "") -> Object:
    return {"unready": "", "node": {"schedulable": schedulable, "ready": ready, "marked": marked}, "pods": list(pods)}


def told(actions: list[PlannedAction]) -> list[tuple[str, str, str]]:
    return [(action.kind, action.operation, action.target) for action in actions]


def test_what_can_run_elsewhere_is_evicted() -> None:
    actions = plan_node.drain(node="n", reachable=True, unmanaged=False, state=state(*PODS))
    assert told(actions) == [("node", "cordon", "n"), ("pod", "evict", "default/web"), ("pod", "evict", "default/done")]


def test_a_drained_node_has_nothing_to_do() -> None:
    assert plan_node.drain(node="n", reachable=True, unmanaged=False, state=state(*PODS[1:3], schedulable=False)) == []


def test_a_pod_without_a_controller_is_lost_only_if_it_may_be() -> None:
    found = state(pod("web"), pod("alone", owner=""))
    with pytest.raises(PlanError, match=r"nothing was changed: default/alone would be lost"):
        plan_node.drain(node="n", reachable=True, unmanaged=False, state=found)
    actions = plan_node.drain(node="n", reachable=True, unmanaged=True, state=found)
    assert ("pod", "evict", "default/alone") in told(actions)


def test_nothing_is_evicted_from_a_host_that_is_away() -> None:
    found = state(*PODS, pod("alone", owner=""))
    assert told(plan_node.drain(node="n", reachable=False, unmanaged=False, state=found)) == [("node", "cordon", "n")]


def test_all_that_is_left_goes_with_the_node() -> None:
    actions = told(plan_node.remove(node="n", drained=False, state=state(*PODS)))
    assert actions[0] == ("node", "delete", "n")
    assert [target for _kind, _operation, target in actions[1:]] == [f"default/{entry['name']}" for entry in PODS]


def test_what_a_drain_was_foretold_to_take_is_not_foretold_twice() -> None:
    actions = told(plan_node.remove(node="n", drained=True, state=state(*PODS)))
    assert actions == [("node", "delete", "n"), ("pod", "delete", "default/agent"), ("pod", "delete", "default/static")]


def test_a_node_that_is_gone_stays_gone() -> None:
    gone: Object = {"unready": "", "node": None, "pods": []}
    assert plan_node.remove(node="n", drained=False, state=gone) == []
    assert plan_node.drain(node="n", reachable=True, unmanaged=False, state=gone) == []


def test_a_cordon_for_a_while_is_marked_and_ended() -> None:
    (cordon, _evict, _done) = plan_node.drain(node="n", reachable=True, unmanaged=False, state=state(*PODS), mark="upgrade.yml")
    assert (cordon.operation, cordon.data) == ("cordon", {"mark": "upgrade.yml"})
    (end,) = plan_node.uncordon(node="n", state=state(schedulable=False, marked="upgrade.yml"), mark="upgrade.yml")
    assert (end.operation, end.data, end.reason) == ("uncordon", {"mark": "upgrade.yml"}, "was cordoned by upgrade.yml")
    back = state(marked="upgrade.yml")
    assert plan_node.uncordon(node="n", state=back, mark="upgrade.yml") == []
    assert told(plan_node.unmark(node="n", state=back, mark="upgrade.yml")) == [("node", "unmark", "n")]
    assert plan_node.unmark(node="n", state=state(), mark="upgrade.yml") == []


def test_a_cordon_of_another_playbook_is_not_ended() -> None:
    other = state(schedulable=False, marked="restart-nodes.yml")
    assert plan_node.uncordon(node="n", state=other, mark="upgrade.yml") == []
    assert plan_node.unmark(node="n", state=other, mark="upgrade.yml") == []
    assert plan_node.uncordon(node="n", state=other, mark="") == []


def test_a_node_that_somebody_else_cordoned_stays_so() -> None:
    found = state(*PODS, schedulable=False)
    actions = plan_node.drain(node="n", reachable=True, unmanaged=False, state=found, mark="upgrade.yml")
    assert told(actions) == [("pod", "evict", "default/web"), ("pod", "evict", "default/done")]
    assert plan_node.uncordon(node="n", state=found, mark="upgrade.yml") == []
    assert plan_node.uncordon(node="n", state={"node": None, "pods": []}, mark="upgrade.yml") == []


def test_a_node_without_a_kubelet_keeps_its_pods_for_a_while() -> None:
    found = state(*PODS, ready=False)
    assert told(plan_node.drain(node="n", reachable=True, unmanaged=False, state=found, mark="upgrade.yml")) == [("node", "cordon", "n")]
    assert len(plan_node.drain(node="n", reachable=True, unmanaged=False, state=found)) == 3
