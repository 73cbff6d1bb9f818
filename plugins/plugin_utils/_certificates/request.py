# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the operator wants of the list, from the variables of playbooks/certificates.yml."""

from __future__ import annotations

import collections.abc as c
import os
import pathlib
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import misspelt
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError

# The variables: what the options are called, with this before.
_PREFIX = "certificates_"
OPTIONS = ("days", "json", "html")
DEFAULT_DAYS = 30
_MOST_DAYS = 3650


class Request(t.NamedTuple):
    """``days``: what ends within them fails the run. ``json``, ``html``: where the list is written; None for nowhere."""

    days: int = DEFAULT_DAYS
    json: pathlib.Path | None = None
    html: pathlib.Path | None = None


def request(given: c.Mapping[str, t.Any], *, variables: c.Iterable[str] = ()) -> Request:
    """The request, from the options by name; None for one that is not given. Raises ComponentError with every fault.

    ``variables``: the names of all variables. One that looks like an option is none by mistake, and the run would do something else.
    """
    faults = misspelt.faults(variables, prefix=_PREFIX, options=OPTIONS)
    days, json, html = (given.get(name) for name in OPTIONS)
    faults.append(_fault_of_days(days))
    faults += [_fault_of_path(name, value) for name, value in (("json", json), ("html", html))]
    if json and html and not any(faults) and _path(json) == _path(html):
        faults.append(f"{_PREFIX}json and {_PREFIX}html are the same file: give each its own")
    found = [fault for fault in faults if fault]
    if found:
        raise ComponentError(f"No host was asked: {'; '.join(found)}")
    return Request(DEFAULT_DAYS if days is None else int(str(days)), _path(json) if json else None, _path(html) if html else None)


def _fault_of_days(value: t.Any) -> str:
    text = str(value)
    if value is None or (not isinstance(value, bool) and text.isascii() and text.isdigit() and int(text) <= _MOST_DAYS):
        return ""
    return f"{_PREFIX}days is {value!r}, wanted a whole number of days from 0 to {_MOST_DAYS}: -e {_PREFIX}days={DEFAULT_DAYS}"


def _path(value: t.Any) -> pathlib.Path:
    return pathlib.Path(os.path.abspath(pathlib.Path(str(value)).expanduser()))


def _fault_of_path(name: str, value: t.Any) -> str:
    if not value:
        return ""
    example = f"-e {_PREFIX}{name}=certificates.{name}"
    if not isinstance(value, str):
        return f"{_PREFIX}{name} is {value!r}, wanted the path of a file: {example}"
    path = _path(value)
    if path.is_dir():
        return f"{_PREFIX}{name} is {value!r}, which is a directory, wanted the path of a file: {example}"
    if not path.parent.is_dir():
        return f"{_PREFIX}{name} is {value!r}, and there is no directory {path.parent}: make it, or give another path"
    if not os.access(path.parent, os.W_OK):
        return f"{_PREFIX}{name} is {value!r}, and nothing can be written to {path.parent}: give another path"
    if path.suffix.lower() not in (f".{name}", ".htm"):
        # What is replaced is then never a key, or somebody's list of something else.
        return f"{_PREFIX}{name} is {value!r}, wanted a name that ends in .{name}: {example}"
    return ""
