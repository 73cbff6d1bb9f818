# SPDX-License-Identifier: GPL-3.0-or-later
"""Labels and taints of Nodes follow the inventory, and those of others stay (F20); Nodes that are left behind are told of (F21)."""

from __future__ import annotations

import types
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.barehost.kubernetes.plugins.module_utils._api import nodes as host_side
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._api import plan_nodes

Object = dict[str, t.Any]

CONTROL_PLANE = {"key": "node-role.kubernetes.io/control-plane", "value": "", "effect": "NoSchedule"}
GPU = {"key": "example.com/gpu", "value": "yes", "effect": "NoSchedule"}
FOREIGN = {"key": "others.example/maintenance", "value": "", "effect": "NoExecute"}
ROLE = {"master": "node-role.kubernetes.io/control-plane", "minion": "node-role.kubernetes.io/minion"}
KUBELET: t.Mapping[str, str] = types.MappingProxyType({"kubernetes.io/hostname": "n"})


def node(*roles: str, taints: t.Sequence[Object] = (), **labels: str) -> Object:
    return {"host": "n", "name": "n", "address": "192.0.2.1", "roles": list(roles), "labels": labels, "taints": list(taints)}


def live(*roles: str, taints: t.Sequence[Object] = (), ours: list[str] | None = None, labels: t.Mapping[str, str] = KUBELET) -> Object:
    """A Node with the labels of these roles, given by us."""
    own = {ROLE[role]: "" for role in roles}
    return {
        "labels": {**labels, **own},
        "our_labels": list(own),
        "taints": list(taints),
        "our_taints": ours,
        "fault": "",
        "address": "192.0.2.1",
    }


def plan(wanted: Object, found: Object | None) -> list[str]:
    state = {"unready": "", "nodes": {} if found is None else {"n": found}}
    return [f"{action.operation} {action.target}: {action.reason}" for action in plan_nodes.plan(nodes=[wanted], state=state)]


def test_a_node_that_is_as_wanted() -> None:
    assert plan(node("minion"), live("minion", ours=[])) == []
    recorded = [host_side.identity(GPU)]
    assert plan(node("minion", taints=[GPU]), live("minion", taints=[FOREIGN, GPU], ours=recorded)) == []


def test_a_node_that_a_kubelet_will_register() -> None:
    assert plan(node("minion"), None) == ["patch Node n: missing, to be registered by its kubelet"]


CASES: dict[str, tuple[Object, Object, str]] = {
    "a taint came into the inventory": (
        node("minion", taints=[GPU]),
        live("minion", ours=[]),
        "the taint example.com/gpu:NoSchedule is missing",
    ),
    "a taint left the inventory": (
        node("minion"),
        live("minion", taints=[GPU, FOREIGN], ours=["example.com/gpu:NoSchedule"]),
        "the taint example.com/gpu:NoSchedule is no longer wanted",
    ),
    "a taint has another value": (
        node("minion", taints=[GPU]),
        live("minion", taints=[{**GPU, "value": "no"}], ours=["example.com/gpu:NoSchedule"]),
        "the taint example.com/gpu:NoSchedule: found 'no', wanted 'yes'",
    ),
    "a master became a minion": (
        node("minion"),
        live("master", taints=[CONTROL_PLANE], ours=[host_side.identity(CONTROL_PLANE)]),
        "the label node-role.kubernetes.io/minion is missing; the label node-role.kubernetes.io/control-plane is no longer wanted; "
        "the taint node-role.kubernetes.io/control-plane:NoSchedule is no longer wanted",
    ),
    "a master became a minion before there were records": (
        node("minion"),
        live("minion", taints=[CONTROL_PLANE, FOREIGN]),
        "the taint node-role.kubernetes.io/control-plane:NoSchedule is no longer wanted",
    ),
    "a Node that a kubelet has just registered": (
        node("master", taints=[CONTROL_PLANE]),
        {**live(taints=[CONTROL_PLANE]), "our_labels": []},
        "the label node-role.kubernetes.io/control-plane is missing",
    ),
    "a label has another value": (
        node("minion", disk="ssd"),
        live("minion", ours=[], labels={**KUBELET, "disk": "hdd"}),
        "the label disk: found hdd, wanted ssd",
    ),
    "a label that somebody has given": (
        node("minion", disk="ssd"),
        live("minion", ours=[], labels={**KUBELET, "disk": "ssd"}),
        "its labels are not recorded as ours",
    ),
    "no record": (node("minion"), live("minion"), "it is not recorded which of its taints are ours"),
}


