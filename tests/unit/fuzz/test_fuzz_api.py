# SPDX-License-Identifier: GPL-3.0-or-later
"""API objects and Nodes with two things wrong: what is planned, done, leaves nothing to plan."""

from __future__ import annotations

import copy
import dataclasses
import typing as t

from hypothesis import given
from hypothesis import strategies as st
from two_faults import TALLY, Case, Fault, cases, examples, keys, planned

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._api import plan_node, plan_objects
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction

Object = dict[str, t.Any]


def _object(kind: str, name: str, namespace: str = "", **rest: t.Any) -> Object:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, **({"namespace": namespace} if namespace else {})}, **rest}


@dataclasses.dataclass
class Api:
    """What is wanted, and what the API has: an object's title, and the object with what the server added."""

    wanted: list[Object]
    absent: list[Object]
    live: dict[str, Object]
    leaving: set[str] = dataclasses.field(default_factory=set)
    refused: dict[str, str] = dataclasses.field(default_factory=dict)
    unready: str = ""

    def state(self) -> Object:
        if self.unready:
            return {"unready": self.unready, "objects": [], "absent": []}
        return {
            "unready": "",
            "objects": [self._look(wanted) for wanted in self.wanted],
            "absent": [{"live": self.live.get(plan_objects.title(gone))} for gone in self.absent],
        }

    def _look(self, wanted: Object) -> Object:
        title = plan_objects.title(wanted)
        live = self.live.get(title)
        applied = None if live is None else {**live, **copy.deepcopy(wanted)}
        return {"live": live, "applied": applied, "refused": self.refused.get(title, ""), "leaving": title in self.leaving}

    def perform(self, action: PlannedAction) -> None:
        if action.operation == "delete":
            del self.live[action.target]
            return
        assert (action.operation == "create") == (action.target not in self.live or action.target in self.leaving)
        self.leaving.discard(action.target)
        self.live[action.target] = {**self.live.get(action.target, {}), **copy.deepcopy(action.data["object"])}


def _well() -> Api:
    wanted = [
        _object("Namespace", "demo"),
        _object("ConfigMap", "config", "demo", data={"Corefile": ".:53 {\n}\n"}),
        _object("Secret", "token", "demo", stringData={"password": "hunter2"}),
        _object("Deployment", "web", "demo", spec={"replicas": 2, "template": {"containers": [{"image": "a:1"}]}}),
    ]
    return Api(wanted, [_object("ConfigMap", "old", "demo")], {plan_objects.title(entry): copy.deepcopy(entry) for entry in wanted})


def _on_live(change: t.Callable[[Api, str], None]) -> t.Callable[[Api, st.DrawFn], bool]:
    def strike(api: Api, draw: st.DrawFn) -> bool:
        titles = sorted(api.live)
        if titles:
            change(api, draw(st.sampled_from(titles)))
        return bool(titles)

    return strike


def _spec(value: t.Any) -> t.Callable[[Api, str], None]:
    def change(api: Api, title: str) -> None:
        api.live[title] = {**api.live[title], "data": value, "spec": value, "stringData": value}

    return change


def _old_is_there(api: Api, draw: st.DrawFn) -> None:
    api.live["ConfigMap demo/old"] = _object("ConfigMap", "old", "demo")


def _unready(api: Api, draw: st.DrawFn) -> None:
    api.unready = "connection refused"


def _wants(change: t.Callable[[Object], None]) -> t.Callable[[Api, st.DrawFn], None]:
    def strike(api: Api, draw: st.DrawFn) -> None:
        change(draw(st.sampled_from(api.wanted)))

    return strike


OBJECT_FAULTS: list[Fault[Api]] = [
    Fault("missing", _on_live(lambda api, title: api.live.pop(title) and None)),
    Fault("another missing", _on_live(lambda api, title: api.live.pop(title) and None)),
    Fault("changed by hand", _on_live(_spec({"replicas": 9}))),
    Fault("null where a mapping was", _on_live(_spec(None))),
    Fault("a list where a mapping was", _on_live(_spec([1, "\u00e4", None]))),
    Fault("is being deleted", _on_live(lambda api, title: api.leaving.add(title))),
    Fault("refused by the API", _on_live(lambda api, title: api.refused.update({title: "spec.x: Invalid value; write a number"}))),
    Fault("what must be absent is there", _old_is_there),
    Fault("API not there", _unready),
    Fault("the operator adds a field", _wants(lambda wanted: wanted.update(extra={"a": [1]}))),
    Fault("the operator adds a long text", _wants(lambda wanted: wanted.update(data={"long": "x\n" * 99}))),
]


