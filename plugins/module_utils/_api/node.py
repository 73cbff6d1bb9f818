# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host side of ``node``: takes the pods from a Node, and the Node out of the cluster or back among those that take pods.

A Node that is cordoned only for a while gets an annotation, so that a later run knows that it may end this. Pods leave by eviction, which
the API refuses while a PodDisruptionBudget would be broken. So all are asked to leave in rounds, each pod once in a round, until none is
left or the deadline of the whole drain has come. A pod of a host that is gone cannot end in order: it is deleted at once.
"""

from __future__ import annotations

import time
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._api import waits
from ansible_collections.barehost.kubernetes.plugins.module_utils._api.client import COME_AGAIN, ApiError, KubeApi, Object
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.listed import at_most

# Says who cordoned a Node for a while. Without it somebody else did, and the Node stays cordoned.
MARK = "barehost.kubernetes/cordoned-by"
_MERGE = "application/merge-patch+json"
_MIRROR = "kubernetes.io/config.mirror"
_FINISHED = ("Succeeded", "Failed")
_PAUSE = 1.0
_NAMED = 20


def run(step: str, payload: Object) -> Object:
    """Runs one step; raises HostError."""
    return STEPS[step](KubeApi(**payload["connection"]), payload)


def _collect(api: KubeApi, payload: Object) -> Object:
    why = api.not_ready(deadline=payload["deadline"])
    if why:
        return {"unready": why, "node": None, "pods": []}
    node = api.find(f"/api/v1/nodes/{payload['node']}")
    return {"unready": "", "node": described(node) if node else None, "pods": _pods(api, payload["node"])}


def described(node: Object) -> Object:
    """What planners must know of a Node.

    ``marked``: who cordoned it for a while; empty if nobody did. ``tainted``: whether it takes only pods that tolerate more than others.
    """
    return {
        "schedulable": not node.get("spec", {}).get("unschedulable", False),
        "marked": node["metadata"].get("annotations", {}).get(MARK, ""),
        "tainted": any(
            taint["effect"] in ("NoSchedule", "NoExecute") and not _passes(taint) for taint in node.get("spec", {}).get("taints", [])
        ),
        "ready": waits.fault_of({"kind": "Node", **node}, "ready") == "",
        "kubelet": node.get("status", {}).get("nodeInfo", {}).get("kubeletVersion", ""),
    }


def _pods(api: KubeApi, node: str) -> list[Object]:
    pods = (api.find("/api/v1/pods", fieldSelector=f"spec.nodeName={node}") or {}).get("items", [])
    return [pod_of(pod) for pod in pods]


def pod_of(pod: Object) -> Object:
    """What a planner must know of a pod, such as the controller that replaces it."""
    metadata = pod["metadata"]
    owners = [entry["kind"] for entry in metadata.get("ownerReferences", []) if entry.get("controller")]
    return {
        "namespace": metadata["namespace"],
        "name": metadata["name"],
        "uid": metadata["uid"],
        "owner": owners[0] if owners else "",
        "owner_uid": owner(pod),
        "mirror": _MIRROR in metadata.get("annotations", {}),
        "finished": pod.get("status", {}).get("phase") in _FINISHED,
    }


def owner(pod: Object) -> str:
    """What makes another such pod, by its uid; of a pod that nobody owns its own."""
    metadata = pod["metadata"]
    owners = [entry["uid"] for entry in metadata.get("ownerReferences", []) if entry.get("controller")]
    return str(owners[0] if owners else metadata["uid"])


def _apply(api: KubeApi, payload: Object) -> Object:
    actions = payload["actions"]
    node = payload["node"]
    for action in actions:
        if action["operation"] == "cordon":
            set_schedulability(api, node, action)
    pods = [action["data"] for action in actions if action["operation"] == "evict"]
    _evict(api, node, pods, timeout=payload["timeout"])
    if any(action["kind"] == "node" and action["operation"] == "delete" for action in actions):
        _delete(api, f"/api/v1/nodes/{node}", None)
    for pod in (action["data"] for action in actions if action["kind"] == "pod" and action["operation"] == "delete"):
        _delete(api, _path(pod), _options(pod, gracePeriodSeconds=0))
    return {}


def _passes(taint: Object) -> bool:
    """Whether the taint is one of the API's own, which comes and goes with a condition or a cordon."""
    return str(taint["key"]).startswith("node.kubernetes.io/")


