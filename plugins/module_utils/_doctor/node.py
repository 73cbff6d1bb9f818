# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kubelet of this host: whether it answers, whether it reaches the API, and which errors it logs again and again."""

from __future__ import annotations

import collections
import re
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import checks
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import run

Object = dict[str, t.Any]

_TIMEOUT = 4.0
_SINCE, _LINES = "-10min", 4000
_OFTEN, _KINDS, _LONGEST = 5, 6, 300
# klog: E1129 20:00:01.000001    1234 eviction_manager.go:270] "Eviction manager: ..." err="..."
_ERROR = re.compile(r"^E\d{4} \S+\s+\d+ (?P<place>[\w.-]+:\d+)\] (?P<text>.*)$")


def look(asked: Object) -> Object:
    """``health``: the checks of the kubelet; ``api``: where nodes reach the API, with the authority; ``unit``: the kubelet's."""
    health = next((found for check in asked["health"] if (found := checks.probe(check, timeout=_TIMEOUT)) is not None), "")
    return {"health": health, "api": checks.probe(asked["api"], timeout=_TIMEOUT) or "", **_errors(asked["unit"])}


def _errors(unit: str) -> Object:
    """Those that come again and again, by their place in the program, with how often and the last one."""
    argv = ["journalctl", "--no-pager", "--output=cat", f"--since={_SINCE}", f"--lines={_LINES}", f"--unit={unit}"]
    done = run(argv, timeout=10)
    counts: collections.Counter[str] = collections.Counter()
    last: dict[str, str] = {}
    for line in done.output.splitlines():
        match = _ERROR.match(line)
        if match:
            counts[match["place"]] += 1
            last[match["place"]] = match["text"][:_LONGEST]
    often = [(place, count) for place, count in counts.most_common(_KINDS) if count >= _OFTEN]
    return {
        "errors": [{"place": place, "count": count, "last": last[place]} for place, count in often],
        "gaps": [] if done.ok else [f"the journal of {unit}: {done.complaint()}"],
    }
