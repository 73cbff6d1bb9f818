# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests of restarts have in common: boots of hosts, packages that ask for a reboot, workloads that must not suffer."""

from __future__ import annotations

import collections.abc
import json

from . import checks
from .driver import Cluster

RESTART = "playbooks/restart-nodes.yml"
PAGE_PORT = 30080
MARK = "barehost.kubernetes/cordoned-by"
_BUILD = "/root/packages"


def boots(cluster: Cluster, hosts: collections.abc.Iterable[str]) -> dict[str, str]:
    return {host: cluster.on(host, "cat /proc/sys/kernel/random/boot_id").strip() for host in hosts}


def rebooted(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {host for host in before if before[host] != after[host]}


def install_package(cluster: Cluster, host: str, name: str, version: str = "1-1", *, files: dict[str, str] | None = None) -> None:
    """A package of this name, made on the host itself."""
    number, _, release = version.partition("-")
    paths = files or {}
    spec = [
        f"Name: {name}",
        f"Version: {number}",
        f"Release: {release}",
        "Summary: For a test",
        "License: none",
        "%description",
        "None.",
        "%files",
    ]
    cluster.on(host, f"mkdir -p {_BUILD}/root && cat > {_BUILD}/package.spec <<'END'\n" + "\n".join([*spec, *paths]) + "\nEND")
    for path, text in paths.items():
        cluster.on(host, f"mkdir -p $(dirname {_BUILD}/root{path}) && cat > {_BUILD}/root{path} <<'END'\n{text}\nEND")
    build = f"rpmbuild -bb --quiet --define '_topdir {_BUILD}' --define '_rpmdir {_BUILD}' --define '_build_name_fmt package.rpm'"
    cluster.on(host, f"{build} --buildroot {_BUILD}/root {_BUILD}/package.spec && rpm --upgrade --replacepkgs {_BUILD}/package.rpm")
    cluster.on(host, f"rm -r {_BUILD}")


def remove_package(cluster: Cluster, host: str, *names: str) -> None:
    cluster.on(host, f"rpm --erase {' '.join(names)}")


def nothing_is_left(cluster: Cluster, hosts: collections.abc.Iterable[str]) -> None:
    """No Node is cordoned or marked, and no host has a mark."""
    for node in cluster.kubectl_json("get", "nodes")["items"]:
        assert not node["spec"].get("unschedulable"), node["metadata"]["name"]
        assert MARK not in node["metadata"].get("annotations", {}), node["metadata"]["name"]
    assert {cluster.on(host, "cat /var/lib/barehost/restart.json 2>/dev/null; true") for host in hosts} == {""}


def cordoned(cluster: Cluster) -> set[str]:
    return {node["metadata"]["name"] for node in cluster.kubectl_json("get", "nodes")["items"] if node["spec"].get("unschedulable")}


def start_workloads(cluster: Cluster) -> None:
    """A page of two replicas and a StatefulSet of two, each with a budget that lets one go at a time."""
    template = leaving_slowly()
    checks.apply(
        cluster,
        *(_budgeted("Deployment", "page", template)),
        *(_budgeted("StatefulSet", "database", template)),
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "page"},
            "spec": {"type": "NodePort", "selector": {"app": "page"}, "ports": [{"port": 80, "targetPort": 8080, "nodePort": PAGE_PORT}]},
        },
    )
    for kind, name in (("deployment", "page"), ("statefulset", "database")):
        cluster.kubectl("rollout", "status", f"{kind}/{name}", "--timeout=90s")


def leaving_slowly() -> dict[str, object]:
    """The specification of a pod that is ready when it serves, and goes when all nodes have left it out."""
    ready = {"readinessProbe": {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1}}
    leaving = {"lifecycle": {"preStop": {"exec": {"command": ["sleep", "5"]}}}}
    return checks.web_server("web", container={**ready, **leaving}, terminationGracePeriodSeconds=10)


def _budgeted(kind: str, name: str, template: dict[str, object]) -> list[dict[str, object]]:
    labels = {"app": name}
    spec = {"replicas": 2, "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": template}}
    budget = {"maxUnavailable": 1, "selector": {"matchLabels": labels}}
    return [
        {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name}, "spec": spec},
        {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": name}, "spec": budget},
    ]


def available(cluster: Cluster, name: str) -> int:
    return int(json.loads(cluster.kubectl("get", "statefulset", name, "-o", "json"))["status"].get("availableReplicas", 0))
