# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The services of this host: those that its roles describe, and others that have failed."""

from __future__ import annotations

import concurrent.futures
import functools
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import checks, units
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import run
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.unit_states import RUNNING

Object = dict[str, t.Any]

_TIMEOUT = 10.0
_HEALTH_TIMEOUT = 4.0
_LINES, _LONGEST = 6, 300
_OTHERS = 30
_PROPERTIES = ("Id", "SubState", "Result", "NRestarts", "ExecMainStatus", "ActiveEnterTimestampMonotonic")


def look(asked: Object) -> Object:
    """``units``: items of the kind ``unit``. The checks of those that run are probed at the same time.

    ``journals``: the names of those whose journals are told even where they are well.
    """
    items, journals = asked["units"], asked.get("journals", [])
    states = units.collect(items)
    further = _properties([item["name"] for item in items])
    with concurrent.futures.ThreadPoolExecutor(max_workers=8) as pool:
        found = list(pool.map(functools.partial(_told, journals), items, states, further))
    return {"units": found, "failed": _failed({item["name"] for item in items}), "system": _system()}


def _told(journals: t.Container[str], item: Object, state: Object, further: Object) -> Object:
    health = _health(item, state)
    kept = ("known", "masked", "active", "enabled", "needs_daemon_reload", "changed_inputs", "unproven")
    wrong = item["state"] == "started" and (state["active"] not in RUNNING or bool(health))
    return {
        "name": item["name"],
        "wanted": item["state"],
        "wanted_enabled": item["enabled"],
        **{name: state[name] for name in kept},
        "state": further.get("SubState", ""),
        "result": further.get("Result", ""),
        "restarts": int(further.get("NRestarts") or 0),
        "status": further.get("ExecMainStatus", ""),
        "health": health,
        "journal": _journal(item["name"]) if wrong or item["name"] in journals else [],
    }


def _health(item: Object, state: Object) -> str:
    """What is wrong with a unit that runs, by its own checks; empty if nothing is, or if it does not run."""
    if item["state"] != "started" or state["active"] not in RUNNING:
        return ""
    for check in item["health"]:
        found = checks.probe(check, timeout=_HEALTH_TIMEOUT)
        if found is not None:
            return f"{checks.subject(check)}: {found}"[:500]
    return ""


def _properties(names: list[str]) -> list[dict[str, str]]:
    if not names:
        return []
    output = run(["systemctl", "show", "--property", ",".join(_PROPERTIES), "--", *names], timeout=_TIMEOUT).output
    blocks = [dict(line.split("=", 1) for line in block.splitlines() if "=" in line) for block in output.split("\n\n") if block.strip()]
    return blocks if len(blocks) == len(names) else [{} for _name in names]


def _journal(name: str) -> list[str]:
    """The last lines, without those that may hold a secret."""
    return [line[:_LONGEST] for line in units.evidence(name).splitlines()[1:]][-_LINES:]


def _failed(known: t.Container[str]) -> list[str]:
    """Units of others that have failed."""
    done = run(["systemctl", "list-units", "--state=failed", "--plain", "--no-legend", "--full"], timeout=_TIMEOUT)
    names = [line.split()[0] for line in done.output.splitlines() if line.strip()]
    return [name for name in names if name not in known][:_OTHERS]


def _system() -> str:
    return run(["systemctl", "is-system-running"], timeout=_TIMEOUT).output.strip()
