# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of others' configuration that work against this cluster, and packages of others that stand in the way of ours."""

from __future__ import annotations

import glob
import os
import re
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import packages
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.small_files import lines_of

Finding = dict[str, t.Any]


def find(wanted: dict[str, t.Any], *, root: str) -> list[Finding]:
    """Each of ``files`` (patterns) with a line that ``pattern`` matches from its beginning. ``effect`` says what comes of it."""
    pattern = re.compile(wanted["pattern"], re.IGNORECASE)
    found = []
    for path in _files(wanted["files"], root):
        line = next((line for line in lines_of(path) if pattern.match(line)), None)
        if line is not None:
            name = "/" + os.path.relpath(path, root)
            text = f"{name} has `{line.strip()}`: {wanted['effect']}"
            found.append({"name": name, "sort": "line", "found": text, **({"harmless": True} if wanted.get("harmless") else {})})
    return found


def find_packages(wanted: dict[str, list[str]]) -> list[Finding]:
    """Installed packages that have or provide one of ``names``, but for those of ``ours``, which provide some of them, too."""
    found = [name for name in packages.providers(wanted["names"]) if name not in wanted["ours"]]
    conflict = f"is installed, and conflicts with {' or '.join(wanted['ours'])}"
    return [{"name": name, "sort": "package", "found": f"the package {name} {conflict}"} for name in found]


def _files(patterns: list[str], root: str) -> t.Iterator[str]:
    for pattern in patterns:
        yield from sorted(glob.glob(os.path.join(glob.escape(root), pattern.lstrip("/"))))
