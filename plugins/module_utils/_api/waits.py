# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waits for conditions of API objects, and reports at the deadline what the API says about the cause."""

from __future__ import annotations

import typing as t
import urllib.parse

from ansible_collections.barehost.kubernetes.plugins.module_utils._api.client import KubeApi, Object
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.waiting import last_found

_PAUSE = 0.5
_EVENTS = 5


def wait_for(api: KubeApi, wait: Object) -> None:
    """Returns when all objects of the wait meet its condition; raises HostError at its deadline."""
    found = outcome(api, wait)
    if found["unmet"]:
        raise HostError(found["message"], details=found["details"])


def outcome(api: KubeApi, wait: Object) -> Object:
    """Waits as ``wait_for`` does. Returns the state of the objects that do not meet the condition (``unmet``), and what to tell of them."""
    found = last_found(lambda: unmet(api, wait), deadline=wait["deadline"], pause=_PAUSE)
    if not found:
        return {"unmet": {}, "message": "", "details": ""}
    details = "\n".join(line for name in found for line in _evidence(api, wait, name))
    return {"unmet": found, "message": _failure(wait, found), "details": details}


def unmet(api: KubeApi, wait: Object) -> dict[str, str]:
    """The objects that do not meet the condition, with their state, by name."""
    resource = api.locate(wait["apiVersion"], wait["kind"])
    found = {}
    for name in wait["names"]:
        live = api.find(resource.path(name, namespace=wait["namespace"])) if resource else None
        fault = fault_of(live, wait["condition"])
        if fault:
            found[name] = fault
    return found


def fault_of(live: t.Optional[Object], condition: str) -> str:
    """Empty if the object meets the condition, else its state."""
    wanted = condition.lower()
    if wanted == "absent":
        return "" if live is None else "still there"
    if live is None:
        return "does not exist"
    if wanted == "exists":
        return ""
    if wanted in ("available", "ready") and live["kind"] in _ROLLOUTS:
        return _rollout_fault(live)
    return _condition_fault(live, wanted)


# For each kind: the field with the wanted number, and the counts in the status that must reach it
_ROLLOUTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "Deployment": ("replicas", ("updatedReplicas", "availableReplicas")),
    "StatefulSet": ("replicas", ("updatedReplicas", "availableReplicas")),
    "ReplicaSet": ("replicas", ("availableReplicas",)),
    "ReplicationController": ("replicas", ("availableReplicas",)),
    "DaemonSet": ("desiredNumberScheduled", ("updatedNumberScheduled", "numberAvailable")),
}


def _rollout_fault(live: Object) -> str:
    """A rollout is complete when the controller has seen this generation, all replicas are new, and enough are available.

    Enough are all but ``maxUnavailable`` of a Deployment, if that is a number, so that one lost node does not delay it; else all.
    """
    status = live.get("status", {})
    if status.get("observedGeneration", 0) < live["metadata"].get("generation", 0):
        return "not looked at by its controller yet (does kube-controller-manager run?)"
    wanted_field, counts = _ROLLOUTS[live["kind"]]
    wanted = status.get(wanted_field, 0) if live["kind"] == "DaemonSet" else live["spec"].get("replicas", 1)
    needed = {"availableReplicas": max(wanted - _spare(live), min(wanted, 1))}
    short = [f"{_words(count)} {status.get(count, 0)} of {wanted}" for count in counts if status.get(count, 0) < needed.get(count, wanted)]
    old = status.get("replicas", 0) - status.get("updatedReplicas", 0) if live["kind"] == "Deployment" else 0
    if old > 0:
        short.append(f"{old} old replicas still there")
    return ", ".join(short)


def _spare(live: Object) -> int:
    spare = ((live["spec"].get("strategy") or {}).get("rollingUpdate") or {}).get("maxUnavailable", 0)
    return spare if isinstance(spare, int) and live["kind"] == "Deployment" else 0


def _words(count: str) -> str:
    return {"updatedReplicas": "updated", "updatedNumberScheduled": "updated"}.get(count, "available")


