# SPDX-License-Identifier: GPL-3.0-or-later
"""F44: on a converged cluster that nobody uses, no unit says again and again that something fails."""

from __future__ import annotations

import collections
import collections.abc
import json
import pathlib
import re
import time

import pytest

from . import checks
from .driver import Cluster, eventually
from .setups import converged_hosts

HOST = "k8s.allinone.dev"
SECONDS = 60
# The kubelet looks at the disk every 10 s.
REPEATED = 3
# Errors as programs write them: klog's E and F, the fields of zap, logrus and slog, and what needs no more than its words.
ERROR = re.compile(r'^[EF]\d{4} |"level":"(?:error|fatal|panic)"|\blevel=(?:error|fatal)\b|^panic: |^Traceback', re.IGNORECASE)
# What differs from one time to the next: times, numbers, addresses, identifiers.
VARYING = re.compile(r"\b[0-9a-f]{8,}\b|\b[0-9a-f-]{36}\b|\d+", re.IGNORECASE)


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


def repeated(lines: collections.abc.Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """The shapes of errors by unit that came at least REPEATED times."""
    shapes = collections.Counter((unit, VARYING.sub("#", text)[:160]) for unit, text in lines if ERROR.search(text))
    return {shape: count for shape, count in shapes.items() if count >= REPEATED}


def entries(journal: str) -> list[tuple[str, str]]:
    found = [json.loads(line) for line in journal.splitlines() if line.startswith("{")]
    units = [(entry.get("_SYSTEMD_UNIT") or entry.get("SYSLOG_IDENTIFIER", ""), entry) for entry in found]
    # What systemd and the kernel call an error has no mark in its text.
    return [(unit, f"{'E0000 ' if int(entry.get('PRIORITY', 6)) <= 3 else ''}{entry['MESSAGE']}") for unit, entry in units]


def test_errors_are_counted_by_unit_and_shape() -> None:
    line = 'E1128 19:11:{:02}.7129 1033 cri_stats_provider.go:533] "Failed" err="no info for device" pod="a-{:08x}"'
    lines = [("kubelet.service", line.format(second, second)) for second in range(0, 60, 10)]
    assert list(repeated(lines).values()) == [6]
    assert repeated([("other.service", text) for _unit, text in lines[:2]]) == {}
    assert repeated([("kubelet.service", text.replace("E1128", "W1128")) for _unit, text in lines]) == {}
    assert len(repeated([("etcd.service", f'{{"level":"error","ts":"{number}"}}') for number in range(3)])) == 1


def test_f44_no_unit_repeats_an_error(idle: Cluster) -> None:
    time.sleep(30)  # what begins with the boot comes to its end
    began = idle.on(HOST, "date +%s; logger --priority daemon.err --tag idle-test 'the journal is read'").strip()
    time.sleep(SECONDS)
    journal = idle.on(
        HOST, f"journalctl --no-pager --output=json --output-fields=MESSAGE,PRIORITY,_SYSTEMD_UNIT,SYSLOG_IDENTIFIER --since=@{began}"
    )
    found = entries(journal)
    assert [text for _unit, text in found if "the journal is read" in text] == ["E0000 the journal is read"]
    assert repeated(found) == {}


def test_f44_the_kubelet_knows_its_disk(idle: Cluster) -> None:
    """By which it evicts pods and removes images."""
    summary = json.loads(idle.kubectl("get", "--raw", f"/api/v1/nodes/{HOST}/proxy/stats/summary"))["node"]
    assert summary["fs"]["capacityBytes"] > 0
    assert summary["runtime"]["imageFs"]["capacityBytes"] > 0
    node = idle.kubectl_json("get", "node", HOST)
    assert {one["type"]: one["status"] for one in node["status"]["conditions"]}["DiskPressure"] == "False"
