# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``health.yml`` has found on all hosts, as lines for people, and what of it is wrong. Pure.

No host has the last word: a host that is down, or cut off from the others, must not hide what the others say.
"""

from __future__ import annotations

import collections.abc as c
import typing as t

# The variables in which the playbook registers what it asks members, nodes, balancers, masters, and nodes about each other
ETCD = "barehost_health_etcd"
CONTAINER = "barehost_health_container"
BALANCER = "barehost_health_balancer"
API = "barehost_health_cluster"
NETWORK = "barehost_health_network"
# In the lines of etcd_health
_HEALTHY = " is healthy"
# The last line of docker, which says nothing of the fault
_DOCKERS_ADVICE = ("See 'docker run --help'", "Run 'docker run --help'")

Object = c.Mapping[str, t.Any]


class Report(t.NamedTuple):
    """``lines`` describe the cluster, ``faults`` what is wrong with it, with the name of the host that says so."""

    lines: list[str]
    faults: list[str]


def report(cluster: Object, results: c.Mapping[str, Object], *, asked: c.Collection[str], answering: c.Collection[str]) -> Report:
    """``results``: the registered variables by host. ``asked``: the hosts of the run; those that are not ``answering`` were lost."""
    silent = [f"{host}: does not answer" for host in cluster["nodes"] if host in asked and host not in answering]
    found = {host: results[host] for host in cluster["nodes"] if host in answering and host in results}
    parts = [part(cluster, found) for part in (_etcd, _balancers, _containers, _api, _network)]
    lines = [line for part in parts for line in part.lines]
    return Report(lines, list(dict.fromkeys([*silent, *(fault for part in parts for fault in part.faults)])))


def _of(found: c.Mapping[str, Object], name: str, hosts: c.Collection[str]) -> dict[str, Object]:
    """What a task has registered on these hosts, without those on which it was skipped."""
    registered = {host: found[host].get(name) for host in hosts if host in found}
    return {host: result for host, result in registered.items() if isinstance(result, c.Mapping) and not result.get("skipped")}


def _etcd(cluster: Object, found: c.Mapping[str, Object]) -> Report:
    """Every member is asked for all: one that is cut off sees others as silent, and is seen as silent."""
    lines: list[str] = []
    faults = []
    seen_from: dict[str, list[str]] = {}
    for host, result in _of(found, ETCD, cluster["etcd_hosts"]).items():
        if "members" not in result:
            faults.append(f"{host}: etcd cannot be asked: {result.get('msg') or 'no answer'}")
            continue
        # The view of the member that sees most
        if not lines or _healthy(result["summary"]) > _healthy(lines):
            lines = list(result["summary"])
        for line in (line for line in result["summary"] if _HEALTHY not in line):
            seen_from.setdefault(line, []).append(host)
    return Report(lines, [*faults, *(f"etcd, seen from {', '.join(hosts)}: {line}" for line, hosts in seen_from.items())])


def _healthy(lines: c.Iterable[str]) -> int:
    return sum(_HEALTHY in line for line in lines)


def _balancers(cluster: Object, found: c.Mapping[str, Object]) -> Report:
    faults = [
        f"{host}: a service of the balancer does not run: {' '.join(result.get('stdout_lines') or [result.get('msg') or 'no answer'])}"
        for host, result in _of(found, BALANCER, cluster["api"]["proxies"]).items()
        if result.get("rc") != 0
    ]
    return Report([], faults)


def _containers(cluster: Object, found: c.Mapping[str, Object]) -> Report:
    lines, faults = [], []
    for host, result in _of(found, CONTAINER, cluster["node_hosts"]).items():
        if result.get("rc") == 0:
            lines.append(f"{host}: {next((line for line in result.get('stdout_lines', []) if line), 'the container ran')}")
        else:
            said = [line for line in result.get("stderr_lines", []) if line.strip() and not line.startswith(_DOCKERS_ADVICE)]
            said = said or [result.get("msg") or "it says nothing"]
            faults.append(f"{host}: Docker runs no container: {said[-1]}")
    return Report(lines, faults)


def _network(cluster: Object, found: c.Mapping[str, Object]) -> Report:
    results = _of(found, NETWORK, cluster["node_hosts"])
    faults = {host: result.get("msg") or "no answer" for host, result in results.items() if "reached" not in result}
    return Report([], [fault if fault.startswith(f"{host} ") else f"{host}: {fault}" for host, fault in faults.items()])


def _api(cluster: Object, found: c.Mapping[str, Object]) -> Report:
    results = _of(found, API, cluster["masters"])
    faults = [f"{host}: {_api_fault(result)}" for host, result in results.items() if _api_fault(result)]
    ready = next((result for result in results.values() if not _api_fault(result)), None)
    if ready is None:
        return Report([], faults)
    faults += [f"node {node['name']}: {node['fault']}" for node in ready["nodes"] if not node["ready"]]
    faults += [f"{leader['name']}: no leader renews its lease" for leader in ready["leaders"] if not leader["alive"]]
    faults += [f"pod {pod['name']} on {pod['node'] or 'no node'}: {pod['fault']}" for pod in ready["pods"]]
    faults += [
        f"{request['of']}: nobody approves its serving certificate {request['name']}; see journalctl -u kubelet-certificate-approver on a "
        "master"
        for request in ready.get("requests", [])
    ]
    if not ready["nodes"]:
        faults.append("the API knows no node")
    pages = [
        f"guestbook, once installed: http://{cluster['nodes'][host]['address']}:30001/ (any node)" for host in cluster["node_hosts"][:1]
    ]
    return Report([*ready["summary"], *pages], faults)


def _api_fault(result: Object) -> str:
    if "api" not in result:
        return f"its apiserver cannot be asked: {result.get('msg') or 'no answer'}"
    return "" if result["api"]["ready"] else f"its apiserver is not ready: {result['api']['fault']}"
