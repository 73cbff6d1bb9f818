# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host side of ``reset``: what of the record is still there, and the way back for each kind.

This module util is private to the collection and may change at any time.
"""

from __future__ import annotations

import itertools
import shutil
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils import (
    _alone,
    _record,
    _reset_files,
    _reset_network,
    _reset_system,
    _stamps,
)
from ansible_collections.barehost.kubernetes.plugins.module_utils._record import Entry, Record

Look = t.Callable[[Entry], t.Any]


def run(step: str, payload: dict[str, t.Any]) -> dict[str, t.Any]:
    """One step; raises HostError."""
    with _alone.alone(changes=step != "collect"):
        return STEPS[step](payload)


def _collect(payload: dict[str, t.Any]) -> dict[str, t.Any]:
    """Every entry of the record with what is there ``now``."""
    record = Record.read()
    record.settle_packages()
    entries = list(record.entries.values())
    looks: dict[str, Look] = {**_reset_files.LOOKS, **_reset_network.looks(), **_reset_system.looks(entries)}
    return {
        "entries": [{**entry, "now": looks[entry["kind"]](entry)} for entry in entries],
        "firewall": _reset_system.firewall(entries) if any(entry["kind"].startswith("firewall") for entry in entries) else None,
        # the record is there if it has entries, and the lock of the step that removes all of it makes the other
        "remains": [_stamps.RUN_DIRECTORY, _record.ROOT],
    }


def _apply(payload: dict[str, t.Any]) -> dict[str, t.Any]:
    """In the order given, those of a kind that are done together at once; returns what stays, for the operator."""
    left: list[str] = []
    for (kind, operation), actions in itertools.groupby(payload["actions"], key=lambda action: (action["kind"], action["operation"])):
        if kind in _reset_system.TOGETHER:
            _reset_system.TOGETHER[kind](operation, list(actions))
            continue
        left += [message for message in (_UNDO[kind, operation](action) for action in actions) if message]
    return {"left": left}


def _forget(action: Entry) -> None:
    """Last: until then a killed run is gone on with."""
    shutil.rmtree(action["target"], ignore_errors=True)


_UNDO: dict[tuple[str, str], t.Callable[[Entry], t.Optional[str]]] = {
    **_reset_files.UNDO,
    **_reset_network.UNDO,
    **_reset_system.UNDO,
    ("record", "forget"): _forget,
}

STEPS: dict[str, t.Callable[[dict[str, t.Any]], dict[str, t.Any]]] = {"collect": _collect, "apply": _apply}
