# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests of upgrades have in common: a cluster of older versions, what it runs, and what must not suffer."""

from __future__ import annotations

import collections.abc
import json
import pathlib

import pytest

from . import checks, failing
from .driver import ROOT, Cluster, PlaybookRun, eventually
from .setups import bare_hosts

UPGRADE = "playbooks/upgrade.yml"
# Kubernetes and etcd
OLDEST, OLD, NEW = ("1.35.4", "3.6.16"), ("1.36.3", "3.6.16"), ("1.37.1", "3.7.2")


def variables(versions: tuple[str, str]) -> tuple[str, ...]:
    return ("-e", f"cluster_kubernetes_version={versions[0]}", "-e", f"cluster_etcd_version={versions[1]}")


def cluster_of(
    inventory: str, request: pytest.FixtureRequest, artefacts: pathlib.Path, *, way: collections.abc.Sequence[tuple[str, str]]
) -> collections.abc.Iterator[Cluster]:
    """A cluster of the first of these versions, for which the lab offers all of them, with the guestbook."""

    def bring_up(cluster: Cluster) -> None:
        offered = dict.fromkeys(f"{name}={pair[index]}" for index, name in enumerate(("kubernetes", "etcd")) for pair in way)
        cluster.lab("up", str(cluster.inventory), *(word for version in offered for word in ("--version", version)))
        cluster.playbook("playbooks/site.yml", *variables(way[0]))
        cluster.playbook("playbooks/guestbook.yml", *variables(way[0]))

    folder = artefacts / f"{request.module.__name__.rpartition('.')[2]}-{inventory}"
    folder.mkdir()
    with bare_hosts(ROOT / "inventories" / inventory, session=request.session, artefacts=folder, bring_up=bring_up) as cluster:
        yield cluster


def workload(kind: str, name: str, *, template: dict[str, object] | None = None, **spec: object) -> dict[str, object]:
    """One of pods that serve their own names, chosen by the label ``app``."""
    labels = {"app": name}
    pods = {"metadata": {"labels": labels}, "spec": template or checks.web_server(name)}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": {"selector": {"matchLabels": labels}, "template": pods, **spec},
    }


def budget(name: str, **limit: int) -> dict[str, object]:
    spec = {**limit, "selector": {"matchLabels": {"app": name}}}
    return {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": name}, "spec": spec}


def kubelets(cluster: Cluster) -> dict[str, str]:
    nodes = cluster.kubectl_json("get", "nodes")["items"]
    return {node["metadata"]["name"]: node["status"]["nodeInfo"]["kubeletVersion"].removeprefix("v") for node in nodes}


def etcd_versions(cluster: Cluster, host: str) -> set[str]:
    status = json.loads(cluster.on(host, f"{failing.ETCDCTL} endpoint status --cluster -w json"))
    return {entry["Status"]["version"] for entry in status}


def cordoned(cluster: Cluster) -> list[str]:
    return [node["metadata"]["name"] for node in cluster.kubectl_json("get", "nodes")["items"] if node["spec"].get("unschedulable")]


def is_upgraded(cluster: Cluster, master: str, nodes: collections.abc.Collection[str]) -> None:
    """All of it, so that neither a second upgrade nor site.yml has anything to do."""
    eventually(lambda: checks.all_ready(cluster, nodes), deadline=90, wanted="all nodes are ready")
    assert set(kubelets(cluster).values()) == {NEW[0]}
    assert etcd_versions(cluster, master) == {NEW[1]}
    assert cordoned(cluster) == []
    assert told(cluster.playbook(UPGRADE)) == ["Nothing to do: all hosts have the wanted versions"]
    checks.nothing_changes(cluster, nodes)


def told(run: PlaybookRun) -> list[str]:
    """The plan that the run shows; it must change nothing else."""
    assert run.changed == []
    return plan(run)


def plan(run: PlaybookRun) -> list[str]:
    lines = [line.strip().lstrip("- ").strip("'") for line in run.output.splitlines()]
    return [line for line in lines if line.startswith(("Nothing to do", "Stage ", "Left out", "Holds up"))]
