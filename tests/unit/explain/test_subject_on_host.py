# SPDX-License-Identifier: GPL-3.0-or-later
"""What an apiserver tells of one node or pod, against an API of which only the answers are made up. Runs on Python 3.9 too."""

from __future__ import annotations

import json
import typing as t
import urllib.parse

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._api.client import KubeApi
from ansible_collections.barehost.kubernetes.plugins.module_utils._doctor import subject

Object = dict[str, t.Any]

SECRET = "eyJhbGciOiJSUzI1NiIsImtpZCI6IkFCQyJ9.eyJhbGciOiJSUzI1NiIsImtpZCI6IkFCQyJ9.c2ln"


def event(reason: str, moment: str, **more: t.Any) -> Object:
    return {"metadata": {"creationTimestamp": moment}, "type": "Warning", "reason": reason, "message": f"about {reason}\n", **more}


POD: Object = {
    "metadata": {"namespace": "shop", "name": "web-1", "finalizers": ["x"], "deletionTimestamp": "2026-11-30T01:00:00Z"},
    "spec": {
        "nodeName": "w1",
        "schedulerName": "default-scheduler",
        "initContainers": [{"name": "first", "image": "a"}],
        "containers": [{"name": "web", "image": "b", "env": [{"name": "PASSWORD", "value": "hunter2"}]}, {"name": "unknown", "image": "c"}],
        "volumes": [
            {"name": "v", "persistentVolumeClaim": {"claimName": "data"}},
            {"name": "w", "persistentVolumeClaim": {"claimName": "gone"}},
        ],
    },
    "status": {
        "phase": "Running",
        "conditions": [{"type": "Ready", "status": "False", "reason": "ContainersNotReady", "message": "containers with unready status"}],
        "initContainerStatuses": [{"name": "first", "state": {"terminated": {"exitCode": 0, "reason": "Completed"}}, "ready": True}],
        "containerStatuses": [
            {
                "name": "web",
                "restartCount": 4,
                "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}},
                "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}},
            }
        ],
    },
}
NODE: Object = {
    "metadata": {"name": "w1"},
    "spec": {"taints": [{"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}]},
    "status": {"conditions": [{"type": "Ready", "status": "False", "reason": "KubeletNotReady", "message": f"it said Bearer {SECRET}"}]},
}
EVENTS = [
    event("Old", "2026-11-30T00:00:00Z"),
    event("New", "2026-11-30T00:00:01Z", lastTimestamp="2026-11-30T01:00:00Z", count=9),
    event("Series", "2026-11-30T00:00:02Z", series={"count": 5, "lastObservedTime": "2026-11-30T00:30:00.123456Z"}),
]
ANSWERS: Object = {
    "/api/v1/namespaces/shop/pods/web-1": POD,
    "/api/v1/namespaces/shop/pods": {"items": [POD], "metadata": {}},
    "/api/v1/namespaces/empty/pods": {"items": [], "metadata": {}},
    "/api/v1/namespaces": {"items": [{"metadata": {"name": "shop"}}], "metadata": {}},
    "/api/v1/namespaces/shop/events": {"items": EVENTS},
    "/api/v1/namespaces/default/events": {"items": []},
    "/api/v1/namespaces/shop/persistentvolumeclaims/data": {"status": {"phase": "Pending"}},
    "/api/v1/nodes/w1": NODE,
}


class Answering(KubeApi):
    ready: t.ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__(server="https://127.0.0.1:1", ca="", cert="", key="")

    def _send(self, method: str, path: str, body: Object | None, content: str) -> tuple[int, str]:
        assert method == "GET"
        address = urllib.parse.unquote(path.partition("?")[0])
        if address == "/readyz":
            return (200, "ok") if self.ready else (500, "[-]etcd failed: reason withheld")
        return (200, json.dumps(ANSWERS[address])) if address in ANSWERS else (404, "{}")


@pytest.fixture(autouse=True)
def api(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "KubeApi", Answering)


def asked(node: str = "", pod: Object | None = None) -> Object:
    found = subject.look({"connection": {}, "node": node, "pod": pod})
    assert len(json.dumps(found)) < 20_000
    return found


def test_a_pod() -> None:
    found = asked(pod={"namespace": "shop", "name": "web-1"})["pod"]
    assert (found["node"], found["phase"], found["finalizers"]) == ("w1", "Running", ["x"])
    assert found["fault"] == "Ready=False (ContainersNotReady): containers with unready status"
    first, web, unknown = found["containers"]
    assert (first["prepares"], first["ended"]["code"], first["waits"]) == (True, 0, None)
    assert (web["waits"]["reason"], web["ended"], web["restarts"]) == (
        "CrashLoopBackOff",
        {"code": 137, "reason": "OOMKilled", "message": ""},
        4,
    )
    assert (unknown["known"], unknown["running"]) == (False, False)
    assert found["claims"] == [{"name": "data", "phase": "Pending"}, {"name": "gone", "phase": ""}]
    assert [(one["reason"], one["count"]) for one in found["events"]] == [("New", 9), ("Series", 5), ("Old", 1)]
    assert found["events"][0]["message"] == "about New" and found["events"][0]["seconds"] > 0
    assert "hunter2" not in json.dumps(found)


def test_a_pod_that_is_not_there_has_neighbours() -> None:
    assert asked(pod={"namespace": "shop", "name": "web"}) == {
        "ready": True,
        "fault": "",
        "node": None,
        "pod": None,
        "near": ["shop/web-1"],
    }
    assert asked(pod={"namespace": "empty", "name": "web"})["near"] == ["shop/web"]


def test_a_node_and_no_secret_of_its_messages() -> None:
    found = asked(node="w1")["node"]
    assert found["taints"] == ["node.kubernetes.io/not-ready:NoSchedule"]
    assert found["events"] == [] and SECRET not in json.dumps(found)
    assert asked(node="w2")["node"] is None


def test_an_api_that_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Answering, "ready", False)
    found = asked(node="w1")
    assert not found["ready"] and "etcd failed" in found["fault"]