@pytest.mark.parametrize("case", CASES)
def test_f20_what_changed(case: str) -> None:
    wanted, found, reason = CASES[case]
    assert plan(wanted, found) == [f"patch Node n: {reason}"]


def test_the_taint_of_somebody_else_on_a_recorded_node_stays() -> None:
    """Also one that is that of the control plane."""
    assert plan(node("minion"), live("minion", taints=[CONTROL_PLANE, FOREIGN], ours=[])) == []


def test_the_diff_shows_labels_and_taints() -> None:
    found = live("minion", taints=[GPU], ours=["example.com/gpu:NoSchedule"])
    (action,) = plan_nodes.plan(nodes=[node("minion")], state={"unready": "", "nodes": {"n": found}})
    assert "example.com/gpu" in action.before
    assert "example.com/gpu" not in action.after
    assert action.data["our_taints"] == ["example.com/gpu:NoSchedule"]


TAINTS = st.lists(
    st.builds(lambda key, value, effect: {"key": key, "value": value, "effect": effect}, *map(st.sampled_from, ("abcd", "12", "XY"))),
    unique_by=host_side.identity,
)


@given(found=TAINTS, wanted=TAINTS, ours=st.sets(st.sampled_from([f"{key}:{effect}" for key in "abcd" for effect in "XY"])))
def test_only_ours_change(found: list[Object], wanted: list[Object], ours: set[str]) -> None:
    new = host_side.merged(found, ours=ours, wanted=wanted)
    names = [host_side.identity(taint) for taint in new]
    assert len(names) == len(set(names))
    assert all(taint in new for taint in wanted)
    foreign = [taint for taint in found if host_side.identity(taint) not in ours | {host_side.identity(entry) for entry in wanted}]
    assert [taint for taint in new if taint in foreign] == foreign
    assert len(new) == len(wanted) + len(foreign)
    assert host_side.merged(new, ours=set(map(host_side.identity, wanted)), wanted=wanted) == new


def test_a_record_that_somebody_has_spoilt_makes_nothing_ours() -> None:
    for text in ("[", "{}", '"x"', "1", "null"):
        assert host_side._recorded(text) == []
    assert host_side._recorded('["a:X", 1]') == ["a:X"]


def test_labels_are_ours_by_the_record_of_the_api() -> None:
    fields = {"f:metadata": {"f:labels": {".": {}, "f:disk": {}, "f:example.com/a": {}}}}
    entries = [
        {"manager": "barehost", "operation": "Apply", "fieldsV1": fields},
        {"manager": "barehost", "operation": "Update", "fieldsV1": {"f:metadata": {"f:labels": {"f:not": {}}}}},
        {"manager": "kubectl-label", "operation": "Update", "fieldsV1": {"f:metadata": {"f:labels": {"f:theirs": {}}}}},
        {"manager": "barehost", "operation": "Apply", "fieldsV1": {"f:spec": {}}},
    ]
    assert host_side._our_labels({"managedFields": entries}) == {"disk", "example.com/a"}


def test_f21_a_renamed_node_is_told_of() -> None:
    away = "Ready=Unknown (NodeStatusUnknown): Kubelet stopped posting node status."
    state = {"nodes": {"n": live(), "old": {**live(), "fault": away}, "ready": {**live(), "address": "192.0.2.9"}}}
    (warning,) = plan_nodes.left_behind({"nodes": {"host": node("minion")}}, state)
    assert warning == (
        f"the Node old is not ready ({away}), and no host of the inventory has this name; its address 192.0.2.1 is that of n now. "
        "If it is gone for good: kubectl delete node old"
    )


def test_f21_a_node_that_was_renamed_just_now_counts_as_ready_for_a_while() -> None:
    state = {"nodes": {"n": live(), "old": live()}}
    (warning,) = plan_nodes.left_behind({"nodes": {"host": node("minion")}}, state)
    assert warning.startswith("the Node old is there, and no host of the inventory has this name; its address 192.0.2.1 is that of n now.")


def test_a_node_whose_host_the_run_left_out_is_not_left_behind() -> None:
    state = {"nodes": {"n": {**live(), "fault": "Ready=Unknown"}}}
    assert plan_nodes.left_behind({"nodes": {"host": node("minion")}}, state) == []
