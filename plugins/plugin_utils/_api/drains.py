# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the drains of several Nodes meet, by the answer of ``workloads``: for every playbook that takes Nodes away for a while. Pure."""

from __future__ import annotations

import collections.abc as c
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.listed import at_most
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError

_NAMED = 10

Workloads = c.Mapping[str, t.Any]


def takers(workloads: Workloads, mark: str) -> set[str]:
    """The Nodes to which evicted pods can go. One that a run with this mark has cordoned takes pods again."""
    return {
        name
        for name, found in workloads["nodes"].items()
        if found["ready"] and not found["tainted"] and (found["schedulable"] or found["marked"] == mark)
    }


def ignored(workloads: Workloads, mark: str) -> list[str]:
    """The controllers that have pods which are not ready before anything is done, by uid.

    None while a Node has the mark: a run has ended between its drain and its pods, so pods may be not ready because of that.
    """
    if any(node["marked"] == mark for node in workloads["nodes"].values()):
        return []
    return list(workloads["unready_owners"])


def refuse_lost_pods(workloads: Workloads, nodes: c.Collection[str], *, variable: str) -> None:
    """Raises PlanError if a drain of these Nodes would lose pods. ``variable``: by which the user allows it."""
    lost = [f"{pod['namespace']}/{pod['name']}" for pod in workloads["unmanaged"] if pod["node"] in nodes]
    if lost:
        raise PlanError(
            f"Nothing was changed: {at_most(_NAMED, lost)} would be lost by a drain, because no controller makes another such pod "
            f"elsewhere. Delete them, or allow it: -e {variable}=true"
        )
