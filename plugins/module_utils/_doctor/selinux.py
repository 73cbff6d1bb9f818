# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SELinux: its mode, its booleans, and what it has denied since the boot."""

from __future__ import annotations

import collections
import os
import re
import time
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import selinux, selinux_booleans

Object = dict[str, t.Any]

LOG = "/var/log/audit/audit.log"
# The end of the log: some thousands of lines.
_READ = 2 << 20
_KINDS = 10
_TIME = re.compile(r"msg=audit\((\d+)\.\d+:\d+\)")
_DENIED = re.compile(r"denied\s+\{ (?P<what>[^}]*) \}")
_FIELD = re.compile(r'\b(comm|scontext|tcontext|tclass|permissive)=("[^"]*"|\S+)')


def look(asked: Object) -> Object:
    """``items``, ``booleans``: those of the kinds ``selinux`` and ``selinux_boolean``."""
    gaps: list[str] = []
    (state,) = selinux.collect([{}])
    return {
        "wanted": [item["state"] for item in asked["items"]],
        "state": state,
        "booleans": [{**item, "found": found} for item, found in zip(asked["booleans"], selinux_booleans.collect(asked["booleans"]))],
        "denials": _denials(gaps) if state["kernel"] != "disabled" else [],
        "gaps": gaps,
    }


def _denials(gaps: list[str]) -> list[Object]:
    """What was denied since the boot, by who, to what and to do what; the most frequent first."""
    try:
        with open(LOG, "rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            stream.seek(max(0, size - _READ))
            text = stream.read(_READ).decode(errors="replace")
    except FileNotFoundError:
        return []
    except OSError as error:
        gaps.append(f"{LOG}: {error.strerror}")
        return []
    booted = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    counts: collections.Counter[tuple[str, ...]] = collections.Counter()
    for line in text.splitlines():
        moment, denied = _TIME.search(line), _DENIED.search(line)
        if line.startswith("type=AVC") and moment and denied and float(moment[1]) >= booted:
            fields = {name: value.strip('"') for name, value in _FIELD.findall(line)}
            who, whom = (_type(fields.get(name, "")) for name in ("scontext", "tcontext"))
            counts[(fields.get("comm", ""), who, whom, fields.get("tclass", ""), denied["what"].strip())] += 1
    names = ("program", "of", "to", "class", "what")
    return [{**dict(zip(names, key)), "count": count} for key, count in counts.most_common(_KINDS)]


def _type(context: str) -> str:
    parts = context.split(":")
    return parts[2] if len(parts) > 2 else context
