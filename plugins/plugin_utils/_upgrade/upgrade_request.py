# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of an upgrade, checked before any host is asked. Pure, but for a look at files of the controller."""

from __future__ import annotations

import collections.abc as c
import pathlib
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import batch, misspelt
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError

PREFIX = "upgrade_"
HOOKS = ("before_node", "after_node")
OPTIONS: dict[str, dict[str, t.Any]] = {
    "only": {"type": "str", "choices": ["all", "masters", "nodes"], "default": "all"},
    "drain": {"type": "bool", "default": True},
    "unmanaged_pods": {"type": "bool", "default": False},
    "wait_for_pods": {"type": "bool", "default": True},
    "batch": {"type": "str", "default": "1"},
    "timeout": {"type": "float", "default": 300},
    "pause": {"type": "float", "default": 0},
    **{hook: {"type": "path", "default": ""} for hook in HOOKS},
}


def refuse(options: c.Mapping[str, t.Any], *, variables: c.Iterable[str], tags: c.Collection[str]) -> None:
    """Raises PlanError for what would fail only when nodes are reached, or would be without effect.

    ``variables``: the names of all variables of the run. ``tags``: those that it was asked for, or to skip.
    """
    faults = misspelt.faults(variables, prefix=PREFIX, options=[*OPTIONS, misspelt.TAKE_OVER])
    if tags:
        faults.append(f"tags ({', '.join(sorted(tags))}) divide no upgrade; leave them out, and use upgrade_only or --limit")
    try:
        batch.read(options["batch"])
    except ValueError:
        faults.append(
            f'upgrade_batch is {options["batch"]!r}, which is neither a number of nodes nor a percentage. Write for example 2, or "20%"'
        )
    for hook in HOOKS:
        path = options[hook]
        if path and not pathlib.Path(path).is_file():
            faults.append(f"{PREFIX}{hook} is {path}, which is no file. Write the path of a file with tasks")
    if faults:
        raise PlanError(f"Nothing was changed: {'; '.join(faults)}")


def for_plays(options: c.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """What plays use, with absolute paths: ``serial`` and the tasks do not see the variables of the same host."""
    found = {name: options[name] for name in ("timeout", "pause", "wait_for_pods", "unmanaged_pods")}
    hooks = {hook: str(pathlib.Path(options[hook]).resolve()) if options[hook] else "" for hook in HOOKS}
    return {**found, **hooks, "batch": str(batch.read(options["batch"]))}
