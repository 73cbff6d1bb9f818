# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who keeps the clock right, and how right it is."""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import run

Object = dict[str, t.Any]

_TIMEOUT = 5.0
# Fields of `chronyc -c tracking` (chronyc(1)).
_REFERENCE, _STRATUM, _OFFSET, _DISPERSION, _LEAP = 1, 2, 4, 11, 13


def look(asked: Object) -> Object:
    """``keepers``: the units of all programs that would set the clock."""
    return {"keepers": _running(asked["keepers"]), "tracking": _tracking(), "sources": _sources()}


def _running(units: list[str]) -> list[str]:
    states = run(["systemctl", "is-active", "--", *units], timeout=_TIMEOUT).output.split()
    return [unit for unit, state in zip(units, states) if state == "active"]


def _tracking() -> Object:
    """``offset``: seconds by which the system's clock is off, as chronyd believes. ``fault``: why it does not say."""
    done = run(["chronyc", "-n", "-c", "tracking"], timeout=_TIMEOUT)
    fields = done.output.strip().split(",")
    if not done.ok or len(fields) <= _LEAP:
        return {"fault": done.complaint()}
    try:
        numbers = {"stratum": int(fields[_STRATUM]), "offset": float(fields[_OFFSET]), "dispersion": float(fields[_DISPERSION])}
    except ValueError:
        return {"fault": f"chronyc tracking says {done.output.strip()[:200]!r}"}
    return {"fault": "", "reference": fields[_REFERENCE], "leap": fields[_LEAP], **numbers}


def _sources() -> list[Object]:
    """Each with its state: * is the one that is followed, + a good one, ? one that does not answer (chronyc(1))."""
    done = run(["chronyc", "-n", "-c", "sources"], timeout=_TIMEOUT)
    rows = [line.split(",") for line in done.output.splitlines()] if done.ok else []
    return [{"state": row[1], "name": row[2], "reach": row[5]} for row in rows if len(row) > 5][:20]
