# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cleans up a host that was a member of etcd and keeps another role: finds what the member left there, and removes it."""

from __future__ import annotations

import contextlib
import os
import shutil
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd import membership
from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client import member_list
from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client.client import Access, Object
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import host_lock
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import must
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import run as run_program

UNITS = "/etc/systemd/system"


def run(step: str, payload: Object) -> Object:
    """Runs one step; raises HostError."""
    with host_lock.held(changes=step != "collect"):
        return STEPS[step](payload)


def _collect(payload: Object) -> Object:
    """``left``: whether the unit of a member exists; only then the members are asked. ``members`` is None if none of them answers."""
    if not os.path.lexists(os.path.join(UNITS, payload["unit"])):
        return {"left": False, "data": False, "members": []}
    answers = member_list.ask_all(payload["endpoints"], Access(**payload["access"]))
    listed = next((answer["members"] for answer in answers if answer["linearizable"]), None)
    return {"left": True, "data": os.path.lexists(os.path.join(payload["data_directory"], "member")), "members": listed}


def _retire(payload: Object) -> Object:
    """Keeps the programs, and the data under another name. Deletes the unit's file last: while it exists, the next run continues."""
    unit = payload["unit"]
    # Scheduled snapshots of this member would fail from now on. Those that were taken stay.
    for scheduled in payload.get("schedule", []):
        if os.path.lexists(os.path.join(UNITS, scheduled)):
            must(["systemctl", "disable", "--now", "--", scheduled], what=f"stop and disable {scheduled}", timeout=membership.STOP_TIMEOUT)
            _remove_unit(scheduled)
    must(["systemctl", "disable", "--now", "--", unit], what=f"stop and disable {unit}", timeout=membership.STOP_TIMEOUT)
    run_program(["systemctl", "reset-failed", "--", unit])
    membership.put_aside(payload["data_directory"])
    for file in payload["files"]:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(file)
    for directory in payload["directories"]:
        # Files that others have put there stay.
        with contextlib.suppress(OSError):
            os.rmdir(directory)
    _remove_unit(unit)
    must(["systemctl", "daemon-reload"], what="make systemd read its units again")
    return {}


def _remove_unit(name: str) -> None:
    path = os.path.join(UNITS, name)
    shutil.rmtree(f"{path}.d", ignore_errors=True)
    os.unlink(path)


STEPS: dict[str, t.Callable[[Object], Object]] = {"collect": _collect, "retire": _retire}
