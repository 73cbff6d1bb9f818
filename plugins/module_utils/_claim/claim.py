# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The claim on a master: which run works on the cluster. It outlives that run, so that whoever has looked before sees that one has worked.

A run writes its claim only over the one that it has seen. Of two runs that begin at once, one comes too late.
"""

from __future__ import annotations

import json
import os
import time
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import atomic, host_lock, locations

Object = dict[str, t.Any]

# Of a file that nobody can read: somebody may be at work.
UNREADABLE: Object = {"run": "unreadable", "playbook": "a playbook", "at": 0.0, "ended": False}


def run(step: str, payload: Object) -> Object:
    """Runs one step; raises HostError."""
    return STEPS[step](payload)


def path() -> str:
    return os.path.join(locations.STATE_DIRECTORY, "claim.json")


def read() -> t.Optional[Object]:
    try:
        with open(path(), encoding="utf-8") as file:
            found = json.load(file)
    except FileNotFoundError:
        return None
    except ValueError:
        return UNREADABLE
    return found if isinstance(found, dict) and UNREADABLE.keys() <= found.keys() else UNREADABLE


def _collect(_payload: Object) -> Object:
    # Not under the host lock: what another run does may take minutes, and the file is written whole.
    return {"claim": read()}


def _take(payload: Object) -> Object:
    """``taken``, and the ``claim`` that is there now."""
    with host_lock.held(changes=True):
        found = read()
        if found != payload["seen"]:
            return {"taken": False, "claim": found}
        _write({**payload["claim"], "at": time.time(), "ended": False})
    return {"taken": True, "claim": read()}


def _end(payload: Object) -> Object:
    if read() is None:
        return {}
    with host_lock.held(changes=True):
        found = read()
        if found and found["run"] == payload["run"]:
            _write({**found, "ended": True})
    return {}


def _write(claim: Object) -> None:
    atomic.make_parents(path())
    atomic.write(path(), json.dumps(claim).encode(), ownership=atomic.Ownership("root", "root", "0600"))


STEPS: dict[str, t.Callable[[Object], Object]] = {"collect": _collect, "take": _take, "end": _end}
