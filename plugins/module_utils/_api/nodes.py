# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host side of ``nodes``: labels and taints of Nodes, and whether they are ready, by the API of a master.

The API's server-side apply knows which labels are ours. Taints are one list to it, which others write too (the API's own controllers,
people), so an annotation records which of them are ours.
"""

from __future__ import annotations

import json
import time
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._api import waits
from ansible_collections.barehost.kubernetes.plugins.module_utils._api.client import APPLY, ApiError, KubeApi, Object
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

# Which taints are ours: a JSON list of "key:effect".
RECORD = "barehost.kubernetes/taints"
MANAGER = "barehost"
_MERGE = "application/merge-patch+json"
_CONFLICT = 409
_ATTEMPTS = 10
_PAUSE = 0.3

Taint = t.Mapping[str, str]


def run(step: str, payload: Object) -> Object:
    """Runs one step; raises HostError."""
    return STEPS[step](KubeApi(**payload["connection"]), payload)


def identity(taint: Taint) -> str:
    """What tells two taints of a Node apart."""
    return f"{taint['key']}:{taint['effect']}"


def merged(live: t.Sequence[Taint], *, ours: t.Collection[str], wanted: t.Sequence[Taint]) -> list[Taint]:
    """The taints that a Node is to have: ours as they are wanted, those of others as they are. Pure; the order stays."""
    new = {identity(taint): taint for taint in wanted}
    found = [identity(taint) for taint in live]
    kept = [new.get(name, taint) for name, taint in zip(found, live) if name in new or name not in ours]
    return kept + [taint for name, taint in new.items() if name not in found]


def _collect(api: KubeApi, payload: Object) -> Object:
    """Every Node as it is, once the API is ready, or at the deadline the reason why it is not ready."""
    why = api.not_ready(deadline=payload["deadline"])
    nodes = [] if why else api.request("GET", "/api/v1/nodes")["items"]
    return {"unready": why, "nodes": {node["metadata"]["name"]: _state(node) for node in nodes}}


def _state(node: Object) -> Object:
    metadata, status = node["metadata"], node.get("status", {})
    addresses = [entry["address"] for entry in status.get("addresses", []) if entry["type"] == "InternalIP"]
    record = metadata.get("annotations", {}).get(RECORD)
    return {
        "labels": metadata.get("labels", {}),
        "our_labels": sorted(_our_labels(metadata)),
        "taints": [_taint(taint) for taint in node.get("spec", {}).get("taints", [])],
        "our_taints": None if record is None else _recorded(record),
        "fault": waits.fault_of({**node, "kind": "Node"}, "Ready"),
        "address": addresses[0] if addresses else "",
    }


def _our_labels(metadata: Object) -> set[str]:
    entries = [entry for entry in metadata.get("managedFields", []) if (entry["manager"], entry["operation"]) == (MANAGER, "Apply")]
    return {
        key[2:] for entry in entries for key in entry.get("fieldsV1", {}).get("f:metadata", {}).get("f:labels", {}) if key.startswith("f:")
    }


def _taint(taint: Object) -> Object:
    return {"key": taint["key"], "value": taint.get("value", ""), "effect": taint["effect"]}


def _recorded(text: str) -> list[str]:
    """A record that somebody has spoilt counts as empty: nothing is ours then, so nothing is removed."""
    try:
        found = json.loads(text)
    except ValueError:
        return []
    return [name for name in found if isinstance(name, str)] if isinstance(found, list) else []


def _apply(api: KubeApi, payload: Object) -> Object:
    """Changes the Nodes, and waits for what must be ready. Returns why some are not, by name, with evidence."""
    end = time.monotonic() + payload["ready_deadline"]
    for action in payload["actions"]:
        node = action["data"]
        try:
            if _registered(api, node["name"], end=end):
                _change_taints(api, node)
                _change_labels(api, node)
        except ApiError as error:
            raise HostError(f"{action['target']} cannot be changed: {error.message}") from error
    wait = {"apiVersion": "v1", "kind": "Node", "namespace": "", "names": payload["names"], "condition": "Ready"}
    return waits.outcome(api, {**wait, "deadline": max(0.0, end - time.monotonic())})


def _registered(api: KubeApi, name: str, *, end: float) -> bool:
    """Waits until the Node is there."""
    while api.find(f"/api/v1/nodes/{name}") is None:
        if time.monotonic() >= end:
            return False
        time.sleep(_PAUSE)
    return True


def _change_taints(api: KubeApi, node: Object) -> None:
    """One change of the list and of the record of what is ours in it, so that no kill parts them."""
    record = {"annotations": {RECORD: _record(node)}}
    for _attempt in range(_ATTEMPTS):
        live = api.request("GET", f"/api/v1/nodes/{node['name']}")
        # A taint with a time is one of the API's own controllers, so the list is kept as it came.
        taints = live.get("spec", {}).get("taints", [])
        wanted = [{key: value for key, value in taint.items() if value} for taint in node["taints"]]
        new = merged(taints, ours=node["our_taints"], wanted=wanted)
        if [_taint(dict(taint)) for taint in new] == [_taint(taint) for taint in taints]:
            return
        body = {"metadata": {**record, "resourceVersion": live["metadata"]["resourceVersion"]}, "spec": {"taints": new}}
        try:
            api.request("PATCH", f"/api/v1/nodes/{node['name']}", body=body, content=_MERGE, fieldManager=MANAGER)
            return
        except ApiError as error:
            if error.status != _CONFLICT:
                raise
    raise HostError(f"Node {node['name']}: its taints were changed by others {_ATTEMPTS} times in a row; run this again")


def _change_labels(api: KubeApi, node: Object) -> None:
    metadata = {"name": node["name"], "labels": node["labels"], "annotations": {RECORD: _record(node)}}
    body = {"apiVersion": "v1", "kind": "Node", "metadata": metadata}
    api.request("PATCH", f"/api/v1/nodes/{node['name']}", body=body, content=APPLY, fieldManager=MANAGER, force="true")


def _record(node: Object) -> str:
    return json.dumps(sorted(identity(taint) for taint in node["taints"]))


STEPS: dict[str, t.Callable[[KubeApi, Object], Object]] = {"collect": _collect, "apply": _apply}
