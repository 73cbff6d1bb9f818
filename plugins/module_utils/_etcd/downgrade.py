# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host side of ``etcd_downgrade``: how far the members are on the way back, and what tells them to go it, or to go it no more."""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd import maintenance
from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client import client, levels
from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client.client import Access, EtcdApi, EtcdRefusal, Object
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import host_lock
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.waiting import last_found

# A member that was restarted a moment ago may be electing a leader.
_ELECTION = 20.0
# The members look every four or five seconds what they are to do.
_CONVERTED = 90.0
_ENDED = 30.0
_PAUSE = 0.5
_ON_ITS_WAY, _ON_NO_WAY = "has a downgrade job in progress", "no inflight downgrade"


def run(step: str, payload: Object) -> Object:
    """Runs one step; raises HostError. Collecting waits for a run that was killed on the controller, and goes on here."""
    with host_lock.held(changes=step != "collect"):
        return STEPS[step](payload)


def _collect(payload: Object) -> Object:
    """As in maintenance.py, once all members that answer have a leader."""
    return last_found(
        lambda: maintenance.run("collect", payload),
        well=lambda found: all(member["linearizable"] for member in found["members"]),
        deadline=_ELECTION,
        pause=_PAUSE,
    )


def _enable(payload: Object) -> Object:
    """``version``: the minor version. etcd validates it first."""
    _unless(_ON_ITS_WAY, lambda: _api(payload).downgrade("ENABLE", payload["version"]))
    return {}


def _convert(payload: Object) -> Object:
    """Waits until all members have data of that minor version."""

    def converted() -> bool:
        found = [_levels(url, payload) for url in payload["endpoints"]]
        return all(_minor(member[key]) == payload["version"] for member in found for key in ("cluster", "storage"))

    client.until(
        converted, deadline=_CONVERTED, pause=_PAUSE, what=f"the members did not change their data to that of {payload['version']}"
    )
    return {}


def _end(payload: Object) -> Object:
    """Waits until etcd has ended its way back by itself. Then no member says that it is on it."""

    def ended() -> bool:
        return not any(_levels(url, payload)["downgrade"] for url in payload["endpoints"])

    client.until(ended, deadline=_ENDED, pause=_PAUSE, what="all members are there, and etcd did not end its way back")
    return {}


def _cancel(payload: Object) -> Object:
    _unless(_ON_NO_WAY, lambda: _api(payload).downgrade("CANCEL"))
    return {}


def _unless(already: str, ask: t.Callable[[], None]) -> None:
    """Of a run that was killed etcd may have heard it already."""
    try:
        ask()
    except EtcdRefusal as error:
        if already not in error.message:
            raise


def _levels(url: str, payload: Object) -> Object:
    api = EtcdApi(url, Access(**payload["access"]))
    return levels.of(api, api.status())


def _api(payload: Object) -> EtcdApi:
    return EtcdApi(payload["url"], Access(**payload["access"]), timeout=10.0)


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


STEPS: dict[str, t.Callable[[Object], Object]] = {
    "collect": _collect,
    "enable": _enable,
    "convert": _convert,
    "end": _end,
    "cancel": _cancel,
}
