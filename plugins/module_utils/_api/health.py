# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the health of the cluster from its API."""

from __future__ import annotations

import datetime
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._api import waits
from ansible_collections.barehost.kubernetes.plugins.module_utils._api.client import KubeApi, Object

LEADERS = ("kube-controller-manager", "kube-scheduler")
SYSTEM = "kube-system"
_ROLE_LABEL = "node-role.kubernetes.io/"
# A leader renews its lease many times before it ends; one that is late by a whole lease is not alive.
_LEASES = 2
# Kubelets that rotate their certificates ask this signer. Who approves looks every few seconds.
_SERVING = "kubernetes.io/kubelet-serving"
_PATIENCE = 60


def look(api: KubeApi, *, deadline: float, now: t.Optional[datetime.datetime] = None) -> Object:
    """Reads the state of nodes, leaders and system pods, or only the fault of an API that is not ready at the deadline."""
    fault = api.not_ready(deadline=deadline)
    found: Object = {
        "api": {"server": api.server, "ready": not fault, "fault": fault},
        "nodes": [],
        "leaders": [],
        "pods": [],
        "pod_count": 0,
        "requests": [],
    }
    if not fault:
        moment = now or datetime.datetime.now(datetime.timezone.utc)
        found["nodes"] = [_node(node) for node in _items(api, "/api/v1/nodes")]
        found["requests"] = _waiting_requests(api, moment)
        found["leaders"] = [_leader(api, name, moment) for name in LEADERS]
        pods = _items(api, f"/api/v1/namespaces/{SYSTEM}/pods")
        found["pods"], found["pod_count"] = [_pod(pod) for pod in pods if _fault(pod)], len(pods)
    healthy = not fault and bool(found["nodes"]) and not found["pods"] and not found["requests"]
    found["healthy"] = healthy and all(node["ready"] for node in found["nodes"]) and all(leader["alive"] for leader in found["leaders"])
    return {**found, "summary": summary(found)}


def _items(api: KubeApi, path: str) -> list[Object]:
    items: list[Object] = (api.find(path) or {}).get("items", [])
    return items


def _node(node: Object) -> Object:
    metadata, status = node["metadata"], node.get("status", {})
    fault = waits.fault_of({**node, "kind": "Node"}, "Ready")
    information = status.get("nodeInfo", {})
    return {
        "name": metadata["name"],
        "ready": not fault,
        "fault": fault,
        "schedulable": not node.get("spec", {}).get("unschedulable", False),
        "roles": sorted(label[len(_ROLE_LABEL) :] for label in metadata.get("labels", {}) if label.startswith(_ROLE_LABEL)),
        "version": information.get("kubeletVersion", ""),
        "runtime": information.get("containerRuntimeVersion", ""),
        "addresses": {address["type"]: address["address"] for address in status.get("addresses", [])},
    }


def _waiting_requests(api: KubeApi, now: datetime.datetime) -> list[Object]:
    """The serving certificates that kubelets have asked for and nobody has decided about, though there was time."""
    selector = f"spec.signerName={_SERVING}"
    requests = (api.find("/apis/certificates.k8s.io/v1/certificatesigningrequests", fieldSelector=selector) or {}).get("items", [])
    waiting = []
    for request in requests:
        metadata, status = request["metadata"], request.get("status", {})
        made = datetime.datetime.strptime(metadata["creationTimestamp"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc)
        if not status.get("conditions") and not status.get("certificate") and (now - made).total_seconds() > _PATIENCE:
            waiting.append({"name": metadata["name"], "of": request["spec"].get("username", "")})
    return waiting


def _leader(api: KubeApi, name: str, now: datetime.datetime) -> Object:
    """The leader, read from the lease that it must renew."""
    lease = api.find(f"/apis/coordination.k8s.io/v1/namespaces/{SYSTEM}/leases/{name}") or {}
    spec = lease.get("spec", {})
    holder, renewed = spec.get("holderIdentity") or "", spec.get("renewTime") or ""
    age = (now - _moment(renewed)).total_seconds() if renewed else None
    alive = bool(holder) and age is not None and age <= _LEASES * spec.get("leaseDurationSeconds", 15)
    return {"name": name, "holder": holder.rpartition("_")[0] or holder, "renewed": renewed, "age": age, "alive": alive}


def _moment(text: str) -> datetime.datetime:
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=datetime.timezone.utc)


def _fault(pod: Object) -> str:
    if pod.get("status", {}).get("phase") == "Succeeded":
        return ""
    return waits.fault_of({**pod, "kind": "Pod"}, "Ready")


def _pod(pod: Object) -> Object:
    return {
        "name": pod["metadata"]["name"],
        "node": pod.get("spec", {}).get("nodeName", ""),
        "phase": pod.get("status", {}).get("phase", ""),
        "fault": "; ".join(waits.container_faults(pod)) or _fault(pod),
    }


def summary(found: Object) -> list[str]:
    """The result as lines for people."""
    api = found["api"]
    if not api["ready"]:
        return [f"API: not ready: {api['fault']}"]
    nodes, ready = found["nodes"], sum(node["ready"] for node in found["nodes"])
    return [
        f"API: {api['server']} is ready",
        *(_leader_line(leader) for leader in found["leaders"]),
        f"Nodes: {ready} of {len(nodes)} ready",
        *_table([_NODE_HEAD, *(_node_row(node) for node in nodes)] if nodes else []),
        *(f"{node['name']}: {node['fault']}" for node in nodes if not node["ready"]),
        f"Pods of {SYSTEM}: {found['pod_count'] - len(found['pods'])} of {found['pod_count']} ready",
        *(f"{pod['name']} ({pod['phase']}): {pod['fault']}" for pod in found["pods"]),
        *(f"{request['name']} of {request['of']}: nobody approves this serving certificate" for request in found["requests"]),
    ]


_NODE_HEAD = ("NAME", "STATUS", "ROLES", "VERSION", "ADDRESS", "RUNTIME")


def _node_row(node: Object) -> tuple[str, ...]:
    status = "Ready" if node["ready"] else "NotReady"
    roles = ",".join(node["roles"]) or "-"
    address = node["addresses"].get("InternalIP", "-")
    return node["name"], status if node["schedulable"] else f"{status},cordoned", roles, node["version"], address, node["runtime"]


def _table(rows: t.Sequence[t.Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows)]
    return ["  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]


def _leader_line(leader: Object) -> str:
    if not leader["holder"]:
        return f"{leader['name']}: no leader"
    state = "led by" if leader["alive"] else "not alive: last led by"
    return f"{leader['name']}: {state} {leader['holder']}, renewed {leader['age']:.0f} s ago"
