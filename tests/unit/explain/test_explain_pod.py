# SPDX-License-Identifier: GPL-3.0-or-later
"""The chain to a pod: the scheduler, its node, and what the kubelet does for it. What the API tells is as of Kubernetes 1.37."""

from __future__ import annotations

import typing as t

import pytest
from doctor_situation import Situation
from test_explain_node import stopped

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._explain import chain, node, pod
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._explain.chain import Explanation

Object = dict[str, t.Any]

NOT_FOUND = 'failed to pull image "registry:5000/web:2": manifest for registry:5000/web:2 not found: manifest unknown'
NO_CONFIGURATION = 'configmap "settings" not found'
TAINTED = "0/2 nodes are available: 1 node(s) had untolerated taint(s), 1 node(s) didn't match Pod's node affinity/selector"
NO_CPU = "0/2 nodes are available: 2 Insufficient cpu. no new claims to deallocate"
NO_CLAIM = "0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims"


def container(name: str = "web", **changes: t.Any) -> Object:
    kept = {"name": name, "image": "registry:5000/web:2", "prepares": False, "known": True, "ready": True, "running": True, "restarts": 0}
    return {**kept, "waits": None, "ended": None, **changes}


def waiting(reason: str, message: str = "", **changes: t.Any) -> Object:
    return container(ready=False, running=False, waits={"reason": reason, "message": message}, **changes)


def ended(code: int, reason: str = "Error") -> Object:
    return {"code": code, "reason": reason, "message": ""}


def event(reason: str, message: str, count: int = 3) -> Object:
    return {"type": "Warning", "reason": reason, "message": message, "count": count, "seconds": 20}


def told(**changes: t.Any) -> Object:
    return {
        "node": "w1",
        "scheduler": "default-scheduler",
        "host_network": False,
        "phase": "Running",
        "reason": "",
        "message": "",
        "deleted": "",
        "finalizers": [],
        "fault": "Ready=False (ContainersNotReady)",
        "conditions": [],
        "containers": [container()],
        "claims": [],
        "events": [],
        **changes,
    }


def explained(found: Object | None, situation: Situation | None = None) -> Explanation:
    facts = (situation or Situation()).facts()
    host = found["node"] if found and found["node"] in facts.cluster["nodes"] else ""
    return pod.explain(node.View(host, facts, (situation or Situation()).verdict().findings), ("shop", "web-1"), found)


def pending(**changes: t.Any) -> Object:
    return told(node="", phase="Pending", containers=[], **changes)


def unscheduled(message: str) -> Object:
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
    return pending(conditions=[condition], events=[event("FailedScheduling", message)])


