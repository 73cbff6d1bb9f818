# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host side of ``etcd_health``: whether each member answers with a quorum behind it; reads only."""

from __future__ import annotations

import concurrent.futures
import time
import typing as t

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
        members = list(pool.map(lambda url: _member(EtcdApi(url, access)), urls))
    return {"members": members, "healthy": bool(members) and all(member["healthy"] for member in members), "summary": summary(members)}


def _member(api: EtcdApi) -> Object:
    """``seconds``: how long the member took for a linearizable read."""
    fault, began = "", time.monotonic()
    try:
        api.read()
        seconds = time.monotonic() - began
        # alarms, such as a full database
        fault = "; ".join(api.status().get("errors", []))
    except (EtcdUnreachable, EtcdRefusal) as error:
        seconds, fault = time.monotonic() - began, error.message
    return {"url": api.url, "healthy": not fault, "fault": fault, "seconds": round(seconds, 4)}


def summary(members: t.Sequence[Object]) -> list[str]:
    """One line for each member, in the words of ``etcdctl endpoint health``."""
    return [_line(member) for member in members]


def _line(member: Object) -> str:
    if member["healthy"]:
        return f"{member['url']} is healthy: successfully committed proposal: took = {1000 * member['seconds']:.1f}ms"
    return f"{member['url']} is unhealthy: {member['fault']}"


STEPS: dict[str, t.Callable[[Object], Object]] = {"collect": _collect}
