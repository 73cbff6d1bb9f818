# SPDX-License-Identifier: GPL-3.0-or-later
"""F44: on a converged cluster that nobody uses, no unit says again and again that something fails."""

from __future__ import annotations

import collections.abc
import json
import pathlib
import time

import pytest

from . import checks, journals
from .driver import Cluster, eventually
from .setups import converged_hosts

pytestmark = pytest.mark.long
HOST = "k8s.allinone.dev"
SECONDS = 60


@pytest.fixture(scope="module")
def idle(request: pytest.FixtureRequest, artefacts: pathlib.Path) -> collections.abc.Iterator[Cluster]:
    folder = artefacts / "idle"
    folder.mkdir()
    with converged_hosts("all-in-one", session=request.session, artefacts=folder) as cluster:
        eventually(lambda: checks.all_ready(cluster, [HOST]), deadline=90, wanted="the node is ready")
        eventually(lambda: not waiting_pods(cluster), deadline=90, wanted="all pods run")
        yield cluster


def waiting_pods(cluster: Cluster) -> list[str]:
    pods = cluster.kubectl_json("get", "pods", "--all-namespaces")["items"]
    return [
        pod["metadata"]["name"]
        for pod in pods
        if not all(one["ready"] for one in pod["status"].get("containerStatuses", [{"ready": False}]))
    ]


def test_errors_are_counted_by_unit_and_shape() -> None:
    line = 'E1128 19:11:{:02}.7129 1033 cri_stats_provider.go:533] "Failed" err="no info for device" pod="a-{:08x}"'
    lines = [("kubelet.service", line.format(second, second)) for second in range(0, 60, 10)]
    assert list(journals.repeated(lines).values()) == [6]
    assert journals.repeated([("other.service", text) for _unit, text in lines[:2]]) == {}
    assert journals.repeated([("kubelet.service", text.replace("E1128", "W1128")) for _unit, text in lines]) == {}
    assert len(journals.repeated([("etcd.service", f'{{"level":"error","ts":"{number}"}}') for number in range(3)])) == 1


def test_f44_no_unit_repeats_an_error(idle: Cluster) -> None:
    time.sleep(30)  # what begins with the boot comes to its end
    assert journals.errors_of_the_next(idle, HOST, seconds=SECONDS) == {}


def test_f44_the_kubelet_knows_its_disk(idle: Cluster) -> None:
    """By which it evicts pods and removes images."""
    summary = json.loads(idle.kubectl("get", "--raw", f"/api/v1/nodes/{HOST}/proxy/stats/summary"))["node"]
    assert summary["fs"]["capacityBytes"] > 0
    assert summary["runtime"]["imageFs"]["capacityBytes"] > 0
    node = idle.kubectl_json("get", "node", HOST)
    assert {one["type"]: one["status"] for one in node["status"]["conditions"]}["DiskPressure"] == "False"
