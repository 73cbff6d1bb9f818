# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host side of ``etcd_health``: whether each member answers with a quorum behind it; reads only."""

from __future__ import annotations

import concurrent.futures
import time
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client import alarms
from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client.client import (
    Access,
    EtcdApi,
    EtcdRefusal,
    EtcdUnreachable,
    Object,
)


def run(step: str, payload: Object) -> Object:
    """Runs one step; raises HostError."""
    return STEPS[step](payload)


def _collect(payload: Object) -> Object:
    """Asks all members at the same time, so that several silent ones take no longer than one."""
    access, urls = Access(**payload["access"]), payload["endpoints"]
    with concurrent.futures.ThreadPoolExecutor(max_workers=max(1, len(urls))) as pool:
        found = list(pool.map(lambda url: _member(EtcdApi(url, access)), urls))
    members = [member for member, _told in found]
    # each member tells the alarms of all
    told = sorted({line for _member, lines in found for line in lines})
    healthy = bool(members) and all(member["healthy"] for member in members)
    return {"members": members, "healthy": healthy, "summary": [*summary(members), *told]}


def _member(api: EtcdApi) -> tuple[Object, list[str]]:
    """What the member says, and the alarms that it tells of. ``seconds``: how long it took for a linearizable read."""
    fault, told, began = "", list[str](), time.monotonic()
    try:
        api.read()
        seconds = time.monotonic() - began
        errors = api.status().get("errors", [])
        found = alarms.of(errors)
        if found:
            told = alarms.told(found, {entry["ID"]: entry.get("name", "") for entry in api.members(linearizable=False)["members"]})
        fault = "; ".join([*alarms.others(errors), *(line.partition(":")[0] for line in told)])
    except (EtcdUnreachable, EtcdRefusal) as error:
        seconds, fault = time.monotonic() - began, error.message
    return {"url": api.url, "healthy": not fault, "fault": fault, "seconds": round(seconds, 4)}, told


def summary(members: t.Sequence[Object]) -> list[str]:
    """One line for each member, in the words of ``etcdctl endpoint health``."""
    return [_line(member) for member in members]


def _line(member: Object) -> str:
    if member["healthy"]:
        return f"{member['url']} is healthy: successfully committed proposal: took = {1000 * member['seconds']:.1f}ms"
    return f"{member['url']} is unhealthy: {member['fault']}"


STEPS: dict[str, t.Callable[[Object], Object]] = {"collect": _collect}
