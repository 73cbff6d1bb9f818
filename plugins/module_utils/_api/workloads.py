# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host side of ``workloads``: what drains of Nodes will meet, by the API of a master."""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._api import node as nodes
from ansible_collections.barehost.kubernetes.plugins.module_utils._api.client import KubeApi, Object, listed
from ansible_collections.barehost.kubernetes.plugins.module_utils._api.node_return import pod_fault


def run(_step: str, payload: Object) -> Object:
    """Documented in plugins/modules/workloads.py. ``only_ready`` asks whether the apiserver is ready, and no more. Raises HostError."""
    api = KubeApi(**payload["connection"])
    why = api.not_ready(deadline=payload["deadline"])
    if why or payload.get("only_ready"):
        return {"unready": why}
    pods = [(_described(pod), nodes.owner(pod), bool(pod_fault(pod))) for pod in listed(api, "/api/v1/pods")]
    return {
        "unready": "",
        "nodes": {node["metadata"]["name"]: nodes.described(node) for node in listed(api, "/api/v1/nodes")},
        "unmanaged": [pod for pod, _owner, _fault in pods if not pod["owner"] and not pod["finished"]],
        "unready_owners": sorted({uid for _pod, uid, fault in pods if fault}),
        "budgets": [_held(api, budget) for budget in listed(api, "/apis/policy/v1/poddisruptionbudgets") if _holds(budget)],
    }


def _described(pod: Object) -> Object:
    found = nodes.pod_of(pod)
    return {**{name: found[name] for name in ("namespace", "name", "owner", "finished")}, "node": pod["spec"].get("nodeName", "")}


def _holds(budget: Object) -> bool:
    """Whether no pod of this budget may be evicted now."""
    status = budget.get("status", {})
    return bool(status.get("expectedPods")) and not status.get("disruptionsAllowed")


def _held(api: KubeApi, budget: Object) -> Object:
    namespace, status = budget["metadata"]["namespace"], budget["status"]
    selector = label_selector(budget["spec"].get("selector") or {})
    # An empty selector means all pods of the namespace, to a budget as to a query.
    pods = listed(api, f"/api/v1/namespaces/{namespace}/pods", labelSelector=selector)
    return {
        "namespace": namespace,
        "name": budget["metadata"]["name"],
        "healthy": status.get("currentHealthy", 0),
        "needed": status.get("desiredHealthy", 0),
        "pods": [{"name": pod["metadata"]["name"], "node": pod["spec"].get("nodeName", "")} for pod in pods],
    }


def label_selector(selector: Object) -> str:
    """A selector of labels as a query has it (https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/)."""
    found = [f"{key}={value}" for key, value in sorted((selector.get("matchLabels") or {}).items())]
    forms: dict[str, t.Callable[[Object], str]] = {
        "In": lambda rule: f"{rule['key']} in ({','.join(rule['values'])})",
        "NotIn": lambda rule: f"{rule['key']} notin ({','.join(rule['values'])})",
        "Exists": lambda rule: rule["key"],
        "DoesNotExist": lambda rule: f"!{rule['key']}",
    }
    return ",".join([*found, *(forms[rule["operator"]](rule) for rule in selector.get("matchExpressions") or [])])
