# SPDX-License-Identifier: GPL-3.0-or-later
"""What drains will meet, against an API of which only the answers are made up."""

from __future__ import annotations

import json
import typing as t
import urllib.parse

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._api import workloads
from ansible_collections.barehost.kubernetes.plugins.module_utils._api.client import KubeApi

Object = dict[str, t.Any]


def pod(name: str, node: str, *, status: str = "True", **metadata: t.Any) -> Object:
    described = {"namespace": "default", "name": name, "uid": name, **metadata}
    return {"metadata": described, "spec": {"nodeName": node}, "status": {"conditions": [{"type": "Ready", "status": status}]}}


def budget(name: str, allowed: int, expected: int = 2) -> Object:
    status = {"disruptionsAllowed": allowed, "expectedPods": expected, "currentHealthy": 2, "desiredHealthy": 2}
    return {
        "metadata": {"namespace": "default", "name": name},
        "spec": {"selector": {"matchLabels": {"app": name}}},
        "status": status,
    }


OWNED: Object = {"ownerReferences": [{"uid": "set", "kind": "ReplicaSet", "controller": True}]}
ANSWERS: dict[str, list[Object]] = {
    "/api/v1/pods": [pod("web-1", "n1", **OWNED), pod("web-2", "n2", status="False", **OWNED), pod("alone", "n1")],
    "/api/v1/nodes": [{"metadata": {"name": "n1"}, "spec": {"unschedulable": True}, "status": {"nodeInfo": {"kubeletVersion": "v1.36.3"}}}],
    "/apis/policy/v1/poddisruptionbudgets": [budget("web", 0), budget("free", 1), budget("empty", 0, 0)],
    "/api/v1/namespaces/default/pods?labelSelector=app=web": [pod("web-1", "n1", **OWNED)],
}


class Answering(KubeApi):
    asked: t.ClassVar[list[str]] = []

    def __init__(self) -> None:
        super().__init__(server="https://127.0.0.1:1", ca="", cert="", key="")

    def _send(self, method: str, path: str, body: Object | None, content: str) -> tuple[int, str]:
        assert method == "GET"
        self.asked.append(path.partition("?")[0])
        if path.startswith("/readyz"):
            return 200, "ok"
        address, _mark, query = path.partition("?")
        selector = urllib.parse.parse_qs(query).get("labelSelector")
        items = ANSWERS[address + (f"?labelSelector={selector[0]}" if selector else "")]
        return 200, json.dumps({"items": items, "metadata": {}})


def test_whether_an_apiserver_is_ready_is_one_question(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workloads, "KubeApi", Answering)
    monkeypatch.setattr(Answering, "asked", [])
    assert workloads.run("collect", {"connection": {}, "deadline": 0, "only_ready": True}) == {"unready": ""}
    assert Answering.asked == ["/readyz"]


def test_what_drains_will_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workloads, "KubeApi", Answering)
    found = workloads.run("collect", {"connection": {}, "deadline": 0})
    assert found["nodes"] == {"n1": {"schedulable": False, "marked": "", "tainted": False, "ready": False, "kubelet": "v1.36.3"}}
    assert [entry["name"] for entry in found["unmanaged"]] == ["alone"]
    assert found["unready_owners"] == ["set"]
    (held,) = found["budgets"]
    assert held == {"namespace": "default", "name": "web", "healthy": 2, "needed": 2, "pods": [{"name": "web-1", "node": "n1"}]}


@pytest.mark.parametrize(
    ("selector", "text"),
    [
        ({}, ""),
        ({"matchLabels": {"b": "2", "a": "1"}}, "a=1,b=2"),
        (
            {
                "matchLabels": {"a": "1"},
                "matchExpressions": [
                    {"key": "tier", "operator": "In", "values": ["x", "y"]},
                    {"key": "zone", "operator": "NotIn", "values": ["z"]},
                    {"key": "gpu", "operator": "Exists"},
                    {"key": "old", "operator": "DoesNotExist"},
                ],
            },
            "a=1,tier in (x,y),zone notin (z),gpu,!old",
        ),
    ],
)
def test_selectors_are_written_as_queries(selector: Object, text: str) -> None:
    assert workloads.label_selector(selector) == text
