# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked for: the file of the archive, its size, and the time that it looks back. Pure."""

from __future__ import annotations

import collections.abc as c
import os
import pathlib
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import misspelt
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.output_files import path_of

_PREFIX = "collect_logs_"
OPTIONS = ("file", "size", "hours")
ENDING = ".tar.gz"
# MiB of the archive, and hours; each with its bounds.
SIZE, HOURS = 50, 24
_SIZES, _HOURS = (1, 2000), (1, 24 * 90)
# Of one host: its answer is in memory as a whole.
_LARGEST, _SMALLEST = 8 << 20, 64 << 10
_OF_A_HOST = 0.9


class Request(t.NamedTuple):
    """``size``: bytes of the archive. ``file`` is None if none is given: then its name has the time in it."""

    file: pathlib.Path | None = None
    size: int = SIZE << 20
    hours: int = HOURS

    def share(self, hosts: int) -> int:
        """The bytes that each host may give. Some room is left for what the controller adds."""
        return max(_SMALLEST, min(_LARGEST, int(self.size * _OF_A_HOST) // max(1, hosts)))


def request(given: c.Mapping[str, t.Any], *, variables: c.Iterable[str] = (), folder: str | None = None) -> Request:
    """The request, from the options by name; None for one that is not given. Raises ComponentError with every fault.

    ``folder``: where archives are that have the time in their name.
    """
    faults = misspelt.faults(variables, prefix=_PREFIX, options=OPTIONS)
    size = _number("size", given.get("size"), SIZE, _SIZES, "MiB", faults)
    hours = _number("hours", given.get("hours"), HOURS, _HOURS, "hours", faults)
    file = given.get("file")
    faults += [fault for fault in [_fault(file, folder)] if fault]
    if faults:
        raise ComponentError(f"No host was asked: {'; '.join(faults)}")
    return Request(path_of(file) if file else None, size << 20, hours)


def _number(option: str, value: t.Any, default: int, bounds: tuple[int, int], unit: str, faults: list[str]) -> int:
    if value is None:
        return default
    text = str(value).strip()
    if not isinstance(value, bool) and text.isdecimal() and bounds[0] <= int(text) <= bounds[1]:
        return int(text)
    faults.append(f"{_PREFIX}{option} is {value!r}, wanted {bounds[0]} to {bounds[1]} {unit}: -e {_PREFIX}{option}={default}")
    return default


def _fault(value: t.Any, folder: str | None) -> str:
    """Why this is no path for the archive; empty if it is one, or if none is given."""
    variable, hint = f"{_PREFIX}file", f"-e {_PREFIX}file=logs{ENDING}"
    if value is None:
        return ""
    if not isinstance(value, str) or not value:
        return f"{variable} is {value!r}, wanted the path of a file: {hint}"
    path = path_of(value)
    if not path.name.endswith(ENDING) or path.name == ENDING:
        return f"{variable} is {value!r}, wanted a name that ends in {ENDING}: {hint}"
    if folder is not None and path.parent == path_of(folder).parent:
        # Ansible reads all that is there, and the next run would end at the archive
        return f"{variable} is {value!r}, which is beside the inventory's own files: -e {variable}={path_of(folder) / path.name}"
    if path.is_dir():
        return f"{variable} is {value!r}, which is a directory, wanted the path of a file: {hint}"
    if not path.parent.is_dir():
        return f"{variable} is {value!r}, and there is no directory {path.parent}: make it, or give another path"
    if not os.access(path.parent, os.W_OK):
        return f"{variable} is {value!r}, and nothing can be written to {path.parent}: give another path"
    return ""