def _condition_fault(live: Object, wanted: str) -> str:
    for found in live.get("status", {}).get("conditions", []):
        if found["type"].lower() == wanted:
            return "" if found["status"] == "True" else _condition_text(found)
    return "has no such condition yet"


def _condition_text(condition: Object) -> str:
    reason = f" ({condition['reason']})" if condition.get("reason") else ""
    message = f": {condition['message']}" if condition.get("message") else ""
    return f"{condition['type']}={condition['status']}{reason}{message}"


def _failure(wait: Object, found: dict[str, str]) -> str:
    place = f"{wait['namespace']}/" if wait["namespace"] else ""
    objects = "; ".join(f"{place}{name}: {fault}" for name, fault in found.items())
    return f"{wait['kind']} not {wait['condition'].lower()} within {wait['deadline']:.0f} s: {objects}"


def _evidence(api: KubeApi, wait: Object, name: str) -> list[str]:
    """The messages of the object's conditions, its events and its pods."""
    resource = api.locate(wait["apiVersion"], wait["kind"])
    live = api.find(resource.path(name, namespace=wait["namespace"])) if resource else None
    if live is None:
        return []
    said = [
        _condition_text(condition)
        for condition in live.get("status", {}).get("conditions", [])
        if condition["type"].lower() != wait["condition"].lower() and not (live["kind"] == "Node" and condition["status"] == "False")
    ]
    lines = [f"{live['kind']} {name}: {text}" for text in (*said, *_events(api, live))]
    return lines + [line for pod in _pods(api, live) for line in _pod_lines(api, pod)]


def _events(api: KubeApi, live: Object) -> list[str]:
    metadata = live["metadata"]
    # Events of objects without a namespace are in default.
    path = f"/api/v1/namespaces/{metadata.get('namespace', 'default')}/events"
    selector = f"involvedObject.kind={live['kind']},involvedObject.name={metadata['name']}"
    events = (api.find(path, fieldSelector=selector) or {}).get("items", [])
    warnings = [event for event in events if event.get("type") == "Warning"]
    lines = (f"{event.get('reason', '')}: {' '.join((event.get('message') or '').split())}" for event in warnings)
    return list(dict.fromkeys(lines))[-_EVENTS:]


def _pods(api: KubeApi, live: Object) -> list[Object]:
    selector = live.get("spec", {}).get("selector") or {}
    labels = selector if live["kind"] == "ReplicationController" else selector.get("matchLabels", {}) if isinstance(selector, dict) else {}
    if live["kind"] not in _ROLLOUTS or not labels:
        return []
    path = f"/api/v1/namespaces/{urllib.parse.quote(live['metadata']['namespace'])}/pods"
    found = api.find(path, labelSelector=",".join(f"{key}={value}" for key, value in sorted(labels.items()))) or {}
    return [pod for pod in found.get("items", []) if fault_of({"kind": "Pod", **pod}, "ready")]


def _pod_lines(api: KubeApi, pod: Object) -> list[str]:
    name, status = pod["metadata"]["name"], pod.get("status", {})
    lines = [
        _condition_text(condition)
        for condition in status.get("conditions", [])
        if condition["status"] != "True" and condition.get("message")
    ]
    return [f"Pod {name}: {text}" for text in (*lines, *container_faults(pod), *_events(api, {**pod, "kind": "Pod"}))]


def container_faults(pod: Object) -> list[str]:
    """Why containers wait, or how they terminated."""
    status = pod.get("status", {})
    lines = []
    for container in (*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])):
        waiting = container.get("state", {}).get("waiting")
        ended = container.get("lastState", {}).get("terminated") or container.get("state", {}).get("terminated")
        if waiting and waiting.get("reason") != "PodInitializing":
            lines.append(f"container {container['name']} waits: {waiting.get('reason', '')} {waiting.get('message', '')}".rstrip())
        if ended and ended.get("exitCode"):
            lines.append(f"container {container['name']} ended with {ended['exitCode']} ({ended.get('reason', '')})")
    return lines
