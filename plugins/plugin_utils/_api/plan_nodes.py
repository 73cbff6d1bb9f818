# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans labels and taints of the Nodes that a run has converged, and finds Nodes that no host stands behind any more."""

from __future__ import annotations

import collections.abc as c
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._api.nodes import identity, merged
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._api.plan_objects import KIND, text
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.hosts import CONTROL_PLANE_TAINT

Object = dict[str, t.Any]

_ROLE_LABELS = {"master": "node-role.kubernetes.io/control-plane", "minion": "node-role.kubernetes.io/minion"}
# A Node without a record was registered by a kubelet of ours, with the taints of that time. Only this one comes from a host's role.
_OURS_WITHOUT_RECORD = (identity(CONTROL_PLANE_TAINT),)


def plan(*, nodes: c.Sequence[Object], state: Object) -> list[PlannedAction]:
    """One action for each Node that is not as its entry of the spec wants it. Pure.

    ``state`` is the host's answer; of an API that is not there (``unready``), every Node is planned as not registered yet.
    """
    actions = (_change(node, state["nodes"].get(node["name"])) for node in nodes)
    return [action for action in actions if action is not None]


def labels(node: Object) -> dict[str, str]:
    """The labels that a Node is to have: a kubelet may not give itself those of its roles (NodeRestriction), so the API gets all."""
    return {**{label: "" for role, label in _ROLE_LABELS.items() if role in node["roles"]}, **node["labels"]}


def not_ready(names: c.Iterable[str], state: Object) -> list[str]:
    """Those of the Nodes that are to be waited for."""
    return [name for name in names if name not in state["nodes"] or state["nodes"][name]["fault"]]


def left_behind(cluster: Object, state: Object) -> list[str]:
    """A warning for each Node that the inventory does not know and that is not ready, or has the address of a host: a rename. Pure.

    A Node that is ready at an address of its own is somebody else's.
    """
    nodes = cluster["nodes"].values()
    known, by_address = {node["name"] for node in nodes}, {node["address"]: node["name"] for node in nodes}
    left = {name: found for name, found in state["nodes"].items() if name not in known}
    return [
        f"the Node {name} is {_state(found)}, and no host of the inventory has this name{_now(by_address, found)}. "
        f"If it is gone for good: kubectl delete node {name}"
        for name, found in left.items()
        if found["fault"] or found["address"] in by_address
    ]


def _state(found: Object) -> str:
    return f"not ready ({found['fault']})" if found["fault"] else "there"


def _now(by_address: dict[str, str], found: Object) -> str:
    name = by_address.get(found["address"])
    return f"; its address {found['address']} is that of {name} now" if name else ""


def _change(node: Object, found: Object | None) -> PlannedAction | None:
    wanted_labels, taints = labels(node), [dict(taint) for taint in node["taints"]]
    target = f"Node {node['name']}"
    if found is None:
        data = _data(node, wanted_labels, taints, ours=_OURS_WITHOUT_RECORD)
        after = _text(wanted_labels, taints)
        return PlannedAction(KIND, "patch", target, "missing, to be registered by its kubelet", after=after, data=data)
    ours = _OURS_WITHOUT_RECORD if found["our_taints"] is None else found["our_taints"]
    gone = [label for label in found["our_labels"] if label not in wanted_labels and label in found["labels"]]
    new_labels = {**{label: value for label, value in found["labels"].items() if label not in gone}, **wanted_labels}
    new_taints = [dict(taint) for taint in merged(found["taints"], ours=ours, wanted=taints)]
    reasons = [*_label_reasons(found, wanted_labels, gone), *_taint_reasons(found["taints"], new_taints)]
    if not reasons and not set(wanted_labels) <= set(found["our_labels"]):
        reasons.append("its labels are not recorded as ours")
    if not reasons and (found["our_taints"] is None or set(found["our_taints"]) != {identity(taint) for taint in taints}):
        reasons.append("it is not recorded which of its taints are ours")
    if not reasons:
        return None
    data = _data(node, wanted_labels, taints, ours=ours)
    before, after = _text(found["labels"], found["taints"]), _text(new_labels, new_taints)
    return PlannedAction(KIND, "patch", target, "; ".join(reasons), before=before, after=after, data=data)


def _data(node: Object, wanted_labels: dict[str, str], taints: list[Object], *, ours: c.Iterable[str]) -> Object:
    return {"name": node["name"], "labels": wanted_labels, "taints": taints, "our_taints": list(ours)}


def _label_reasons(found: Object, wanted: dict[str, str], gone: list[str]) -> list[str]:
    live = found["labels"]
    missing = [f"the label {label} is missing" for label in wanted if label not in live]
    differing = [label for label, value in wanted.items() if live.get(label, value) != value]
    other = [f"the label {label}: found {live[label]}, wanted {wanted[label]}" for label in differing]
    return [*missing, *other, *(f"the label {label} is no longer wanted" for label in gone)]


def _taint_reasons(live: list[Object], new: list[Object]) -> list[str]:
    before, after = {identity(taint): taint for taint in live}, {identity(taint): taint for taint in new}
    missing = [f"the taint {name} is missing" for name in after if name not in before]
    other = [
        f"the taint {name}: found {before[name]['value']!r}, wanted {taint['value']!r}"
        for name, taint in after.items()
        if name in before and before[name]["value"] != taint["value"]
    ]
    return [*missing, *other, *(f"the taint {name} is no longer wanted" for name in before if name not in after)]


def _text(shown_labels: dict[str, str], taints: list[Object]) -> str:
    return text({"labels": shown_labels, "taints": taints})
