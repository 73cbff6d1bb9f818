# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files on the controller that an operator asks for by a variable: what is wrong with a path, and how such a file is written.

The ending is a rule, so that what is replaced is never a key, or somebody's list of something else.
"""

from __future__ import annotations

import collections.abc as c
import os
import pathlib
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import atomic_file
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError

# Of new files: names and addresses of the cluster are nobody's business, but no secret. A file that is there keeps its mode.
_MODE = 0o600
# The endings of each kind; the first is the one that a message asks for.
_ENDINGS = {"json": (".json",), "html": (".html", ".htm"), "junit": (".xml",)}


def path_of(value: str) -> pathlib.Path:
    """The absolute path. ``~NAME`` of a user who does not exist stays as it is, so that a message can show it."""
    return pathlib.Path(os.path.abspath(os.path.expanduser(str(value))))


def fault(variable: str, value: t.Any, *, kind: str, stem: str) -> str:
    """Why ``value`` is no path for the file of a variable; empty if it is one, or if none is given.

    ``stem`` is the name of the file in the example, without its ending.
    """
    if not value:
        return ""
    wanted = _ENDINGS[kind]
    hint = f"-e {variable}={stem}{wanted[0]}"
    if not isinstance(value, str):
        return f"{variable} is {value!r}, wanted the path of a file: {hint}"
    path = path_of(value)
    if path.is_dir():
        return f"{variable} is {value!r}, which is a directory, wanted the path of a file: {hint}"
    if not path.parent.is_dir():
        return f"{variable} is {value!r}, and there is no directory {path.parent}: make it, or give another path"
    if not os.access(path.parent, os.W_OK):
        return f"{variable} is {value!r}, and nothing can be written to {path.parent}: give another path"
    if path.suffix.lower() not in wanted:
        return f"{variable} is {value!r}, wanted a name that ends in {wanted[0]}: {hint}"
    return ""


def same(given: c.Mapping[str, t.Any]) -> str:
    """The complaint about two variables that name the same file; empty if there are none. ``given``: the values by variable."""
    seen: dict[pathlib.Path, str] = {}
    for variable, value in given.items():
        if not value or not isinstance(value, str):
            continue
        path = path_of(value)
        if path in seen:
            return f"{seen[path]} and {variable} are the same file: give each its own"
        seen[path] = variable
    return ""


def write(path: pathlib.Path, text: str) -> None:
    """Raises ComponentError if it cannot be written."""
    try:
        mode = path.stat().st_mode & 0o777 if path.exists() else _MODE
        atomic_file.write(path, text, mode=mode)
    except OSError as error:
        raise ComponentError(f"{path} cannot be written: {error.strerror}. Give another path, or mend what is there") from None
