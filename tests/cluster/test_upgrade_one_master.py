# SPDX-License-Identifier: GPL-3.0-or-later
"""Real upgrades of clusters with one master: how long the API is away, whether budgets are kept, and two minor versions in one run."""

from __future__ import annotations

import collections.abc
import dataclasses
import json
import pathlib
import time

import pytest

from . import checks, restarting
from .driver import Cluster, PlaybookRun
from .probing import probed, probed_page_at_several, probed_status
from .upgrading import NEW, OLD, OLDEST, UPGRADE, budget, cluster_of, is_upgraded, plan, told, workload

pytestmark = pytest.mark.long
MASTER = "k8s.master.dev"
MINIONS = {f"k8s.minion{number}.dev": f"192.168.200.10{number}" for number in (1, 2, 3)}
STATEFUL_SETS = "/apis/apps/v1/namespaces/default/statefulsets"
# Seconds. What is longer than the first is told, no restart may take longer than the second.
NOTICED, BOUND = 0.5, 6.0
# What systemd says of a unit: catalogue of systemd, "unit is being stopped" and "unit has finished starting".
STOPPING, STARTED = "de5b426a63be47a7b6ac3eaac82e2f6f", "39f53479d3a045ac8e11786248231fbf"
CONTROL_PLANE = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
NODE = ("kubelet", "kube-proxy")


@pytest.fixture(scope="module")
def lab(request: pytest.FixtureRequest, artefacts: pathlib.Path) -> collections.abc.Iterator[Cluster]:
    yield from cluster_of("lab", request, artefacts, way=(OLD, NEW))


@pytest.fixture(scope="module")
def two(request: pytest.FixtureRequest, artefacts: pathlib.Path) -> collections.abc.Iterator[Cluster]:
    yield from cluster_of("two-node", request, artefacts, way=(OLDEST, OLD, NEW))


@dataclasses.dataclass(frozen=True)
class Restart:
    """When a unit began to stop, and when systemd had it started again; seconds since the epoch."""

    unit: str
    stopping: float
    started: float


def restarts(cluster: Cluster, host: str, *units: str, since: float) -> list[Restart]:
    wanted = " ".join([*(f"UNIT={unit}.service" for unit in units), f"MESSAGE_ID={STOPPING}", f"MESSAGE_ID={STARTED}"])
    journal = cluster.on(host, f"journalctl --no-pager --output=json --since=@{int(since)} {wanted}")
    found, stopping = list[Restart](), dict[str, float]()
    for entry in map(json.loads, journal.splitlines()):
        unit, moment = entry["UNIT"].removesuffix(".service"), int(entry["__REALTIME_TIMESTAMP"]) / 1e6
        if entry["MESSAGE_ID"] == STOPPING:
            stopping[unit] = moment
        elif unit in stopping:
            found.append(Restart(unit, stopping.pop(unit), moment))
    return found


def test_the_api_is_away_for_seconds_and_budgets_are_kept(lab: Cluster) -> None:
    """One StatefulSet of two may lose one, another of three must keep two."""
    restarting.start_workloads(lab)
    template = restarting.leaving_slowly()
    checks.apply(lab, workload("StatefulSet", "store", template=template, replicas=3, serviceName="store"), budget("store", minAvailable=2))
    lab.kubectl("rollout", "status", "statefulset/store", "--timeout=120s")
    pages = [f"http://{address}:{restarting.PAGE_PORT}/" for address in MINIONS.values()]
    began = time.time()
    with (
        probed(lab) as api,
        probed_status(lab, f"{STATEFUL_SETS}/store", "readyReplicas") as store,
        probed_status(lab, f"{STATEFUL_SETS}/database", "readyReplicas") as database,
        probed_page_at_several(lab, *pages) as page,
    ):
        run = lab.playbook(UPGRADE, timeout=1800)
    ready = {
        name: {look["readyReplicas"] for look in seen.reads if look["fault"] is None}
        for name, seen in (("store", store), ("database", database))
    }
    gone = restarts(lab, MASTER, "etcd", "kube-apiserver", since=began)
    gaps = api.gaps(longer_than=NOTICED)
    print(f"run: {run.seconds:.0f} s, API: {api.summary()}\npage: {page.summary()}\nready replicas: {ready}")
    for begin, seconds in gaps:
        met = [restart.unit for restart in gone if restart.stopping < begin + seconds and begin < restart.started + BOUND]
        print(f"no answer for {seconds:.1f} s from {begin - began:.1f} s on, beside restarts of {met}")
    assert {restart.unit for restart in gone} == {"etcd", "kube-apiserver"}
    assert gaps, "an API of one master is away when its apiserver restarts: the probe does not see it"
    assert [seconds for _begin, seconds in gaps if seconds > BOUND] == []
    assert page.failed == []
    assert len(page.reads) > 500
    assert min(ready["store"]) >= 2
    assert min(ready["database"]) >= 1
    is_upgraded(lab, MASTER, [MASTER, *MINIONS])


def switched(run: PlaybookRun, *versions: str) -> list[tuple[str, str]]:
    """In the order in which hosts were given programs of these versions: the version, and host and program."""
    found = []
    for result in run.results:
        for action in (entry for entry in result["actions"] if (entry["kind"], entry["action"]) == ("binary", "switch")):
            version = action["reason"].rpartition("-")[2]
            found += [(version, f"{result['host']} {pathlib.PurePath(action['path']).name}")] if version in versions else []
    return found


def first_seen(cluster: Cluster, host: str, program: str, version: str) -> float:
    """When the journal has the first line of this program, which it knows by its file."""
    shown = cluster.on(host, f"journalctl --no-pager --quiet --output=short-unix _EXE=/usr/local/bin/{program}-{version} | head -n 1")
    return float(shown.split()[0])


def test_a_minor_version_is_whole_before_the_next_begins(two: Cluster) -> None:
    hosts = [MASTER, "k8s.minion1.dev"]
    foretold = told(two.playbook(UPGRADE, "--check"))
    assert foretold[:2] == [
        f"Stage 1 of 2: Kubernetes {OLDEST[0]}, etcd {OLDEST[1]} → Kubernetes {OLD[0]}, etcd {OLD[1]}",
        f"Stage 2 of 2: Kubernetes {OLD[0]}, etcd {OLD[1]} → Kubernetes {NEW[0]}, etcd {NEW[1]}",
    ]
    run = two.playbook(UPGRADE, timeout=1800)
    assert plan(run)[:2] == foretold[:2]
    programs = {MASTER: (*CONTROL_PLANE, *NODE), "k8s.minion1.dev": NODE}
    everything = {f"{host} {program}" for host in hosts for program in programs[host]}
    order = switched(run, OLD[0], NEW[0])
    assert [version for version, _what in order] == sorted(version for version, _what in order)
    for version in (OLD[0], NEW[0]):
        assert everything <= {what for found, what in order if found == version}, order
    # and what ran: all hosts have one clock
    starts = {
        version: [first_seen(two, host, program, version) for host in hosts for program in programs[host]] for version, _what in order
    }
    print({version: (min(moments), max(moments)) for version, moments in starts.items()})
    assert max(starts[OLD[0]]) < min(starts[NEW[0]])
    is_upgraded(two, MASTER, hosts)
