# SPDX-License-Identifier: GPL-3.0-or-later
"""A Node takes pods again, against an API of which only the answers are made up."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._api import node, node_return
from ansible_collections.barehost.kubernetes.plugins.module_utils._api.client import KubeApi
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

Object = dict[str, t.Any]

UNCORDON = {"kind": "node", "operation": "uncordon", "target": "n", "data": {"mark": "upgrade.yml"}}


def ready(status: str = "True") -> list[Object]:
    return [{"type": "Ready", "status": status}]


def pod(name: str, status: str = "True", **metadata: t.Any) -> Object:
    return {"metadata": {"namespace": "default", "name": name, "uid": name, **metadata}, "status": {"conditions": ready(status)}}


class OneNode(KubeApi):
    """A Node whose kubelet comes up after some questions."""

    def __init__(self, *pods: Object, questions: int = 0, kubelet: str = "v1.37.1") -> None:
        super().__init__(server="https://127.0.0.1:1", ca="", cert="", key="")
        self.pods = pods
        self.elsewhere: list[Object] = []
        self.questions = questions
        self.kubelet = kubelet
        self.patches: list[Object] = []

    def _send(self, method: str, path: str, body: Object | None, content: str) -> tuple[int, str]:
        if method == "PATCH":
            assert body is not None
            self.patches.append(body)
            return 200, "{}"
        if path.startswith("/api/v1/namespaces/shop/pods"):
            return 200, json.dumps({"items": self.elsewhere, "metadata": {}})
        if path.startswith("/api/v1/pods"):
            return 200, json.dumps({"items": self.pods, "metadata": {}})
        self.questions -= 1
        old = self.questions >= 0
        told = {"nodeInfo": {"kubeletVersion": "v1.36.3" if old else self.kubelet}, "conditions": ready()}
        return 200, json.dumps({"metadata": {"name": "n"}, "spec": {}, "status": told})


def taken_back(monkeypatch: pytest.MonkeyPatch, api: KubeApi, step: str = "settled", **options: t.Any) -> None:
    monkeypatch.setattr(node_return, "KubeApi", lambda: api)
    monkeypatch.setattr(node_return, "_PAUSE", 0.01)
    actions = [UNCORDON] if step == "schedulable" else [{**UNCORDON, "operation": "unmark"}]
    payload = {"connection": {}, "node": "n", "kubelet": "1.37.1", "actions": actions, "ignored": [], "left": [], "wait": True}
    payload.update({"boot": "", "since": 0.0})
    node_return.run(step, {**payload, "deadline": 0.3, "timeout": 0.3, **options})


def test_the_new_kubelet_is_waited_for_before_pods_come(monkeypatch: pytest.MonkeyPatch) -> None:
    api = OneNode(pod("web"), questions=3)
    taken_back(monkeypatch, api, "schedulable")
    assert api.questions == -1
    assert api.patches == [{"spec": {"unschedulable": None}}]


def test_a_kubelet_of_before_is_told_and_the_node_stays_cordoned(monkeypatch: pytest.MonkeyPatch) -> None:
    api = OneNode(kubelet="v1.36.3")
    with pytest.raises(HostError, match=r"Node n is not ready again within 0 s: its kubelet says v1.36.3, wanted v1.37.1"):
        taken_back(monkeypatch, api, "schedulable")
    assert api.patches == []


def test_a_pod_that_is_not_ready_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    api = OneNode(pod("web"), pod("broken", "False"))
    with pytest.raises(HostError, match=r"but pods are not ready within 0 s: default/broken: Ready=False"):
        taken_back(monkeypatch, api)
    assert api.patches == []
    api.pods = api.pods[:1]
    taken_back(monkeypatch, api)
    assert api.patches == [{"metadata": {"annotations": {node.MARK: None}}}]


def test_nothing_is_waited_for_if_it_is_not_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    api = OneNode(pod("broken", "False"))
    taken_back(monkeypatch, api, wait=False)
    assert len(api.patches) == 1


def test_pods_that_were_not_ready_before_are_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = pod("broken-2", "False", ownerReferences=[{"uid": "set", "controller": True}])
    leaving = pod("leaving", "False", deletionTimestamp="2026-11-29T12:00:00Z")
    done = {**pod("done", "False"), "status": {"phase": "Succeeded", "conditions": ready("False")}}
    taken_back(monkeypatch, OneNode(theirs, pod("alone", "False"), leaving, done), ignored=["set", "alone"])


def test_pods_that_left_must_run_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    api = OneNode(pod("web"))
    moved: Object = {"namespace": "shop", "ownerReferences": [{"uid": "set", "controller": True}]}
    api.elsewhere = [pod("redis-0", "False", **moved), pod("other", "False", namespace="shop")]
    left = [{"namespace": "shop", "owner_uid": "set"}]
    with pytest.raises(HostError, match=r"pods are not ready within 0 s: shop/redis-0: Ready=False$"):
        taken_back(monkeypatch, api, left=left)
    api.elsewhere = [pod("redis-0", **moved), *api.elsewhere[1:]]
    taken_back(monkeypatch, api, left=left)


def test_after_a_reboot_the_kubelet_must_have_told_something(monkeypatch: pytest.MonkeyPatch) -> None:
    api = OneNode()
    with pytest.raises(HostError, match=r"Node n is not ready again within 0 s: its kubelet has told nothing since the reboot"):
        taken_back(monkeypatch, api, "schedulable", boot="new")
    assert api.patches == []


def test_containers_of_before_the_reboot_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    def began(moment: str, node: str = "n") -> Object:
        running = {"containerStatuses": [{"name": "c", "state": {"running": {"startedAt": moment}}}]}
        return {**pod("web"), "spec": {"nodeName": node}, "status": {"conditions": ready(), **running}}

    boot = 1_796_000_000.0  # 2026-11-30T00:53:20Z
    with pytest.raises(HostError, match=r"default/web: what the API tells of it is from before the reboot"):
        taken_back(monkeypatch, OneNode(began("2026-11-30T00:53:10Z")), since=boot)
    taken_back(monkeypatch, OneNode(began("2026-11-30T00:53:30Z")), since=boot)
    taken_back(monkeypatch, OneNode(began("2026-11-30T00:53:10Z", node="other")), since=boot)
