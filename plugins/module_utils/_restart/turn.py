# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done on a host when it is its turn: the mark, the reboot, and the wait until all that it runs is well."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client import client, quorum
from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client.client import Access
from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import checks
from ansible_collections.barehost.kubernetes.plugins.module_utils._restart import look, marks
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import host_lock
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import must
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.waiting import last_found

Object = dict[str, t.Any]

_PAUSE = 1.0


def run(step: str, payload: Object) -> Object:
    """Runs one step; raises HostError."""
    return STEPS[step](payload)


def _begin(payload: Object) -> Object:
    """Waits until the host may go: all other members of etcd are well. Then marks it."""
    if payload["member"]:
        _await(lambda: _in_the_way(payload["member"]), payload["deadline"])
    with host_lock.held(changes=True):
        earlier = marks.read() or {}
        goes_on = earlier.get("began") == payload["mark"]["began"] and not earlier.get("done")
        # the boot and the units of before the turn, also where a killed run began it
        before = earlier if goes_on else {"units": look.active(payload["units"]), "boot": look.boot_id()}
        marks.write({**payload["mark"], **{name: before[name] for name in ("units", "boot")}})
    return {}


def _reboot(payload: Object) -> Object:
    """Asks for the reboot of this boot. The answer goes out before the connection ends."""
    with host_lock.held(changes=True):
        if look.boot_id() != payload["boot"]:
            return {"asked": False}
        words = ["systemctl", "reboot", f"--message={payload['message']}"]
        delayed = ["systemd-run", "--quiet", "--collect", "--on-active=1s", "--timer-property=AccuracySec=100ms", "--", *words]
        must(delayed, what="ask for a reboot")
    return {"asked": True}


def _verify(payload: Object) -> Object:
    """Waits until all units are up and answer, those that ran before its turn, too; the member of etcd has what the others have."""
    end = time.monotonic() + payload["deadline"]
    mark = marks.read() or {}
    before = mark.get("units", [])
    for unit in dict.fromkeys([*payload["units"], *before]):
        for check in [{"unit": unit}, *payload["units"].get(unit, [])]:
            message = f"{unit} is not well again. Look at 'journalctl -u {unit}' on this host"
            checks.wait({"message": message, **check, "deadline": max(1.0, end - time.monotonic())})
    if payload["member"]:
        # a linearizable read is answered by a member that has caught up
        _await(lambda: _in_the_way(payload["member"]) or _not_caught_up(payload["member"]), max(1.0, end - time.monotonic()))
    found = look.state()
    return {**found, "rebooted": found["boot"] != mark.get("boot", found["boot"])}


def _finish(payload: Object) -> Object:
    with host_lock.held(changes=True):
        marks.write(payload["mark"])
    return {}


def _forget(_payload: Object) -> Object:
    with host_lock.held(changes=True):
        marks.forget()
    return {}


def _in_the_way(member: Object) -> str:
    return quorum.in_the_way(member["url"], Access(**member["access"])) or ""


def _not_caught_up(member: Object) -> str:
    said = client.look(member["url"], Access(**member["access"]))
    return "" if said["linearizable"] else f"the member of etcd on this host does not answer a linearizable read: {said['fault']}"


def _await(fault_now: t.Callable[[], str], seconds: float) -> None:
    fault = last_found(fault_now, deadline=seconds, pause=_PAUSE)
    if fault:
        raise HostError(f"etcd is not well (waited {seconds:.0f} s): {fault}")


STEPS: dict[str, t.Callable[[Object], Object]] = {
    "begin": _begin,
    "reboot": _reboot,
    "verify": _verify,
    "finish": _finish,
    "forget": _forget,
}
