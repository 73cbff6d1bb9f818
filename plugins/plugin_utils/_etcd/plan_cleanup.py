# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans the cleanup of a former member: unit, settings and data on a host that is not in the group etcd any more. Pure."""

from __future__ import annotations

import collections.abc as c
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.steps import KIND
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.component_table import (
    ETCD,
    ETCD_SNAPSHOT,
    ETCD_SNAPSHOT_TIMER,
    PATHS,
    etcd_urls,
)

DIRECTORIES = (ETCD.pki["directory"], ETCD.directory)
# The timer first: it starts the service.
SCHEDULE = [ETCD_SNAPSHOT_TIMER.unit, ETCD_SNAPSHOT.unit]

Object = dict[str, t.Any]


def files(*, unit: str, initial_cluster_file: str, started_file: str) -> list[str]:
    """The files of the role etcd except its programs and the unit. A host that is no member needs no key of etcd."""
    pairs = [path for pair in ETCD.pairs.values() for path in (pair.cert, pair.key)]
    settings = [ETCD.files["settings"], initial_cluster_file, started_file, ETCD.files["shell_profile"]]
    return [ETCD.pki["ca"], *pairs, *settings, f"{PATHS['settings']}/inputs/{unit}"]


def plan(found: Object, *, name: str, address: str, leaving: c.Container[str]) -> tuple[PlannedAction, ...]:
    """``leaving``: the members that this run removes. In check mode they are still in the list of members."""
    if not found["left"] or (found["data"] and _may_be_member(found["members"], name=name, address=address) and name not in leaving):
        return ()
    action = PlannedAction(
        kind=KIND,
        operation="retire",
        target=name,
        reason="its host is not in the group etcd, and it is no member any more: stopped, disabled, data renamed, keys removed",
        before=f"{name}, a former member\n",
    )
    return (action,)


def _may_be_member(members: c.Iterable[Object] | None, *, name: str, address: str) -> bool:
    """A host that the members still list is left alone, and so is every host while no member answers."""
    peer_url = etcd_urls(address)["peer_url"]
    return members is None or any(entry["name"] == name or peer_url in entry["peer_urls"] for entry in members)
