# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refuses what others have set up on a host, before anything is changed there. It never plans an action.

An item has ``looks`` (what to look for, see module_utils/_kinds/foreign.py), the names that are ``accepted``, and ``variable``: where an
operator accepts one.
"""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlanContext, PlannedAction

_REMEDIES = {
    "unit-file": "remove it with what installed it, or by `rm {name}` and `systemctl daemon-reload`",
    "drop-in": "remove it with what installed it, or by `rm {name}` and `systemctl daemon-reload`",
    "running": "remove it with what installed it, or stop it for good by `systemctl disable --now {name}`",
    "service": "stop it for good by `systemctl disable --now {name}`",
    "port": "stop that program for good",
    "line": "take the line out",
    "package": "remove it by `dnf remove {name}`",
    "file": "remove it with what installed it, or by `rm {name}`",
    "cni": "pods would get that network: remove it with what installed it, or by `rm {name}`",
    "interface": "remove it with what installed it, or by `ip link delete {name}`",
    "settings": "write those that must stay into `docker_daemon_options`, or give them up by accepting this name",
    "containers": 'stop them; or write "live-restore": true into its daemon.json and run `systemctl reload docker`, so that they survive',
    "image-store": (
        "Docker would not know them any more, and they would run on. Set `docker_image_store` to what this node has; or drain it, run "
        "`systemctl stop kubelet` and `docker rm --force $(docker ps --all --quiet)` there, and run the playbook again"
    ),
    "data-root": "write `data-root: {name}` into `docker_daemon_options`",
}
SORTS = frozenset(_REMEDIES)

Item = dict[str, t.Any]


def plan(item: Item, state: Item, context: PlanContext) -> list[PlannedAction]:
    """Raises PlanError with all that was found."""
    found = [
        f"{finding['found']}: {(look['remedy'] or _REMEDIES[finding['sort']]).format(name=finding['name'])} [{finding['name']}]"
        for look, findings in zip(item["looks"], state["findings"], strict=True)
        for finding in findings
        if not finding.get("harmless") and finding["name"] not in item["accepted"]
    ]
    if not found:
        return []
    raise PlanError(
        "nothing was changed, because others have set up things on this host that would win over this cluster or be lost:\n"
        + "".join(f"- {line}\n" for line in found)
        + f"To go on in spite of one, list its name, as in the brackets, in `{item['variable']}`"
    )


def told(items: list[Item], states: list[Item]) -> list[str]:
    """What was found and stays, for warnings."""
    return [
        f"{finding['found']}; it stays as it is"
        for item, state in zip(items, states, strict=True)
        for findings in state["findings"]
        for finding in findings
        if finding.get("harmless") and finding["name"] not in item["accepted"]
    ]
