# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the operator wants of the list, from the variables of playbooks/certificates.yml."""

from __future__ import annotations

import collections.abc as c
import pathlib
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import misspelt, output_files
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
    files = {f"{_PREFIX}json": json, f"{_PREFIX}html": html}
    for (variable, value), kind in zip(files.items(), ("json", "html"), strict=True):
        faults.append(output_files.fault(variable, value, kind=kind, stem="certificates"))
    if not any(faults):
        faults.append(output_files.same(files))
    found = [fault for fault in faults if fault]
    if found:
        raise ComponentError(f"No host was asked: {'; '.join(found)}")
    paths = (output_files.path_of(value) if value else None for value in files.values())
    return Request(DEFAULT_DAYS if days is None else int(str(days)), *paths)


def _fault_of_days(value: t.Any) -> str:
    text = str(value)
    if value is None or (not isinstance(value, bool) and text.isascii() and text.isdigit() and int(text) <= _MOST_DAYS):
        return ""
    return f"{_PREFIX}days is {value!r}, wanted a whole number of days from 0 to {_MOST_DAYS}: -e {_PREFIX}days={DEFAULT_DAYS}"
