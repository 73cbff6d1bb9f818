# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of nodes: as the API has them, and as their kubelets are."""

from __future__ import annotations

import collections.abc as c
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.check import ERROR, WARNING, Checks, Found
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.facts import Facts, HostFacts

CHECKS = Checks("nodes", "The nodes as the API has them, their kubelets and pods.", needs=("control_plane",))

_SHOWN = 5
# A kubelet that says so cannot evict pods or remove images: it does not see its file systems.
_BLIND = (
    "cannot find filesystem info",
    "failed to get HasDedicatedImageFs",
    "failed to get imageFs",
    "invalid capacity 0 on image filesystem",
)

Node = c.Mapping[str, t.Any]


def _plane(facts: Facts) -> c.Mapping[str, t.Any]:
    """What the first apiserver that is ready says; nothing if none is."""
    return next((host["control_plane"] for host in facts.having("control_plane") if host["control_plane"]["ready"]), {})


def _nodes(facts: Facts) -> c.Iterator[tuple[str, Node]]:
    """Each node with its host. Not those of which the inventory knows nothing: they are one finding, whatever else is wrong with them."""
    hosts = {facts.name_of(host): host for host in facts.cluster["node_hosts"]}
    for node in _plane(facts).get("nodes", []):
        if node["name"] in hosts:
            yield hosts[node["name"]], node


@CHECKS.of_cluster(
    "node-missing",
    ERROR,
    looks_at="the nodes of the API, beside the inventory",
    wanted="one for each host with a kubelet",
    why="The host gets no pods.",
    remedy="run site.yml; see `journalctl -u kubelet -n 50 --no-pager` there",
)
def _missing(facts: Facts) -> c.Iterator[Found]:
    plane = _plane(facts)
    known = {node["name"] for node in plane.get("nodes", [])}
    for host in facts.cluster["node_hosts"] if plane else []:
        if facts.name_of(host) not in known:
            yield Found(f"the API has no node {facts.name_of(host)}", host=host)


@CHECKS.of_cluster(
    "node-not-ready",
    ERROR,
    looks_at="the condition Ready of each node",
    wanted="True",
    why="It gets no pods. After five minutes its pods are started elsewhere.",
    remedy="see why: `kubectl describe node NAME`, and `journalctl -u kubelet -n 50 --no-pager` there",
    explains=("node-pods-failing",),
)
def _not_ready(facts: Facts) -> c.Iterator[Found]:
    for host, node in _nodes(facts):
        if node["fault"]:
            yield Found(
                f"{node['name']}: {node['fault']}",
                host=host,
                remedy=f"`kubectl describe node {node['name']}`; there: `journalctl -u kubelet -n 50`",
            )


@CHECKS.of_cluster(
    "node-pressure",
    ERROR,
    looks_at="the conditions MemoryPressure, DiskPressure and PIDPressure",
    wanted="False",
    why="The kubelet evicts pods, and the node gets no new ones.",
    remedy="make room on that host: `df -h; free -m; ps -e | wc -l`",
)
def _pressure(facts: Facts) -> c.Iterator[Found]:
    for host, node in _nodes(facts):
        for pressure in node["pressures"]:
            yield Found(pressure, host=host)


@CHECKS.of_cluster(
    "node-network-away",
    ERROR,
    subject="the pod network",
    looks_at="the condition NetworkUnavailable",
    wanted="False",
    why="flannel has not set up the network of this node, so no pod is put on it.",
    remedy="see `journalctl -u flanneld -n 50 --no-pager` there; then `systemctl restart flanneld`",
)
def _network(facts: Facts) -> c.Iterator[Found]:
    for host, node in _nodes(facts):
        if node["network"]:
            yield Found(node["network"], host=host)


@CHECKS.of_cluster(
    "node-cordoned",
    WARNING,
    looks_at="whether nodes take new pods",
    wanted="that they do",
    why="Somebody, or a run that was killed, has drained it. The others carry its pods.",
    remedy="`kubectl uncordon NAME`, if nobody works on it",
)
def _cordoned(facts: Facts) -> c.Iterator[Found]:
    for host, node in _nodes(facts):
        if node["unschedulable"]:
            yield Found(f"{node['name']} takes no new pods", host=host, remedy=f"`kubectl uncordon {node['name']}`, if nobody works on it")


@CHECKS.of_cluster(
    "node-unknown",
    WARNING,
    subject="node",
    looks_at="the nodes of the API, beside the inventory",
    wanted="none that is no host of the inventory",
    why="Nobody looks after it: it gets no updates, and its certificates end.",
    remedy="add it to the inventory, or `kubectl delete node NAME`",
)
def _unknown(facts: Facts) -> c.Iterator[Found]:
    wanted = {facts.name_of(host) for host in facts.cluster["node_hosts"]}
    for node in _plane(facts).get("nodes", []):
        if node["name"] not in wanted:
            fault = f", which is not ready: {node['fault']}" if node["fault"] else ""
            yield Found(f"{node['name']}{fault}", remedy=f"add it to the inventory, or `kubectl delete node {node['name']}`")