@examples(2)
@given(case=cases(st.builds(_well), OBJECT_FAULTS))
def test_objects_with_two_faults(case: Case[Api]) -> None:
    TALLY.count("api objects", case.faults)
    api = copy.deepcopy(case.state)

    def plan() -> list[PlannedAction]:
        return plan_objects.plan(name="test", objects=api.wanted, absent=api.absent, state=api.state())

    actions = planned(plan)
    if actions is None or api.unready:
        return
    assert not any("hunter2" in str(action.diff()) + repr(action) for action in actions if not api.live.get(action.target))
    for action in actions:
        api.perform(action)
    assert keys(planned(plan) or ()) == []


# ---------------------------------------------------------------- Nodes


@dataclasses.dataclass
class Node:
    """A Node and its pods, as the host collects them, and what the operator says."""

    node: Object | None
    pods: list[Object]
    reachable: bool = True
    unmanaged: bool = False

    def state(self) -> Object:
        return {"unready": "", "node": self.node, "pods": self.pods}

    def perform(self, action: PlannedAction) -> None:
        if action.operation == "cordon":
            assert self.node is not None
            self.node["schedulable"] = False
        elif action.kind == "node":
            self.node = None
        else:
            self.pods.remove(action.data)


def _pod(name: str, **fields: t.Any) -> Object:
    return {"namespace": "default", "name": name, "uid": name, "owner": "ReplicaSet", "mirror": False, "finished": False, **fields}


def _with_pod(**fields: t.Any) -> t.Callable[[Node, st.DrawFn], None]:
    return lambda node, draw: node.pods.append(_pod(f"pod{len(node.pods)}", **fields))


def _sets(**fields: t.Any) -> t.Callable[[Node, st.DrawFn], None]:
    def strike(node: Node, draw: st.DrawFn) -> None:
        for name, value in fields.items():
            setattr(node, name, copy.deepcopy(value))

    return strike


NODE_FAULTS: list[Fault[Node]] = [
    Fault("Node missing", _sets(node=None)),
    Fault("cordoned before", _sets(node={"schedulable": False})),
    Fault("host not reached", _sets(reachable=False)),
    Fault("no pods", _sets(pods=[])),
    Fault("a pod of nobody", _with_pod(owner="")),
    Fault("a finished pod of nobody", _with_pod(owner="", finished=True)),
    Fault("a static pod", _with_pod(owner="Node", mirror=True)),
    Fault("a pod of a DaemonSet", _with_pod(owner="DaemonSet")),
    Fault("pods of nobody may be lost", _sets(unmanaged=True)),
]


@examples(1)
@given(case=cases(st.builds(lambda: Node({"schedulable": True}, [_pod("web"), _pod("agent", owner="DaemonSet")])), NODE_FAULTS))
def test_nodes_with_two_faults(case: Case[Node]) -> None:
    """Drained, then removed: nothing is left; what check mode foretells of the removal is what is then done."""
    TALLY.count("node", case.faults)
    node = copy.deepcopy(case.state)
    lost = [pod["name"] for pod in node.pods if not pod["owner"] and not pod["finished"]]

    def drain() -> list[PlannedAction]:
        return plan_node.drain(node="n", reachable=node.reachable, unmanaged=node.unmanaged, state=copy.deepcopy(node.state()))

    actions = planned(drain)
    assert (actions is None) == bool(lost and node.reachable and not node.unmanaged)
    if actions is None:
        return
    foretold = plan_node.remove(node="n", drained=node.reachable, state=copy.deepcopy(node.state()))
    for action in actions:
        node.perform(action)
    assert keys(planned(drain) or ()) == []
    removed = plan_node.remove(node="n", drained=False, state=copy.deepcopy(node.state()))
    assert keys(removed) == keys(foretold)
    for action in removed:
        node.perform(action)
    assert (node.node, node.pods) == (None, [])
