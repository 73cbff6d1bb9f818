# SPDX-License-Identifier: GPL-3.0-or-later
"""Real upgrades: Kubernetes 1.36.3 → 1.37.1 and etcd 3.6 → 3.7, under probes, with faults, and with runs that are killed."""

from __future__ import annotations

import collections.abc
import json
import pathlib
import random

import pytest

from . import checks
from .driver import Cluster, eventually
from .killed_runs import killed_and_gone_on_with
from .probing import probed, probed_page
from .upgrading import NEW, OLD, UPGRADE, budget, cluster_of, etcd_versions, is_upgraded, kubelets, told, workload

pytestmark = pytest.mark.long
MASTERS = {f"k8s.master{number}.dev": f"192.168.200.10{number}" for number in (1, 2, 3)}
MINIONS = {f"k8s.minion{number}.dev": f"192.168.200.12{number}" for number in (1, 2)}
NODES = [*MASTERS, *MINIONS]
BROKEN = json.dumps({"master_apiserver_arguments": {"event-ttl": "never"}})
# Killed at which connection of a run, each of which goes on where the one before was killed: a sample, the same each time.
_SAMPLE = random.Random(20261129)
KILLS = [f"{number}+{_SAMPLE.uniform(0.0, 2.5):.2f}" for number in (14, 17, 15, 19, 16, 21, 18, 15, 20, 17, 22, 16)]


@pytest.fixture(scope="module")
def ha(request: pytest.FixtureRequest, artefacts: pathlib.Path) -> collections.abc.Iterator[Cluster]:
    yield from with_workloads("ha", request, artefacts)


@pytest.fixture(scope="module")
def lab(request: pytest.FixtureRequest, artefacts: pathlib.Path) -> collections.abc.Iterator[Cluster]:
    yield from with_workloads("lab", request, artefacts)


def with_workloads(name: str, request: pytest.FixtureRequest, artefacts: pathlib.Path) -> collections.abc.Iterator[Cluster]:
    """A StatefulSet of two with a budget of one, and a DaemonSet, which no drain moves."""
    for cluster in cluster_of(name, request, artefacts, way=(OLD, NEW)):
        checks.apply(
            cluster,
            workload("StatefulSet", "store", replicas=2, serviceName="store"),
            workload("DaemonSet", "agent"),
            budget("store", maxUnavailable=1),
        )
        cluster.kubectl("rollout", "status", "statefulset/store", "--timeout=120s")
        cluster.kubectl("rollout", "status", "daemonset/agent", "--timeout=120s")
        yield cluster


def agents(cluster: Cluster) -> dict[str, tuple[str, int]]:
    """Of each pod that no drain moves, its container and how often that was restarted."""
    pods = cluster.kubectl_json("get", "pods", "-l", "app=agent")["items"]
    statuses = {pod["spec"]["nodeName"]: pod["status"]["containerStatuses"][0] for pod in pods}
    return {node: (status["containerID"], status["restartCount"]) for node, status in statuses.items()}


def test_check_mode_shows_the_plan(ha: Cluster) -> None:
    before = checks.start_times(ha, NODES)
    run = ha.playbook(UPGRADE, "--check")
    assert told(run) == [f"Stage 1 of 1: Kubernetes {OLD[0]}, etcd {OLD[1]} → Kubernetes {NEW[0]}, etcd {NEW[1]}"]
    assert checks.start_times(ha, NODES) == before


def test_an_apiserver_that_does_not_start_gets_its_old_version_back(ha: Cluster) -> None:
    """Others are not touched. etcd, whose turn is before, has its new version already."""
    before = checks.start_times(ha, list(MASTERS))
    with probed(ha) as api:
        failed = ha.playbook(UPGRADE, "-e", BROKEN, check=False)
    assert failed.returncode == 2
    assert api.failed == [], api.summary()
    (failure,) = failed.failures
    assert failure["host"] == next(iter(MASTERS))
    after = checks.start_times(ha, list(MASTERS))
    manager = "kube-controller-manager.service"
    for host in list(MASTERS)[1:]:
        assert unit_of(before[host], manager) == unit_of(after[host], manager)
    for host in MASTERS:
        assert OLD[0] in ha.on(host, "readlink /proc/$(pidof kube-apiserver)/exe")
    assert etcd_versions(ha, next(iter(MASTERS))) == {NEW[1]}
    assert set(kubelets(ha).values()) == {OLD[0]}


def answers_thirty_times(cluster: Cluster, page: str) -> bool:
    return all(cluster.curl(page, "--max-time", "2", check=False).returncode == 0 for _request in range(30))


def unit_of(shown: str, unit: str) -> str:
    return next(block for block in shown.split("\n\n") if f"Id={unit}" in block.splitlines())


def test_nobody_notices_and_a_node_that_is_away_comes_later(ha: Cluster) -> None:
    away = list(MINIONS)[1]
    containers = agents(ha)
    page = f"http://{MASTERS['k8s.master1.dev']}:{checks.GUESTBOOK_PORT}"
    with probed(ha) as api, probed_page(ha, page) as pages:
        ha.playbook(UPGRADE, "--limit", f"!{away}")
    print(f"API: {api.summary()}\npage: {pages.summary()}")
    assert [*api.failed, *pages.failed] == []
    assert min(len(api.reads), len(api.writes), len(pages.reads)) > 200
    assert kubelets(ha) == {**dict.fromkeys(NODES, NEW[0]), away: OLD[0]}
    ha.lab("stop", away)
    without = ha.playbook(UPGRADE, check=False)
    assert without.returncode != 0
    assert any(line.startswith(f"Left out, because the host does not answer: {away}") for line in told(without))
    ha.lab("start", away)
    eventually(lambda: checks.all_ready(ha, NODES), deadline=120, wanted="the node is back")
    # After a loss of power, the API takes pods for ready that are not started again yet.
    eventually(lambda: answers_thirty_times(ha, page), deadline=120, wanted="the page answers as before")
    with probed_page(ha, page) as pages:
        ha.playbook(UPGRADE)
    assert pages.failed == [], pages.summary()
    here = {node: container for node, container in containers.items() if node != away}
    assert {node: container for node, container in agents(ha).items() if node != away} == here
    is_upgraded(ha, next(iter(MASTERS)), NODES)


def test_killed_runs_are_gone_on_with(lab: Cluster) -> None:
    assert killed_and_gone_on_with(lab, KILLS, UPGRADE) >= 5
    hosts = [host["name"] for host in lab.status()["hosts"]]
    is_upgraded(lab, hosts[0], hosts)
