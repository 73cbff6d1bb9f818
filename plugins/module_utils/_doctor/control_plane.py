# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the apiserver of this host says: of itself, of leaders, nodes, pods, and of others that serve parts of the API."""

from __future__ import annotations

import datetime
import ssl
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._api import health, waits
from ansible_collections.barehost.kubernetes.plugins.module_utils._api.client import ApiError, ApiUnreachable, KubeApi, listed
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import errors

Object = dict[str, t.Any]

_PODS, _OTHERS = 100, 50
# A namespace whose objects cannot be removed stays as it is.
_STUCK = 600
_STARTING = 300
_PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure")


def look(asked: Object) -> Object:
    """``connection``: how the own apiserver is asked."""
    api = KubeApi(**asked["connection"])
    try:
        found = health.look(api, deadline=0)
    except errors.HostError as error:
        found = {"api": {"ready": False, "fault": error.message}}
    if not found["api"]["ready"]:
        return {"ready": False, "fault": found["api"]["fault"], "listens": _listens(asked["connection"]["server"]), "gaps": []}
    now = datetime.datetime.now(datetime.timezone.utc)
    gaps: list[str] = []
    return {
        "ready": True,
        "fault": "",
        "version": _told(lambda: str(api.request("GET", "/version").get("gitVersion", "")), "", gaps),
        "leaders": found["leaders"],
        "requests": found["requests"][:_OTHERS],
        "nodes": _told(lambda: [_node(node) for node in listed(api, "/api/v1/nodes")], [], gaps),
        **_told(lambda: _pods(api, now), {"pods": [], "pods_of_nodes": {}}, gaps),
        "unavailable": _told(lambda: _unavailable(api), [], gaps),
        "webhooks": _told(lambda: _webhooks(api), [], gaps),
        "stuck": _told(lambda: _stuck(api, now), [], gaps),
        "node_ports": _told(lambda: _node_ports(api), 0, gaps),
        "gaps": gaps,
    }


def _told(ask: t.Callable[[], t.Any], otherwise: t.Any, gaps: list[str]) -> t.Any:
    try:
        return ask()
    except (ApiError, ApiUnreachable) as error:
        gaps.append(error.message[:300])
        return otherwise


def _listens(server: str) -> bool:
    """Whether somebody speaks TLS there. Nobody's certificate is looked at: nothing is believed, and nothing is sent."""
    host, _colon, port = server.partition("://")[2].partition(":")
    try:
        return bool(ssl.get_server_certificate((host, int(port))))
    except (OSError, ValueError):
        return False


def _node(node: Object) -> Object:
    metadata, spec, status = node["metadata"], node.get("spec", {}), node.get("status", {})
    conditions = {one["type"]: one for one in status.get("conditions", [])}
    information = status.get("nodeInfo", {})
    return {
        "name": metadata["name"],
        "fault": waits.fault_of({**node, "kind": "Node"}, "Ready"),
        "pressures": [
            f"{name}: {conditions[name].get('message', '')}" for name in _PRESSURES if conditions.get(name, {}).get("status") == "True"
        ],
        "network": conditions.get("NetworkUnavailable", {}).get("message", "")
        if conditions.get("NetworkUnavailable", {}).get("status") == "True"
        else "",
        "unschedulable": bool(spec.get("unschedulable")),
        "pod_cidr": spec.get("podCIDR", ""),
        "address": next((one["address"] for one in status.get("addresses", []) if one["type"] == "InternalIP"), ""),
        "kubelet": information.get("kubeletVersion", ""),
        "runtime": information.get("containerRuntimeVersion", ""),
        "most_pods": int(status.get("allocatable", {}).get("pods", 0)),
    }


def _age(text: str, now: datetime.datetime) -> float:
    return (now - datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc)).total_seconds()


def _pods(api: KubeApi, now: datetime.datetime) -> Object:
    """Those that are not as they should be after some minutes, and how many each node has."""
    faulty: list[Object] = []
    counts: dict[str, int] = {}
    for pod in listed(api, "/api/v1/pods"):
        node, phase = pod.get("spec", {}).get("nodeName", ""), pod.get("status", {}).get("phase", "")
        if phase in ("Succeeded", "Failed"):
            continue
        counts[node] = counts.get(node, 0) + 1
        fault = waits.fault_of({**pod, "kind": "Pod"}, "Ready")
        if fault and len(faulty) < _PODS and _age(pod["metadata"]["creationTimestamp"], now) > _STARTING:
            faulty.append({**_name(pod), "node": node, "fault": "; ".join(waits.container_faults(pod)) or fault})
    return {"pods": faulty, "pods_of_nodes": counts}


def _name(thing: Object) -> Object:
    return {"namespace": thing["metadata"].get("namespace", ""), "name": thing["metadata"]["name"]}


def _unavailable(api: KubeApi) -> list[Object]:
    """Aggregated APIs that do not answer."""
    found = []
    for one in listed(api, "/apis/apiregistration.k8s.io/v1/apiservices"):
        fault = waits.fault_of({**one, "kind": "APIService"}, "Available")
        if fault and one.get("spec", {}).get("service"):
            found.append({**_name(one), "fault": fault})
    return found[:_OTHERS]


def _webhooks(api: KubeApi) -> list[Object]:
    """Those that must be asked, and whose service nobody serves."""
    found = []
    for kind in ("validatingwebhookconfigurations", "mutatingwebhookconfigurations"):
        for one in listed(api, f"/apis/admissionregistration.k8s.io/v1/{kind}"):
            for hook in one.get("webhooks", []):
                service = hook.get("clientConfig", {}).get("service")
                if service and hook.get("failurePolicy") == "Fail" and not _is_served(api, service):
                    found.append({"kind": kind, **_name(one), "hook": hook["name"], "service": f"{service['namespace']}/{service['name']}"})
    return found[:_OTHERS]


def _is_served(api: KubeApi, service: Object) -> bool:
    path = f"/apis/discovery.k8s.io/v1/namespaces/{service['namespace']}/endpointslices"
    slices = listed(api, path, labelSelector=f"kubernetes.io/service-name={service['name']}")
    return any(endpoint.get("conditions", {}).get("ready") is not False for entry in slices for endpoint in entry.get("endpoints") or [])


def _stuck(api: KubeApi, now: datetime.datetime) -> list[Object]:
    """Namespaces that are being deleted for long, and why."""
    found = []
    for one in listed(api, "/api/v1/namespaces"):
        deleted = one["metadata"].get("deletionTimestamp")
        if deleted and _age(deleted, now) > _STUCK:
            why = [c["message"] for c in one.get("status", {}).get("conditions", []) if c.get("status") == "True" and c.get("message")]
            found.append({**_name(one), "fault": "; ".join(why)[:300]})
    return found[:_OTHERS]


def _node_ports(api: KubeApi) -> int:
    return sum(1 for one in listed(api, "/api/v1/services") for port in one.get("spec", {}).get("ports") or [] if port.get("nodePort"))