def set_schedulability(api: KubeApi, node: str, action: Object) -> None:
    """Cordons, uncordons, or takes the mark away.

    The mark comes in the same patch as the cordon, so at no moment is it unknown who cordoned the Node. It stays until its pods are well.
    """
    mark = {"metadata": {"annotations": {MARK: action["data"]["mark"]}}} if action["data"]["mark"] else {}
    bodies: dict[str, Object] = {
        "cordon": {**mark, "spec": {"unschedulable": True}},
        "uncordon": {"spec": {"unschedulable": None}},
        "unmark": {"metadata": {"annotations": {MARK: None}}},
    }
    api.request("PATCH", f"/api/v1/nodes/{node}", body=bodies[action["operation"]], content=_MERGE)


def _evict(api: KubeApi, node: str, pods: list[Object], *, timeout: float) -> None:
    """Asks all pods to leave, again those that a budget holds, and returns when all are gone."""
    end = time.monotonic() + timeout
    left = {pod["uid"]: pod for pod in pods}
    held: dict[str, str] = dict.fromkeys(left, "was not asked to leave yet")
    while left:
        for uid in [uid for uid in left if uid in held]:
            if time.monotonic() >= end:
                break
            refusal = _ask(api, left[uid])
            if refusal:
                held[uid] = refusal
            else:
                del held[uid]
        present = {pod["uid"] for pod in _pods(api, node)}
        left = {uid: pod for uid, pod in left.items() if uid in present}
        if left and time.monotonic() >= end:
            raise HostError(_complaint(node, left, held, timeout))
        if left:
            time.sleep(_PAUSE)


def _ask(api: KubeApi, pod: Object) -> str:
    """Why the pod cannot be evicted yet; empty if it can."""
    metadata = {"name": pod["name"], "namespace": pod["namespace"]}
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": metadata, "deleteOptions": _options(pod)}
    try:
        # While one pod is held, the others can leave, and their going may be what this one waits for.
        api.request_once("POST", f"{_path(pod)}/eviction", body=body)
    except ApiError as error:
        if error.status in COME_AGAIN:
            return error.message
        if error.status not in (404, 409):  # gone, or another pod of this name meanwhile
            raise HostError(f"pod {pod['namespace']}/{pod['name']} cannot be evicted: {error.message}") from error
    return ""


def _complaint(node: str, left: dict[str, Object], held: dict[str, str], timeout: float) -> str:
    lines = sorted(f"{pod['namespace']}/{pod['name']}: {held.get(uid) or 'was evicted and has not ended'}" for uid, pod in left.items())
    return (
        f"{len(left)} pods are still on {node} after {timeout:.0f} s: {at_most(_NAMED, lines, between='; ')}. "
        "Their budgets: kubectl get poddisruptionbudgets --all-namespaces. The node stays cordoned and nothing else "
        "was done. Give the pods' owners more room (replicas, the PodDisruptionBudget) or more time, and run this again; or "
        f"'kubectl uncordon {node}'"
    )


def _options(pod: Object, **more: t.Any) -> Object:
    """Makes sure that only this pod is meant: a controller may have created another with the same name."""
    return {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": pod["uid"]}, **more}


def _path(pod: Object) -> str:
    return f"/api/v1/namespaces/{pod['namespace']}/pods/{pod['name']}"


def _delete(api: KubeApi, path: str, options: t.Optional[Object]) -> None:
    try:
        api.request("DELETE", path, body=options)
    except ApiError as error:
        if error.status not in (404, 409):
            raise


STEPS: dict[str, t.Callable[[KubeApi, Object], Object]] = {"collect": _collect, "apply": _apply}
