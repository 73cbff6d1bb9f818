# SPDX-License-Identifier: GPL-3.0-or-later
"""Conditions of API objects, and the summary of a cluster's health."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._api import health, objects, waits

Object = dict[str, t.Any]


def _deployment(*, generation: int = 2, replicas: int = 2, **status: int) -> Object:
    complete = {"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}
    return {
        "kind": "Deployment",
        "metadata": {"name": "d", "generation": generation},
        "spec": {"replicas": replicas},
        "status": {**complete, **status},
    }


def _sparing(spare: int | str, **status: int) -> Object:
    """One that says how many of it may be away."""
    whole = _deployment(**status)
    return {**whole, "spec": {**whole["spec"], "strategy": {"rollingUpdate": {"maxUnavailable": spare}}}}


@pytest.mark.parametrize(
    ("live", "fault"),
    [
        (_deployment(), ""),
        (_deployment(generation=3), "not looked at by its controller yet"),
        (_deployment(updatedReplicas=1), "updated 1 of 2"),
        (_deployment(availableReplicas=0), "available 0 of 2"),
        (_sparing(1, availableReplicas=1), ""),
        (_sparing(1, availableReplicas=0), "available 0 of 2"),
        (_sparing(2, availableReplicas=0), "available 0 of 2"),
        (_sparing("50%", availableReplicas=1), "available 1 of 2"),
        (_deployment(replicas=2, updatedReplicas=2) | {"status": {**_deployment()["status"], "replicas": 3}}, "1 old replicas still there"),
        (
            {"kind": "DaemonSet", "metadata": {}, "spec": {}, "status": {"desiredNumberScheduled": 3, "numberAvailable": 2}},
            "updated 0 of 3, available 2 of 3",
        ),
        (None, "does not exist"),
    ],
)
def test_a_workload_is_available_when_its_roll_out_is_complete(live: Object | None, fault: str) -> None:
    found = waits.fault_of(live, "Available")
    assert found.startswith(fault) if fault else found == ""


def _node(status: str) -> Object:
    condition = {"type": "Ready", "status": status, "reason": "NodeStatusUnknown", "message": "Kubelet stopped posting"}
    return {"kind": "Node", "metadata": {"name": "n"}, "status": {"conditions": [condition]}}


@pytest.mark.parametrize(("status", "fault"), [("True", ""), ("Unknown", "Ready=Unknown (NodeStatusUnknown): Kubelet stopped posting")])
def test_a_condition_is_met_only_if_it_is_true(status: str, fault: str) -> None:
    assert waits.fault_of(_node(status), "ready") == fault


def test_a_condition_that_is_not_there_is_not_met() -> None:
    assert waits.fault_of({"kind": "Job", "metadata": {}, "status": {}}, "Complete") == "has no such condition yet"


def test_existence() -> None:
    assert waits.fault_of(_node("False"), "exists") == ""
    assert waits.fault_of(None, "absent") == ""
    assert waits.fault_of(_node("True"), "Absent") == "still there"


def test_why_containers_do_not_start() -> None:
    pod = {
        "status": {
            "containerStatuses": [
                {"name": "a", "state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}},
                {
                    "name": "b",
                    "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                    "lastState": {"terminated": {"exitCode": 1, "reason": "Error"}},
                },
                {"name": "c", "state": {"running": {}}},
            ]
        }
    }
    assert waits.container_faults(pod) == [
        "container a waits: ImagePullBackOff no such image",
        "container b waits: CrashLoopBackOff",
        "container b ended with 1 (Error)",
    ]


def test_what_the_host_returns_of_a_secret_holds_no_value() -> None:
    annotations = {"kubectl.kubernetes.io/last-applied-configuration": '{"data":{"key":"b2xk"}}'}
    live = {
        "kind": "Secret",
        "metadata": {"name": "s", "uid": "1", "annotations": annotations},
        "data": {"key": "b2xk", "same": "c2FtZQ=="},
    }
    applied = {"kind": "Secret", "metadata": {"name": "s"}, "data": {"key": "bmV3", "same": "c2FtZQ=="}}
    shown_live, shown_applied = objects._shown(live, live), objects._shown(applied, live)
    assert not [value for value in ("b2xk", "bmV3", "c2FtZQ==") if value in repr((shown_live, shown_applied))]
    assert shown_live is not None
    assert shown_applied is not None
    assert shown_live["metadata"] == shown_applied["metadata"] == {"name": "s"}
    assert shown_live["data"]["same"] == shown_applied["data"]["same"]
    assert shown_live["data"]["key"] != shown_applied["data"]["key"]
    assert live["data"]["key"] == "b2xk", "the original was changed"


def test_the_summary_tells_what_is_wrong() -> None:
    found = {
        "api": {"server": "https://127.0.0.1:6443", "ready": True, "fault": ""},
        "nodes": [
            {
                "name": "a",
                "ready": True,
                "schedulable": True,
                "roles": ["control-plane"],
                "version": "v1",
                "runtime": "r",
                "addresses": {"InternalIP": "192.0.2.1"},
            },
            {
                "name": "bb",
                "ready": False,
                "fault": "Ready=False",
                "schedulable": False,
                "roles": [],
                "version": "v1",
                "runtime": "r",
                "addresses": {},
            },
        ],
        "leaders": [
            {"name": "kube-scheduler", "holder": "a", "age": 1.2, "alive": True},
            {"name": "kube-controller-manager", "holder": "", "age": None, "alive": False},
        ],
        "pods": [{"name": "coredns", "phase": "Pending", "fault": "no node"}],
        "pod_count": 3,
        "requests": [{"name": "csr-1", "of": "system:node:a"}],
    }
    assert health.summary(found) == [
        "API: https://127.0.0.1:6443 is ready",
        "kube-scheduler: led by a, renewed 1 s ago",
        "kube-controller-manager: no leader",
        "Nodes: 1 of 2 ready",
        "  NAME  STATUS             ROLES          VERSION  ADDRESS    RUNTIME",
        "  a     Ready              control-plane  v1       192.0.2.1  r",
        "  bb    NotReady,cordoned  -              v1       -          r",
        "bb: Ready=False",
        "Pods of kube-system: 2 of 3 ready",
        "coredns (Pending): no node",
        "csr-1 of system:node:a: nobody approves this serving certificate",
    ]