BROKEN = {
    "tainted": (unscheduled(TAINTED), "scheduler", "untolerated taint", "toleration"),
    "mismatched": (unscheduled(TAINTED), "scheduler", "affinity/selector", "--show-labels"),
    "no room": (unscheduled(NO_CPU), "scheduler", "Insufficient cpu", "Allocated resources"),
    "no volume": (unscheduled(NO_CLAIM), "scheduler", "unbound immediate", "kubectl describe pvc -n shop"),
    "nobody looked": (pending(), "scheduler", "has not looked at it", "kubectl describe pod -n shop web-1"),
    "another scheduler": (pending(scheduler="mine"), "scheduler", "it wants the scheduler mine", "that scheduler"),
    "volume": (
        told(containers=[waiting("ContainerCreating")], events=[event("FailedMount", 'MountVolume.SetUp failed: configmap "x" not found')]),
        "volumes",
        "MountVolume.SetUp failed",
        "kubectl get configmaps,secrets -n shop",
    ),
    "claim": (
        told(containers=[waiting("ContainerCreating")], claims=[{"name": "data", "phase": "Pending"}]),
        "volumes",
        "the claim data is Pending",
        "kubectl describe pvc -n shop",
    ),
    "sandbox": (
        told(containers=[waiting("ContainerCreating")], events=[event("FailedCreatePodSandBox", "plugin type=flannel failed")]),
        "sandbox",
        "plugin type=flannel failed",
        "w1",
    ),
    "image": (
        told(containers=[waiting("ImagePullBackOff", NOT_FOUND)]),
        "image",
        "manifest unknown",
        "the registry has no registry:5000/web:2",
    ),
    "image by its event": (
        told(containers=[waiting("ImagePullBackOff")], events=[event("Failed", "dial tcp: lookup registry: no such host")]),
        "image",
        "ImagePullBackOff",
        "/etc/resolv.conf",
    ),
    "settings": (told(containers=[waiting("CreateContainerConfigError", NO_CONFIGURATION)]), "settings", NO_CONFIGURATION, "configmaps"),
    "loop": (
        told(containers=[waiting("CrashLoopBackOff", ended=ended(1), restarts=9)]),
        "containers",
        "ended with 1 (Error), started again 9 times",
        "kubectl logs -n shop web-1 -c web --previous",
    ),
    "memory": (
        told(containers=[waiting("CrashLoopBackOff", ended=ended(137, "OOMKilled"))]),
        "containers",
        "137 (OOMKilled)",
        "resources.limits.memory of web",
    ),
    "preparing": (
        told(containers=[waiting("CrashLoopBackOff", name="first", prepares=True, ended=ended(2)), waiting("PodInitializing")]),
        "containers",
        "container first ended with 2",
        "-c first",
    ),
    "evicted": (
        told(phase="Failed", reason="Evicted", message="The node was low on resource", containers=[]),
        "containers",
        "Evicted The node was low",
        "kubectl describe pod",
    ),
    "probe": (
        told(containers=[container(ready=False)], events=[event("Unhealthy", "Readiness probe failed: connection refused")]),
        "probes",
        "not ready: web",
        "kubectl logs -n shop web-1 -c web",
    ),
    "gate": (
        told(conditions=[{"type": "example.com/gate", "status": "False", "reason": "", "message": "waits"}]),
        "probes",
        "condition example.com/gate is False: waits",
        "describe",
    ),
    "deletion": (
        told(deleted="2026-11-30T01:00:00Z", finalizers=["example.com/held"], fault=""),
        "deletion",
        "held by example.com/held",
        "finalizers",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_link_that_is_broken_is_the_first(name: str) -> None:
    found, link, words, remedy = BROKEN[name]
    explanation = explained(found)
    lines = chain.lines(explanation)
    assert explanation.first is not None and explanation.first.name == link, lines
    assert words in " ".join(lines) and remedy in " ".join(lines), lines
    assert explanation.failing and not explanation.others


def test_a_pod_that_is_ready() -> None:
    found = explained(told(fault="", events=[event("Unhealthy", "it was not ready yet")]))
    assert not found.failing and chain.lines(found)[0] == "pod shop/web-1 is ready (on w1)"
    assert [one.name for one in found.states][:2] == ["scheduler", "host"]
    assert {one.state for one in found.states} == {chain.WELL}


def test_a_pod_that_has_ended_well() -> None:
    found = explained(told(fault="", phase="Succeeded", containers=[container(running=False, ready=False, ended=ended(0, "Completed"))]))
    assert not found.failing and "has ended well" in found.about


def test_its_node_explains_a_pod() -> None:
    situation = Situation()
    stopped(situation, "w1", "kubelet.service", "it ended")
    found = explained(told(fault="Ready=False"), situation)
    assert found.first is not None and found.first.name == "kubelet" and "  | it ended" in chain.lines(found)


def test_the_scheduler_is_down() -> None:
    situation = Situation()
    situation.groups["m1"]["control_plane"]["leaders"][1].update(alive=False)
    stopped(situation, "m1", "kube-scheduler.service", "it ended")
    found = explained(pending(), situation)
    assert found.first is not None and found.first.name == "scheduler"
    assert "m1: kube-scheduler.service is inactive" in chain.summary(found)


def test_no_apiserver_tells_of_it() -> None:
    situation = Situation()
    situation.groups["m1"]["control_plane"] = {"ready": False, "fault": "Connection refused", "listens": False, "gaps": []}
    stopped(situation, "m1", "kube-apiserver.service")
    found = explained(None, situation)
    assert found.first is not None and found.first.name == "API" and found.failing
    assert "kube-apiserver.service is inactive" in chain.summary(found)


def test_an_apiserver_that_has_not_told_in_time() -> None:
    for group in ("control_plane", "subject"):
        situation = Situation()
        situation.groups["m1"]["subject"] = {}
        situation.gaps["m1"] = {group: "it did not end in time"}
        found = explained(None, situation)
        assert found.first is not None and found.first.name == "API" and found.failing
        assert "API: m1: it did not end in time" in chain.summary(found)


def test_a_node_of_nobody() -> None:
    found = explained(told(node="other"))
    assert found.first is not None and found.first.name == "node" and "no host of the inventory" in chain.summary(found)


def test_old_trouble_of_a_pod_that_has_begun_is_none() -> None:
    events = [event("FailedMount", "it was slow"), event("FailedCreatePodSandBox", "flannel was not ready yet")]
    found = explained(told(containers=[container(ready=False)], events=events))
    assert found.first is not None and found.first.name == "probes"


def test_a_pod_of_the_hosts_network_needs_no_cni() -> None:
    situation = Situation()
    situation.groups["w1"]["runtime"]["cni"].clear()
    assert explained(told(host_network=True, fault=""), situation).first is None
    found = explained(told(fault=""), situation).first
    assert found is not None and found.name == "CNI"
