# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``health.yml`` says of a cluster in which something is wrong: no host has the last word (F18)."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import health_report

MASTERS = ("m1", "m2", "m3")
HOSTS = (*MASTERS, "w1")
CLUSTER: dict[str, t.Any] = {
    "nodes": {host: {"address": f"192.0.2.{number}"} for number, host in enumerate(HOSTS, start=1)},
    "etcd_hosts": list(MASTERS),
    "masters": list(MASTERS),
    "node_hosts": list(HOSTS),
    "api": {"proxies": ["w1"]},
}
CONTAINER = {"rc": 0, "stdout_lines": ["", "Hello from Docker!"]}
NODES = [{"name": host, "ready": True, "fault": ""} for host in HOSTS]
READY = {"api": {"ready": True, "fault": ""}, "nodes": NODES, "leaders": [{"name": "kube-scheduler", "alive": True}], "pods": []}


def etcd(*healthy: str) -> dict[str, t.Any]:
    summary = [f"https://{host}:2379 is {'healthy: took 1 ms' if host in healthy else 'unhealthy: refused'}" for host in MASTERS]
    return {"members": [{}], "healthy": len(healthy) == len(MASTERS), "summary": summary}


def results() -> dict[str, dict[str, t.Any]]:
    found: dict[str, dict[str, t.Any]] = {
        host: {health_report.CONTAINER: CONTAINER, health_report.NETWORK: {"reached": []}} for host in HOSTS
    }
    for host in MASTERS:
        found[host] |= {health_report.ETCD: etcd(*MASTERS), health_report.API: {**READY, "summary": [f"API: {host} is ready"]}}
    found["w1"] |= {health_report.ETCD: {"skipped": True}, health_report.BALANCER: {"rc": 0}}
    return found


def report(found: dict[str, dict[str, t.Any]], *, lost: tuple[str, ...] = ()) -> health_report.Report:
    return health_report.report(CLUSTER, found, asked=[*HOSTS, "other"], answering=[host for host in (*HOSTS, "other") if host not in lost])


def test_all_is_well() -> None:
    lines, faults = report(results())
    assert faults == []
    assert [line for line in lines if "is healthy" in line] == etcd(*MASTERS)["summary"]
    assert "w1: Hello from Docker!" in lines
    assert "API: m1 is ready" in lines
    assert lines[-1] == "guestbook, once installed: http://192.0.2.1:30001/ (any node)"


def test_a_cluster_of_etcd_alone_has_no_guestbook() -> None:
    cluster = {**CLUSTER, "masters": [], "node_hosts": []}
    found = {host: {health_report.ETCD: etcd(*MASTERS)} for host in MASTERS}
    assert health_report.report(cluster, found, asked=MASTERS, answering=MASTERS) == (etcd(*MASTERS)["summary"], [])


@pytest.mark.parametrize("lost", [("m1",), ("w1",), ("m1", "w1")])
def test_f18_a_lost_host_is_named_and_the_others_are_asked(lost: tuple[str, ...]) -> None:
    """What a lost host registered is no result: ``unreachable``."""
    found = {host: {health_report.ETCD: {"unreachable": True}} if host in lost else result for host, result in results().items()}
    lines, faults = report(found, lost=lost)
    assert faults == [f"{host}: does not answer" for host in lost]
    assert "API: m2 is ready" in lines or "m1" not in lost


def test_a_member_that_is_cut_off_is_seen_from_both_sides() -> None:
    found = results()
    for host in MASTERS:
        found[host][health_report.ETCD] = etcd() if host == "m1" else etcd("m2", "m3")
    lines, faults = report(found)
    assert "https://m2:2379 is healthy: took 1 ms" in lines, "the view of those that see most"
    assert "etcd, seen from m1: https://m2:2379 is unhealthy: refused" in faults
    assert "etcd, seen from m1, m2, m3: https://m1:2379 is unhealthy: refused" in faults


@pytest.mark.parametrize(
    ("host", "name", "result", "fault"),
    [
        ("m1", health_report.ETCD, {"failed": True, "msg": "no certificate"}, "m1: etcd cannot be asked: no certificate"),
        ("m1", health_report.API, {"api": {"ready": False, "fault": "refused"}}, "m1: its apiserver is not ready: refused"),
        ("m2", health_report.API, {"msg": "no certificate"}, "m2: its apiserver cannot be asked: no certificate"),
        ("w1", health_report.CONTAINER, {"rc": 1, "stderr_lines": ["a", "no space"]}, "w1: Docker runs no container: no space"),
        (
            "w1",
            health_report.CONTAINER,
            {"rc": 125, "stderr_lines": ["docker: unauthorized", "", "Run 'docker run --help' for more information"]},
            "w1: Docker runs no container: docker: unauthorized",
        ),
        ("w1", health_report.NETWORK, {"msg": "w1 does not reach all of the pod network"}, "w1 does not reach all"),
        ("w1", health_report.BALANCER, {"failed": True, "msg": "no python"}, "w1: a service of the balancer does not run: no python"),
        ("w1", health_report.BALANCER, {"rc": 3, "cmd": ["x"], "stdout_lines": ["inactive"]}, "w1: a service of the balancer does not run"),
    ],
)
def test_each_fault_is_named_with_its_host(host: str, name: str, result: dict[str, t.Any], fault: str) -> None:
    found = results()
    found[host][name] = result
    lines, (only,) = report(found)
    assert only.startswith(fault)
    assert lines


def test_what_the_api_says_of_the_cluster() -> None:
    found = results()
    wrong = {
        "nodes": [*NODES[1:], {"name": "m1", "ready": False, "fault": "the kubelet is silent"}],
        "leaders": [{"name": "kube-scheduler", "alive": False}],
        "pods": [{"name": "coredns-1", "node": "", "fault": "waits"}],
    }
    for host in MASTERS:
        found[host][health_report.API] = {**READY, **wrong, "summary": []}
    assert report(found).faults == [
        "node m1: the kubelet is silent",
        "kube-scheduler: no leader renews its lease",
        "pod coredns-1 on no node: waits",
    ]


def test_check_mode_runs_no_container() -> None:
    found = {host: {**result, health_report.CONTAINER: {"skipped": True}} for host, result in results().items()}
    lines, faults = report(found)
    assert faults == []
    assert not [line for line in lines if "Docker" in line]
