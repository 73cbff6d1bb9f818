# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Unit files and drop-ins of others for units of ours (systemd.unit(5))."""

from __future__ import annotations

import glob
import os
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import ours
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.small_files import text_of

# Where systemd looks for units; the same name in an earlier directory hides one in a later.
_DIRECTORIES = ("etc/systemd/system", "run/systemd/system", "usr/local/lib/systemd/system", "usr/lib/systemd/system")
# What decides which program runs, as whom, and how systemd knows that it has started.
_DECIDING = ("ExecStart", "Type", "User", "Group", "RootDirectory", "RootImage")
# An empty assignment takes away what a unit of ours has put into these lists.
_LISTS = ("ExecStartPre", "EnvironmentFile", "Environment")

Finding = dict[str, t.Any]


def find(unit: str, *, written: bool, runs: bool, root: str) -> list[Finding]:
    """``written``: the collection writes the unit file, and not only drop-ins. ``runs``: the unit is active."""
    taken = ours.runs(unit)
    found = []
    own = f"/{_DIRECTORIES[0]}/{unit}"
    text = text_of(os.path.join(root, own.lstrip("/")))
    # In a unit that is ours already, another file is drift, which the run mends.
    if written and not taken and text is not None and not ours.wrote(text):
        found.append({"name": own, "sort": "unit-file", "found": f"{own} was not written by this collection"})
    elif written and runs and not taken:
        found.append({"name": unit, "sort": "running", "found": f"{unit} runs, and was not set up by this collection"})
    for path, text in _drop_ins(unit, root):
        found += _of_drop_in(unit, path, text, told=not taken)
    return found


def _of_drop_in(unit: str, path: str, text: str, *, told: bool) -> list[Finding]:
    given = _settings(text)
    winning = sorted({name for name, value in given if name in _DECIDING or (name in _LISTS and not value)})
    if winning:
        return [{"name": path, "sort": "drop-in", "found": f"{path} replaces {', '.join(winning)} of {unit}"}]
    others = ", ".join(sorted({name for name, _value in given}))
    # What an administrator has put there. Packages have theirs below /usr.
    told = told and path.startswith("/etc/")
    return [{"name": path, "sort": "drop-in", "found": f"{path} sets {others} of {unit}", "harmless": True}] if told and others else []


def _drop_ins(unit: str, root: str) -> t.Iterator[tuple[str, str]]:
    """The drop-ins of others that are in force. systemd takes those of foo-.service.d for foo-bar.service, too."""
    stem, _dot, kind = unit.rpartition(".")
    parts = stem.split("-")
    prefixes = ["-".join(parts[:count]) + "-" for count in range(1, len(parts))]
    seen: dict[str, str] = {}
    for name in (stem, *reversed(prefixes)):
        for directory in _DIRECTORIES:
            for path in sorted(glob.glob(os.path.join(glob.escape(root), directory, f"{name}.{kind}.d", "*.conf"))):
                seen.setdefault(os.path.basename(path), path)
    for name, path in sorted(seen.items()):
        # A link to /dev/null hides a drop-in, and reads as empty.
        text = text_of(path)
        if text and "barehost" not in name:
            yield "/" + os.path.relpath(path, root), text


def _settings(text: str) -> list[tuple[str, str]]:
    """(name, value) of each assignment. A line that ends with a backslash continues."""
    joined = text.replace("\\\n", " ")
    lines = [line.strip() for line in joined.splitlines()]
    pairs = [line.partition("=") for line in lines if line and line[0] not in "#;[" and "=" in line]
    return [(name.strip(), value.strip()) for name, _equals, value in pairs]
