# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans the drain of a Node and its removal from the cluster."""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction

Object = dict[str, t.Any]


def drain(*, node: str, reachable: bool, unmanaged: bool, state: Object) -> list[PlannedAction]:
    """Cordons the Node and evicts its pods, except those of DaemonSets and static pods. Pure.

    ``unmanaged`` allows the loss of pods without a controller. Pods on a host that is not ``reachable`` cannot be evicted.
    """
    pods = [pod for pod in state["pods"] if not _stays(pod)] if reachable else []
    lost = [_title(pod) for pod in pods if not pod["owner"] and not pod["finished"]]
    if lost and not unmanaged:
        raise PlanError(
            f"node {node}: nothing was changed: {', '.join(lost)} would be lost, because no controller makes another such pod elsewhere. "
            "Delete them, or allow it (remove_unmanaged_pods=true)"
        )
    actions = []
    if state["node"] is not None and state["node"]["schedulable"]:
        actions.append(PlannedAction("node", "cordon", node, "takes pods", before="schedulable\n", after="unschedulable\n"))
    return actions + [PlannedAction("pod", "evict", _title(pod), f"runs on {node}", before=f"{node}\n", data=pod) for pod in pods]


def remove(*, node: str, drained: bool, state: Object) -> list[PlannedAction]:
    """Deletes the Node, and then the rest of its pods, which no kubelet ends any more. Pure.

    ``drained``: the drain was predicted, so the pods that it evicts count as gone.
    """
    actions = []
    if state["node"] is not None:
        actions.append(PlannedAction("node", "delete", node, "is to leave the cluster", before=f"{node}\n"))
    pods = [pod for pod in state["pods"] if _stays(pod) or not drained]
    return actions + [PlannedAction("pod", "delete", _title(pod), f"ran on {node}", before=f"{node}\n", data=pod) for pod in pods]


def _stays(pod: Object) -> bool:
    """Whether a drain skips the pod: after an eviction it would be created again on the same node."""
    return bool(pod["mirror"] or pod["owner"] == "DaemonSet")


def _title(pod: Object) -> str:
    return f"{pod['namespace']}/{pod['name']}"