@CHECKS.of_cluster(
    "node-version-differs",
    WARNING,
    subject="kubelet",
    looks_at="the version of each kubelet",
    wanted="that of the inventory",
    why="An upgrade has stopped half-way, or the host was left out of it.",
    remedy="run upgrade.yml, or site.yml",
)
def _version(facts: Facts) -> c.Iterator[Found]:
    wanted = facts.cluster["versions"]["node"]
    for host, node in _nodes(facts):
        if node["kubelet"].removeprefix("v") != wanted:
            yield Found(node["kubelet"], host=host, wanted=wanted)


@CHECKS.of_cluster(
    "node-address-differs",
    ERROR,
    subject="address of the node",
    looks_at="the address of each node in the API",
    wanted="that of the inventory",
    why="The apiserver asks the kubelet there for logs, and flannel sends packets there.",
    remedy="run site.yml; then `systemctl restart kubelet` on that host",
)
def _address(facts: Facts) -> c.Iterator[Found]:
    for host, node in _nodes(facts):
        wanted = facts.cluster["nodes"].get(host, {}).get("address")
        if wanted and node["address"] and node["address"] != wanted:
            yield Found(node["address"], host=host, wanted=str(wanted))


@CHECKS.of_cluster(
    "node-without-network",
    ERROR,
    looks_at="the part of the pod network that each node has",
    wanted="one for each node",
    why="flannel gets no subnet, and the node starts no pods. The pod network may be used up.",
    remedy="see `journalctl -u kube-controller-manager --grep cidr -n 20` on the masters",
    explains=("pod-network-no-subnet", "node-network-away"),
)
def _no_part(facts: Facts) -> c.Iterator[Found]:
    for host, node in _nodes(facts):
        if facts.cluster["flannel"]["backend"] == "kube" and not node["pod_cidr"]:
            yield Found(f"{node['name']} has no podCIDR", host=host)


@CHECKS.of_cluster(
    "node-pods-failing",
    WARNING,
    subject="pod",
    looks_at="pods that are older than five minutes",
    wanted="that they are ready",
    why="What they are to do is not done.",
    remedy="see why: `kubectl describe pod -n NAMESPACE NAME`",
)
def _pods(facts: Facts) -> c.Iterator[Found]:
    by_node: dict[str, list[c.Mapping[str, t.Any]]] = {}
    for pod in _plane(facts).get("pods", []):
        by_node.setdefault(pod["node"], []).append(pod)
    for node, pods in by_node.items():
        told = [f"{pod['namespace']}/{pod['name']}: {pod['fault']}" for pod in pods]
        more = f", and {len(told) - 1} more" if len(told) > 1 else ""
        yield Found(
            f"{told[0]}{more}",
            host=facts.host_of(node) if node else "",
            remedy=f"see why: `kubectl describe pod -n {pods[0]['namespace']} {pods[0]['name']}`",
            evidence=tuple(told[1 : _SHOWN + 1]),
        )


@CHECKS.of_cluster(
    "node-certificate-waits",
    ERROR,
    looks_at="serving certificates that kubelets have asked for",
    wanted="that they are signed within a minute",
    why="Without one, the apiserver gets no logs from that node.",
    remedy="see `journalctl -u kubelet-certificate-approver -n 30 --no-pager` on a master",
)
def _waits(facts: Facts) -> c.Iterator[Found]:
    for request in _plane(facts).get("requests", []):
        yield Found(f"{request['name']} of {request['of']} waits")


@CHECKS.of_host(
    "kubelet-silent",
    ERROR,
    subject="the kubelet",
    looks_at="the kubelet's own page of health",
    wanted="healthy",
    why="The node gets no pods, and its pods are not looked after.",
    remedy="see what it says: `journalctl -u kubelet -n 50 --no-pager`",
    needs=("node",),
)
def _kubelet(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    if host["node"]["health"]:
        yield Found(host["node"]["health"])


@CHECKS.of_host(
    "kubelet-blind",
    ERROR,
    subject="the kubelet",
    looks_at="errors of the kubelet about its file systems",
    wanted="none",
    why="It cannot see how full disks are: it removes no images and evicts no pods before they are full.",
    remedy="see `journalctl -u kubelet --grep 'filesystem|ImageFs' -n 5`; the directories must be on file systems with a device",
    needs=("node",),
)
def _blind(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    for error in host["node"]["errors"]:
        if any(text in error["last"] for text in _BLIND):
            yield Found(f"{error['count']} times in ten minutes: {error['last']}")
            return


@CHECKS.of_host(
    "kubelet-errors",
    WARNING,
    subject="the kubelet",
    looks_at="errors that the kubelet has logged five times and more in ten minutes",
    wanted="none",
    why="Something that it tries again and again does not work.",
    remedy="see `journalctl -u kubelet --since -10min --no-pager | grep ' E' | tail`",
    needs=("node",),
)
def _errors(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    errors = [error for error in host["node"]["errors"] if not any(text in error["last"] for text in _BLIND)]
    if errors:
        told = [f"{error['count']} times from {error['place']}: {error['last']}" for error in errors]
        yield Found(told[0], evidence=tuple(told[1:]))
