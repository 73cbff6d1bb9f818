# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host side of ``node`` where a Node takes pods again: it is ready, no longer cordoned, and its pods run."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._api import node as nodes
from ansible_collections.barehost.kubernetes.plugins.module_utils._api import waits
from ansible_collections.barehost.kubernetes.plugins.module_utils._api.client import KubeApi, Object, listed
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

_PAUSE = 1.0
_NAMED = 10
_FINISHED = ("Succeeded", "Failed")


def run(_step: str, payload: Object) -> Object:
    """Waits for the Node, performs the actions, waits for its pods. Raises HostError with what is not as it should be."""
    api = KubeApi(**payload["connection"])
    name = payload["node"]
    _await(lambda: _node_fault(api, name, payload["kubelet"]), payload["deadline"], f"Node {name} is not ready again within")
    for action in payload["actions"]:
        nodes.set_schedulability(api, name, action)
    ignored = set(payload["ignored"])
    _await(
        lambda: _pod_faults(api, name, ignored),
        payload["timeout"],
        f"Node {name} is ready and takes pods, but its pods are not ready within",
    )
    return {}


def owner(pod: Object) -> str:
    """What makes another such pod, by its uid; of a pod that nobody owns its own."""
    metadata = pod["metadata"]
    owners = [entry["uid"] for entry in metadata.get("ownerReferences", []) if entry.get("controller")]
    return str(owners[0] if owners else metadata["uid"])


def pod_fault(pod: Object) -> str:
    """Why a pod that is to run is not ready; empty for one that is, has finished, or is on its way out."""
    if pod.get("status", {}).get("phase") in _FINISHED or pod["metadata"].get("deletionTimestamp"):
        return ""
    fault = waits.fault_of({"kind": "Pod", **pod}, "ready")
    return "; ".join([fault, *waits.container_faults(pod)]) if fault else ""


def _node_fault(api: KubeApi, name: str, kubelet: str) -> str:
    node = api.find(f"/api/v1/nodes/{name}")
    fault = waits.fault_of({"kind": "Node", **node} if node else None, "ready")
    if fault or node is None:
        return fault
    # The status may be that of the kubelet from before.
    told = nodes.described(node)["kubelet"]
    return f"its kubelet says {told}, wanted v{kubelet}" if kubelet and told != f"v{kubelet}" else ""


def _pod_faults(api: KubeApi, name: str, ignored: t.Collection[str]) -> str:
    pods = listed(api, "/api/v1/pods", fieldSelector=f"spec.nodeName={name}")
    found = [
        f"{pod['metadata']['namespace']}/{pod['metadata']['name']}: {fault}"
        for pod in pods
        if owner(pod) not in ignored and (fault := pod_fault(pod))
    ]
    more = f"; and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return "; ".join(found[:_NAMED]) + more


def _await(fault_now: t.Callable[[], str], seconds: float, words: str) -> None:
    """Asks until there is no fault. Raises HostError with the last one when the time is over."""
    end = time.monotonic() + seconds
    while True:
        fault = fault_now()
        if not fault:
            return
        if time.monotonic() >= end:
            raise HostError(f"{words} {seconds:.0f} s: {fault}")
        time.sleep(_PAUSE)
