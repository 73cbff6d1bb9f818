# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One node or one pod, as the apiserver of this host has it: what was asked about, with its conditions and its events."""

from __future__ import annotations

import datetime
import typing as t
import urllib.parse

from ansible_collections.barehost.kubernetes.plugins.module_utils._api import waits
from ansible_collections.barehost.kubernetes.plugins.module_utils._api.client import ApiError, ApiUnreachable, KubeApi, listed
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import errors, key_material

Object = dict[str, t.Any]

_EVENTS, _LONGEST = 8, 500
# Names that are compared with one that is not there.
_NAMES = 500


def look(asked: Object) -> Object:
    """``connection``: how the own apiserver is asked. ``node``: a name, or empty. ``pod``: namespace and name, or None."""
    api = KubeApi(**asked["connection"])
    try:
        fault = api.not_ready(deadline=0)
        if fault:
            return {"ready": False, "fault": fault, "node": None, "pod": None, "near": []}
        node = _node(api, asked["node"]) if asked["node"] else None
        pod, near = _pod(api, asked["pod"]) if asked["pod"] else (None, [])
    except (ApiError, ApiUnreachable, errors.HostError) as error:
        return {"ready": False, "fault": error.message[:_LONGEST], "node": None, "pod": None, "near": []}
    return {"ready": True, "fault": "", "node": node, "pod": pod, "near": near}


def _text(value: t.Any) -> str:
    """What others have written, on one line and of limited length."""
    return next(key_material.without([" ".join(str(value or "").split())[:_LONGEST]]))


def _node(api: KubeApi, name: str) -> t.Optional[Object]:
    found = api.find(f"/api/v1/nodes/{urllib.parse.quote(name)}")
    if found is None:
        return None
    return {
        "fault": _text(waits.fault_of({**found, "kind": "Node"}, "Ready")),
        "conditions": _conditions(found),
        "taints": [f"{taint['key']}:{taint['effect']}" for taint in found.get("spec", {}).get("taints", [])],
        "events": _events(api, "Node", "default", name),
    }


def _conditions(live: Object) -> list[Object]:
    return [
        {"type": one["type"], "status": one["status"], "reason": one.get("reason", ""), "message": _text(one.get("message"))}
        for one in live.get("status", {}).get("conditions", [])
    ]


def _pod(api: KubeApi, asked: Object) -> tuple[t.Optional[Object], list[str]]:
    """The pod, or what is called alike: pods of that namespace, else namespaces."""
    namespace, name = asked["namespace"], asked["name"]
    pods = f"/api/v1/namespaces/{urllib.parse.quote(namespace)}/pods"
    found = api.find(f"{pods}/{urllib.parse.quote(name)}")
    if found is None:
        names = [f"{namespace}/{one['metadata']['name']}" for one in _first(listed(api, pods))]
        return None, names or [f"{one['metadata']['name']}/{name}" for one in _first(listed(api, "/api/v1/namespaces"))]
    spec, status, metadata = found.get("spec", {}), found.get("status", {}), found["metadata"]
    # a pod that has ended well is as it is to be
    fault = "" if status.get("phase") == "Succeeded" else waits.fault_of({**found, "kind": "Pod"}, "Ready")
    told = {
        "node": spec.get("nodeName", ""),
        "scheduler": spec.get("schedulerName", ""),
        "host_network": bool(spec.get("hostNetwork")),
        "phase": status.get("phase", ""),
        "reason": status.get("reason", ""),
        "message": _text(status.get("message")),
        "deleted": metadata.get("deletionTimestamp", ""),
        "finalizers": metadata.get("finalizers", []),
        "fault": _text(fault),
        "conditions": _conditions(found),
        "containers": _containers(spec, status),
        "claims": _claims(api, namespace, spec),
        "events": _events(api, "Pod", namespace, name),
    }
    return told, []


def _first(items: t.Iterable[Object]) -> list[Object]:
    return [one for one, _number in zip(items, range(_NAMES))]


def _containers(spec: Object, status: Object) -> list[Object]:
    """All of a pod, those that prepare it first, each with what it waits for, and how it ended last."""
    found = []
    for kind in ("initContainers", "containers"):
        states = {one["name"]: one for one in status.get("initContainerStatuses" if kind == "initContainers" else "containerStatuses", [])}
        for container in spec.get(kind, []):
            known = states.get(container["name"], {})
            state = known.get("state", {})
            waiting, ended = state.get("waiting"), state.get("terminated") or known.get("lastState", {}).get("terminated")
            found.append(
                {
                    "name": container["name"],
                    "image": container.get("image", ""),
                    "prepares": kind == "initContainers",
                    "known": bool(known),
                    "ready": bool(known.get("ready")),
                    "running": "running" in state,
                    "restarts": int(known.get("restartCount", 0)),
                    "waits": {"reason": waiting.get("reason", ""), "message": _text(waiting.get("message"))} if waiting else None,
                    "ended": {"code": ended.get("exitCode", 0), "reason": ended.get("reason", ""), "message": _text(ended.get("message"))}
                    if ended
                    else None,
                }
            )
    return found


def _claims(api: KubeApi, namespace: str, spec: Object) -> list[Object]:
    """The claims of volumes, with their phases; empty for one that is not there."""
    names = [volume["persistentVolumeClaim"]["claimName"] for volume in spec.get("volumes", []) if volume.get("persistentVolumeClaim")]
    path = f"/api/v1/namespaces/{urllib.parse.quote(namespace)}/persistentvolumeclaims"
    found = {name: api.find(f"{path}/{urllib.parse.quote(name)}") for name in names[:_EVENTS]}
    return [{"name": name, "phase": (one or {}).get("status", {}).get("phase", "")} for name, one in found.items()]


def _events(api: KubeApi, kind: str, namespace: str, name: str) -> list[Object]:
    """The last ones, the newest first. Events of objects without a namespace are in ``default``."""
    selector = f"involvedObject.kind={kind},involvedObject.name={name}"
    items = (api.find(f"/api/v1/namespaces/{urllib.parse.quote(namespace)}/events", fieldSelector=selector) or {}).get("items", [])
    newest = sorted(items, key=_moment, reverse=True)[:_EVENTS]
    now = datetime.datetime.now(datetime.timezone.utc)
    return [
        {
            "type": one.get("type", ""),
            "reason": one.get("reason", ""),
            "message": _text(one.get("message")),
            "count": int(one.get("count") or (one.get("series") or {}).get("count") or 1),
            "seconds": _seconds(_moment(one), now),
        }
        for one in newest
    ]


def _moment(event: Object) -> str:
    """When it was seen last. Times of the API are texts that sort."""
    seen = (event.get("series") or {}).get("lastObservedTime") or event.get("lastTimestamp") or event.get("eventTime")
    return str(seen or event["metadata"].get("creationTimestamp", ""))[:19]


def _seconds(moment: str, now: datetime.datetime) -> int:
    """How long ago that was."""
    try:
        seen = datetime.datetime.strptime(moment, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=datetime.timezone.utc)
    except ValueError:
        return 0
    return max(0, int((now - seen).total_seconds()))
