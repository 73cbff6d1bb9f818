# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host side of ``reset``: observes each entry of the host record, and undoes changes of each kind."""

from __future__ import annotations

import itertools
import shutil
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._component.host_record import Entry, Record
from ansible_collections.barehost.kubernetes.plugins.module_utils._reset import files, network, system
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import host_lock, locations

Observer = t.Callable[[Entry], t.Any]


def run(step: str, payload: dict[str, t.Any]) -> dict[str, t.Any]:
    """One step; raises HostError."""
    with host_lock.held(changes=step != "collect"):
        return STEPS[step](payload)


def _collect(payload: dict[str, t.Any]) -> dict[str, t.Any]:
    """Each entry of the host record, with the state ``now``."""
    record = Record.read()
    record.settle_packages()
    entries = list(record.entries.values())
    observers: dict[str, Observer] = {**files.OBSERVERS, **network.observers(), **system.observers(entries)}
    return {
        "entries": [{**entry, "now": observers[entry["kind"]](entry)} for entry in entries],
        "firewall": system.firewall_state(entries) if any(entry["kind"].startswith("firewall") for entry in entries) else None,
        # the record is there if it has entries, and the lock of the step that removes all of it makes the other
        "remains": [locations.RUN_DIRECTORY, locations.STATE_DIRECTORY],
    }


def _apply(payload: dict[str, t.Any]) -> dict[str, t.Any]:
    """Undoes changes in the order given. Some kinds undo all their changes at once. Returns what stays, for the operator."""
    left: list[str] = []
    for (kind, operation), actions in itertools.groupby(payload["actions"], key=lambda action: (action["kind"], action["operation"])):
        if kind in system.TOGETHER:
            system.TOGETHER[kind](operation, list(actions))
            continue
        left += [message for message in (_UNDO[kind, operation](action) for action in actions) if message]
    return {"left": left}


def _forget(action: Entry) -> None:
    """Removes the host record, as the last step: while it is there, a killed reset can be run again."""
    shutil.rmtree(action["target"], ignore_errors=True)


_UNDO: dict[tuple[str, str], t.Callable[[Entry], t.Optional[str]]] = {
    **files.UNDO,
    **network.UNDO,
    **system.UNDO,
    ("record", "forget"): _forget,
}

STEPS: dict[str, t.Callable[[dict[str, t.Any]], dict[str, t.Any]]] = {"collect": _collect, "apply": _apply}
