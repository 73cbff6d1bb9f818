# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host side of a component: collect, request, apply."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._component import host_record, rollback
from ansible_collections.barehost.kubernetes.plugins.module_utils._component.kinds import KINDS
from ansible_collections.barehost.kubernetes.plugins.module_utils._doctor import preflight
from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import certificates, checks, units
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import (
    download_route,
    host_lock,
    http_download,
    identity,
    kept_program,
)

Items = list[dict[str, t.Any]]


def run(step: str, payload: dict[str, t.Any]) -> dict[str, t.Any]:
    """One step; raises HostError."""
    with host_lock.held(changes=step != "collect"):
        done = STEPS[step](payload)
        if step != "collect":
            kept_program.keep(__spec__.loader)
        return done


def _collect(payload: dict[str, t.Any]) -> dict[str, t.Any]:
    """The state of what is wanted, and ``time``, by which the controller sees whether the host would accept what it signs now."""
    wanted: dict[str, Items] = payload["wanted"]
    state = {name: kind.collect(wanted[name]) for name, kind in KINDS.items() if wanted.get(name)}
    found = {"state": state, "keys": {path: identity.keys(path) for path in payload.get("keys", [])}, "time": time.time()}
    return {**found, "preflight": preflight.look(payload["preflight"])} if payload.get("preflight") else found


def _request(payload: dict[str, t.Any]) -> dict[str, t.Any]:
    host_record.note([{"kind": "certificate", "data": item} for item in payload["items"]])
    return {"requests": certificates.request(payload["items"])}


def _apply(payload: dict[str, t.Any]) -> dict[str, t.Any]:
    actions: Items = payload["actions"]
    if payload.get("downloads"):
        http_download.take(download_route.Route(payload["downloads"]))
    # The restart gate comes before the first change: if it refuses, units and files stay as they are.
    for check in payload.get("gate", []):
        checks.wait(check)
    host_record.note(actions, payload.get("leftovers", []))
    prepared = rollback.prepare(actions)
    outcomes = {}
    for name, kind in KINDS.items():
        chosen = [action for action in actions if action["kind"] == name]
        if not chosen:
            continue
        try:
            outcomes[name] = kind.apply(chosen)
        except units.UnitFailure as error:
            raise prepared.perform(error) from error
    return {"outcomes": outcomes, "units": units.starts(payload["units"])}


STEPS: dict[str, t.Callable[[dict[str, t.Any]], dict[str, t.Any]]] = {
    "collect": _collect,
    "request": _request,
    "apply": _apply,
}
