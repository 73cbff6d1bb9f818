# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of a member's unit, settings and data on a host that is no member any more. Pure."""

from __future__ import annotations

import collections.abc as c
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.steps import KIND
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction

DIRECTORIES = ("/etc/etcd/pki", "/etc/etcd")

Object = dict[str, t.Any]


def files(*, unit: str, initial_cluster_file: str, started_file: str) -> list[str]:
    """What the role etcd has put on the host, but for its programs and the unit itself; who is no member needs no key of etcd."""
    pki = [f"/etc/etcd/pki/{name}" for name in ("ca.crt", "member.crt", "member.key", "root.crt", "root.key")]
    return [*pki, "/etc/etcd/etcd.conf", initial_cluster_file, started_file, "/etc/profile.d/etcdctl.sh", f"/etc/barehost/inputs/{unit}"]


def plan(found: Object, *, name: str, address: str, leaving: c.Container[str]) -> tuple[PlannedAction, ...]:
    """``leaving``: who is taken out in this run, which in check mode none is yet."""
    if not found["left"] or (found["data"] and _may_be_member(found["members"], name=name, address=address) and name not in leaving):
        return ()
    action = PlannedAction(
        kind=KIND,
        operation="retire",
        target=name,
        reason="its host is in the group etcd no more, and it is no member: stopped, disabled, its data renamed, its keys removed",
        before=f"{name}, a former member\n",
    )
    return (action,)


def _may_be_member(members: c.Iterable[Object] | None, *, name: str, address: str) -> bool:
    """Nothing is taken from one that the others still count on, and none of them may have answered."""
    peer_url = f"https://{address}:2380"
    return members is None or any(entry["name"] == name or peer_url in entry["peer_urls"] for entry in members)
