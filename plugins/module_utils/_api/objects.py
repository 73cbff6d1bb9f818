# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host side of ``api_objects``: what the API has, what a server-side apply would make of it, and the apply.

The comparison is the API's own: a dry run says what an object would become, defaults and other managers' fields
included, so that nothing but a real change differs from what is there.
"""

from __future__ import annotations

import copy
import time
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._api import waits
from ansible_collections.barehost.kubernetes.plugins.module_utils._api.client import (
    APPLY,
    ApiError,
    ApiUnreachable,
    KubeApi,
    Object,
    Resource,
)
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

HIDDEN = "(secret, not shown)"
HIDDEN_CHANGED = "(secret, not shown: another value)"
# Seconds for a new namespace or a new kind to become usable.
_SETTLE = 30.0
_GONE = 120.0
_PAUSE = 0.3
_SERVER_FIELDS = ("managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink")
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def run(step: str, payload: Object) -> Object:
    """Runs one step; raises HostError."""
    return STEPS[step](KubeApi(**payload["connection"]), payload)


def _collect(api: KubeApi, payload: Object) -> Object:
    """The state of every object and wait once the API is ready, or at the deadline the reason why it is not ready."""
    why = api.not_ready(deadline=payload["deadline"])
    if why:
        return {"unready": why, "objects": [], "absent": [], "unmet": []}
    return {
        "unready": "",
        "objects": [_state(api, wanted, payload["field_manager"]) for wanted in payload["objects"]],
        "absent": [_presence(api, wanted) for wanted in payload["absent"]],
        "unmet": [wait for wait in payload["wait"] if waits.unmet(api, wait)],
    }


def _state(api: KubeApi, wanted: Object, manager: str) -> Object:
    """``live``: the object as it is; ``applied``: as it would be; ``refused``: why the API refuses to apply it."""
    state: Object = {"live": None, "applied": None, "refused": "", "leaving": False}
    resource = api.locate(wanted["apiVersion"], wanted["kind"])
    if resource is None:
        return state
    live = api.find(_path(resource, wanted))
    try:
        applied = _patch(api, resource, wanted, manager, dryRun="All")
    except ApiError as error:
        # Its namespace, or an object that it refers to, may be one that is created before it.
        missing = error.status == 404 and live is None
        return {**state, "live": _shown(live, live), "refused": "" if missing else error.message}
    leaving = live is not None and "deletionTimestamp" in live["metadata"]
    return {**state, "live": _shown(live, live), "applied": _shown(applied, live) if live else None, "leaving": leaving}


def _presence(api: KubeApi, wanted: Object) -> Object:
    resource = api.locate(wanted["apiVersion"], wanted["kind"])
    live = api.find(_path(resource, wanted)) if resource else None
    return {"live": _shown(live, live)}


def _shown(found: t.Optional[Object], live: t.Optional[Object]) -> t.Optional[Object]:
    """Drops the fields that the server manages. Replaces the values of a Secret by whether they differ from the live ones."""
    if found is None:
        return None
    shown = {key: value for key, value in copy.deepcopy(found).items() if key != "status"}
    metadata = shown["metadata"]
    for field in _SERVER_FIELDS:
        metadata.pop(field, None)
    annotations = metadata.get("annotations", {})
    annotations.pop(_LAST_APPLIED, None)
    if not annotations:
        metadata.pop("annotations", None)
    if shown["kind"] == "Secret":
        there = (live or {}).get("data") or {}
        shown["data"] = {key: HIDDEN if there.get(key) == value else HIDDEN_CHANGED for key, value in (shown.get("data") or {}).items()}
    return shown


def _path(resource: Resource, wanted: Object) -> str:
    return resource.path(wanted["metadata"]["name"], namespace=wanted["metadata"].get("namespace", ""))


def _patch(api: KubeApi, resource: Resource, wanted: Object, manager: str, **query: str) -> Object:
    try:
        return api.request("PATCH", _path(resource, wanted), body=wanted, content=APPLY, fieldManager=manager, force="true", **query)
    except ApiError as error:
        if wanted["kind"] != "Secret":
            raise
        message = f"the API refused it with status {error.status}; its message may quote the secret and is not shown"
        raise ApiError(message, status=error.status) from None


def _apply(api: KubeApi, payload: Object) -> Object:
    """Performs the actions in their order, then waits."""
    for action in payload["actions"]:
        try:
            if action["operation"] == "delete":
                _delete(api, action["data"]["object"])
            else:
                _write(api, action["data"], payload["field_manager"])
        except (ApiError, ApiUnreachable) as error:
            raise HostError(f"{action['target']} cannot be {_PAST[action['operation']]}: {error.message}") from error
    for wait in payload["wait"]:
        waits.wait_for(api, wait)
    return {}


_PAST = {"create": "created", "patch": "changed", "delete": "deleted"}


def _write(api: KubeApi, data: Object, manager: str) -> None:
    wanted = data["object"]
    if data.get("leaving"):
        _wait_until_gone(api, wanted)
    end = time.monotonic() + _SETTLE
    while True:
        resource = api.locate(wanted["apiVersion"], wanted["kind"])
        try:
            if resource is not None:
                _patch(api, resource, wanted, manager)
                return
            fault = ApiError(f"the API has no kind {wanted['kind']} in {wanted['apiVersion']}", status=404)
        except ApiError as error:
            fault = error
        if fault.status != 404 or time.monotonic() >= end:
            raise fault
        time.sleep(_PAUSE)


def _delete(api: KubeApi, wanted: Object) -> None:
    resource = api.locate(wanted["apiVersion"], wanted["kind"])
    if resource is None:
        return
    try:
        api.request(
            "DELETE", _path(resource, wanted), body={"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}
        )
    except ApiError as error:
        if error.status != 404:
            raise
    _wait_until_gone(api, wanted)


def _wait_until_gone(api: KubeApi, wanted: Object) -> None:
    metadata = wanted["metadata"]
    waits.wait_for(
        api,
        {
            "apiVersion": wanted["apiVersion"],
            "kind": wanted["kind"],
            "namespace": metadata.get("namespace", ""),
            "names": [metadata["name"]],
            "condition": "absent",
            "deadline": _GONE,
        },
    )


STEPS: dict[str, t.Callable[[KubeApi, Object], Object]] = {"collect": _collect, "apply": _apply}
