# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stamps: what a unit was started with, as systemd recorded it at the start, compared with what is there now.

The lines are those of the stamp helper (plugin_utils/_engine/stamp.sh), which must be changed together with this file.
"""

from __future__ import annotations

import hashlib
import os

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.locations import RUN_DIRECTORY

# Larger files, and all programs, are compared by link target, size and time, because reading them takes too long.
_SIZE_LIMIT = 1 << 20
_PROGRAMS = ("/usr/local/bin/", "/usr/local/sbin/", "/opt/")


def line(path: str) -> str:
    """The line that a stamp would have for this input now."""
    return f"{_value(path)}  {path}"


def _value(path: str) -> str:
    try:
        found = os.stat(path)
        if not os.path.isfile(path):
            return "other -"
        if found.st_size > _SIZE_LIMIT or path.startswith(_PROGRAMS):
            return f"stat {os.path.realpath(path)}:{found.st_size}:{found.st_mtime_ns // 10**9}"
        with open(path, "rb") as stream:
            return f"sha256 {hashlib.sha256(stream.read()).hexdigest()}"
    except OSError:
        return "missing -"


def started_with(unit: str, *, directory: str = RUN_DIRECTORY) -> dict[str, str] | None:
    """The stamp of the unit, as a map from path to line; None if no start is recorded."""
    try:
        with open(os.path.join(directory, unit), encoding="utf-8") as stream:
            lines = stream.read().splitlines()
    except OSError:
        return None
    return {text.split("  ", 1)[1]: text for text in lines if "  " in text}


def values(unit: str, paths: list[str], *, directory: str = RUN_DIRECTORY) -> dict[str, str]:
    """The stamp's values for some inputs, by path."""
    then = started_with(unit, directory=directory) or {}
    return {path: then[path].split("  ", 1)[0] for path in paths if path in then}


def differences(unit: str, inputs: list[str], *, directory: str = RUN_DIRECTORY) -> list[str] | None:
    """The inputs that changed since the start; None if no start is recorded."""
    then = started_with(unit, directory=directory)
    if then is None:
        return None
    changed = [path for path in inputs if then.get(path) != line(path)]
    return changed + sorted(set(then) - set(inputs))
