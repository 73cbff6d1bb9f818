# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host side of ``node`` where a Node comes back: first it is ready and takes pods, then its pods run, and those that have left it.

Two steps, because a pod that has left one Node of a batch may wait for another one of it.
"""

from __future__ import annotations

import datetime
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._api import node as nodes
from ansible_collections.barehost.kubernetes.plugins.module_utils._api import waits
from ansible_collections.barehost.kubernetes.plugins.module_utils._api.client import KubeApi, Object, listed
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.listed import at_most
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.waiting import last_found

_PAUSE = 1.0
_NAMED = 10
_FINISHED = ("Succeeded", "Failed")


def run(step: str, payload: Object) -> Object:
    """Runs one step. Raises HostError with what is not as it should be at its deadline."""
    api = KubeApi(**payload["connection"])
    STEPS[step](api, payload["node"], payload)
    for action in payload["actions"]:
        nodes.set_schedulability(api, payload["node"], action)
    return {}


def _ready(api: KubeApi, name: str, payload: Object) -> None:
    _await(lambda: _node_fault(api, name, payload), payload["deadline"], f"Node {name} is not ready again within")


def _settled(api: KubeApi, name: str, payload: Object) -> None:
    if not payload["wait"]:
        return
    found = _Pods(api, name, left=payload["left"], ignored=payload["ignored"], since=payload["since"])
    _await(found.faults, payload["timeout"], f"Node {name} is ready and takes pods, but pods are not ready within")


def pod_fault(pod: Object) -> str:
    """Why a pod that is to run is not ready; empty for one that is, has finished, or is on its way out."""
    if pod.get("status", {}).get("phase") in _FINISHED or pod["metadata"].get("deletionTimestamp"):
        return ""
    fault = waits.fault_of({"kind": "Pod", **pod}, "ready")
    return "; ".join([fault, *waits.container_faults(pod)]) if fault else ""


def _node_fault(api: KubeApi, name: str, wanted: Object) -> str:
    node = api.find(f"/api/v1/nodes/{name}")
    fault = waits.fault_of({"kind": "Node", **node} if node else None, "ready")
    if fault or node is None:
        return fault
    # The status may be that of the kubelet from before.
    told, kubelet = nodes.described(node)["kubelet"], wanted["kubelet"]
    if kubelet and told != f"v{kubelet}":
        return f"its kubelet says {told}, wanted v{kubelet}"
    boot = node.get("status", {}).get("nodeInfo", {}).get("bootID", "")
    return "its kubelet has told nothing since the reboot" if wanted["boot"] and boot != wanted["boot"] else ""


class _Pods:
    """The pods of a Node, and those that controllers made in place of the ones that have left it."""

    def __init__(self, api: KubeApi, node: str, *, left: t.Sequence[Object], ignored: t.Collection[str], since: float) -> None:
        self._api = api
        self._node = node
        self._ignored = set(ignored)
        self._since = since
        self._owners = {entry["owner_uid"] for entry in left}
        self._namespaces = sorted({entry["namespace"] for entry in left})

    def faults(self) -> str:
        """Those that are not ready; empty if all are."""
        counting = (pod for pod in self._pods() if nodes.owner(pod) not in self._ignored)
        told = sorted({f"{title(pod)}: {fault}" for pod in counting if (fault := pod_fault(pod) or self._of_before(pod))})
        return at_most(_NAMED, told, between="; ")

    def _pods(self) -> t.Iterator[Object]:
        yield from listed(self._api, "/api/v1/pods", fieldSelector=f"spec.nodeName={self._node}")
        for namespace in self._namespaces:
            yield from (pod for pod in listed(self._api, f"/api/v1/namespaces/{namespace}/pods") if nodes.owner(pod) in self._owners)

    def _of_before(self, pod: Object) -> str:
        """Why the status of a pod of the Node cannot be that of the present boot; empty if it can."""
        status = pod.get("status", {})
        here = bool(self._since) and pod.get("spec", {}).get("nodeName") == self._node
        if not here or status.get("phase") in _FINISHED or pod["metadata"].get("deletionTimestamp"):
            return ""
        running = [container.get("state", {}).get("running") or {} for container in status.get("containerStatuses", [])]
        starts = [_moment(state["startedAt"]) for state in running if state.get("startedAt")]
        # the API has whole seconds
        return "what the API tells of it is from before the reboot" if any(start + 1 < self._since for start in starts) else ""


def _moment(text: str) -> float:
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc).timestamp()


def title(pod: Object) -> str:
    """The pod as people name it."""
    return f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"


def _await(fault_now: t.Callable[[], str], seconds: float, words: str) -> None:
    """Asks until there is no fault. Raises HostError with the last one when the time is over."""
    fault = last_found(fault_now, deadline=seconds, pause=_PAUSE)
    if fault:
        raise HostError(f"{words} {seconds:.0f} s: {fault}")


STEPS: dict[str, t.Callable[[KubeApi, str, Object], None]] = {"schedulable": _ready, "settled": _settled}
