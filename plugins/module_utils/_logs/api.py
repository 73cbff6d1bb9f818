# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the apiserver of this host tells for a support archive: events, and how nodes and pods are. No specifications, no data.

Only these fields leave the host: a specification may hold what is a secret of its owner.
"""

from __future__ import annotations

import json
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._api.client import ApiError, ApiUnreachable, KubeApi, listed
from ansible_collections.barehost.kubernetes.plugins.module_utils._logs import packing
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

Object = dict[str, t.Any]

_MOST = 5000
_PATHS = {"events": "/api/v1/events", "nodes": "/api/v1/nodes", "pods": "/api/v1/pods"}


def packed(asked: Object, *, room: int) -> packing.Packed:
    """``connection``: how the own apiserver is asked; ``what``: one of events, nodes and pods. Each object is a line of JSON."""
    try:
        api = KubeApi(**asked["connection"])
        fault = api.not_ready(deadline=0)
        if fault:
            return packing.Packed(b"", 0, 0, 0, fault[:300])
        told = {"events": _event, "nodes": _node, "pods": _pod}[asked["what"]]
        items = zip(listed(api, _PATHS[asked["what"]]), range(_MOST))
        return packing.of_lines((json.dumps(told(one), ensure_ascii=False) for one, _number in items), room=room)
    except (ApiError, ApiUnreachable, HostError) as error:
        return packing.Packed(b"", 0, 0, 0, error.message[:300])


def _place(live: Object) -> str:
    metadata = live["metadata"]
    return "/".join(part for part in (metadata.get("namespace", ""), metadata["name"]) if part)


def _event(live: Object) -> Object:
    about = live.get("involvedObject", {})
    seen = (live.get("series") or {}).get("lastObservedTime") or live.get("lastTimestamp") or live.get("eventTime")
    return {
        "seen": seen,
        "type": live.get("type", ""),
        "about": f"{about.get('kind', '')} {about.get('namespace', '')}/{about.get('name', '')}",
        "reason": live.get("reason", ""),
        "message": live.get("message", ""),
        "count": live.get("count"),
    }


def _conditions(live: Object) -> list[str]:
    return [
        f"{one['type']}={one['status']} {one.get('reason', '')} {one.get('message', '')}".rstrip()
        for one in live.get("status", {}).get("conditions", [])
    ]


def _node(live: Object) -> Object:
    status, spec = live.get("status", {}), live.get("spec", {})
    kept = {name: status.get(name) for name in ("addresses", "capacity", "allocatable", "nodeInfo")}
    return {
        "name": _place(live),
        "labels": live["metadata"].get("labels", {}),
        "taints": spec.get("taints", []),
        "pod_cidr": spec.get("podCIDR", ""),
        "conditions": _conditions(live),
        **kept,
    }


def _pod(live: Object) -> Object:
    status, spec = live.get("status", {}), live.get("spec", {})
    states = [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]
    return {
        "name": _place(live),
        "node": spec.get("nodeName", ""),
        "phase": status.get("phase", ""),
        "reason": status.get("reason", ""),
        "address": status.get("podIP", ""),
        "conditions": _conditions(live),
        "containers": [
            {name: one.get(name) for name in ("name", "image", "ready", "restartCount", "state", "lastState") if name in one}
            for one in states
        ],
    }
