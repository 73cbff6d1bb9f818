# SPDX-License-Identifier: GPL-3.0-or-later
"""A drain of many pods that a PodDisruptionBudget holds (F23), against an API of which only the answers are made up."""

from __future__ import annotations

import json
import time
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._api import node
from ansible_collections.barehost.kubernetes.plugins.module_utils._api.client import KubeApi
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

Object = dict[str, t.Any]

REFUSAL = {
    "kind": "Status",
    "message": "Cannot evict pod as it would violate the pod's disruption budget.",
    "details": {"causes": [{"message": "The disruption budget guard needs 99 healthy pods and has 99 currently"}]},
}


class Budgeted(KubeApi):
    """The pods of a node, of which a budget lets ``room`` go in each round; the node's end of a round is its list of pods."""

    def __init__(self, names: t.Sequence[str], *, room: int) -> None:
        super().__init__(server="https://127.0.0.1:1", ca="", cert="", key="")
        self.left = dict.fromkeys(names)
        self.asked: list[str] = []
        self._room = self._free = room

    def _send(self, method: str, path: str, body: Object | None, content: str) -> tuple[int, str]:
        if method == "GET":
            self._free = self._room
            pods = [{"metadata": {"namespace": "default", "name": name, "uid": name}} for name in self.left]
            return 200, json.dumps({"items": pods})
        name = path.split("/")[-2]
        self.asked.append(name)
        if not self._free:
            return 429, json.dumps(REFUSAL)
        self._free -= 1
        del self.left[name]
        return 201, "{}"


def drain(api: KubeApi, names: t.Sequence[str], *, timeout: float) -> None:
    actions = [
        {"kind": "pod", "operation": "evict", "target": name, "data": {"namespace": "default", "name": name, "uid": name}} for name in names
    ]
    node._apply(api, {"node": "n", "actions": actions, "timeout": timeout})


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node, "_PAUSE", 0.01)


NAMES = [f"web-{number:03}" for number in range(100)]


def test_f23_a_hundred_held_pods_leave_in_rounds() -> None:
    """Each refusal costs one request: the pods that may leave do not wait for those that may not."""
    api = Budgeted(NAMES, room=5)
    began = time.monotonic()
    drain(api, NAMES, timeout=30)
    assert time.monotonic() - began < 10
    assert not api.left
    assert api.asked[:100] == NAMES
    assert len(api.asked) == sum(range(5, 101, 5))


def test_f23_one_deadline_for_the_drain_names_pods_and_budgets() -> None:
    api = Budgeted(NAMES, room=0)
    began = time.monotonic()
    with pytest.raises(HostError) as caught:
        drain(api, NAMES, timeout=0.2)
    assert time.monotonic() - began < 5
    said = caught.value.message
    assert said.startswith("100 pods are still on n after 0 s: default/web-000: Cannot evict pod")
    assert "The disruption budget guard needs 99 healthy pods" in said
    assert "and 80 more" in said
    assert "kubectl get poddisruptionbudgets --all-namespaces" in said
    assert "kubectl uncordon n" in said


def test_a_deadline_within_a_round_ends_it() -> None:
    class Slow(Budgeted):
        def _send(self, method: str, path: str, body: Object | None, content: str) -> tuple[int, str]:
            time.sleep(0.05)
            return super()._send(method, path, body, content)

    api = Slow(NAMES, room=0)
    with pytest.raises(HostError, match="web-099: was not asked to leave yet"):
        drain(api, NAMES[90:], timeout=0.12)
    assert len(api.asked) < 5


def test_a_pod_that_takes_its_time_is_evicted_once() -> None:
    class Lingering(Budgeted):
        rounds = 0

        def _send(self, method: str, path: str, body: Object | None, content: str) -> tuple[int, str]:
            if method == "GET":
                self.rounds += 1
                if self.rounds == 4:
                    self.left.clear()
                return super()._send(method, path, body, content)
            self.asked.append(path)
            return 201, "{}"

    api = Lingering(["web"], room=1)
    drain(api, ["web"], timeout=10)
    assert len(api.asked) == 1
