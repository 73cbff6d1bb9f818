# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans the drain of a Node, its return among those that take pods, and its removal from the cluster. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction

Object = dict[str, t.Any]


def drain(
    *, node: str, reachable: bool, unmanaged: bool, state: Object, mark: str = "", variable: str = "unmanaged_pods"
) -> list[PlannedAction]:
    """Cordons the Node and evicts its pods, except those of DaemonSets and static pods.

    ``unmanaged`` allows the loss of pods without a controller, and ``variable`` is how to allow it. Pods on a host that is not
    ``reachable`` cannot be evicted. ``mark`` says who cordons the Node for a while; it is empty for one that leaves. A Node that is not
    ready then keeps its pods: without a kubelet no eviction ends, and what is to come may mend the kubelet.
    """
    evicts = reachable and (not mark or bool(state["node"] and state["node"]["ready"]))
    pods = [pod for pod in state["pods"] if not _stays(pod)] if evicts else []
    lost = [_title(pod) for pod in pods if not pod["owner"] and not pod["finished"]]
    if lost and not unmanaged:
        raise PlanError(
            f"node {node}: nothing was changed: {', '.join(lost)} would be lost, because no controller makes another such pod elsewhere. "
            f"Delete them, or allow it ({variable}=true)"
        )
    actions = []
    if state["node"] is not None and state["node"]["schedulable"]:
        actions.append(
            PlannedAction("node", "cordon", node, "takes pods", before="schedulable\n", after="unschedulable\n", data={"mark": mark})
        )
    return actions + [PlannedAction("pod", "evict", _title(pod), f"runs on {node}", before=f"{node}\n", data=pod) for pod in pods]


def uncordon(*, node: str, state: Object, mark: str) -> list[PlannedAction]:
    """Ends a cordon with this mark. One of somebody else stays, another playbook's too: that one has not ended."""
    found = state["node"]
    return [_of_mark("uncordon", node, mark)] if _has(found, mark) and not found["schedulable"] else []


def unmark(*, node: str, state: Object, mark: str) -> list[PlannedAction]:
    """Takes the mark away, so that a later cordon of somebody else is not taken for ours."""
    return [_of_mark("unmark", node, mark)] if _has(state["node"], mark) else []


def _has(found: Object | None, mark: str) -> bool:
    return bool(mark) and found is not None and bool(found["marked"] == mark)


def _of_mark(operation: str, node: str, mark: str) -> PlannedAction:
    return PlannedAction("node", operation, node, f"was cordoned by {mark}", before=f"{mark}\n", data={"mark": mark})


def remove(*, node: str, drained: bool, state: Object) -> list[PlannedAction]:
    """Deletes the Node, and then the rest of its pods, which no kubelet ends any more.

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
