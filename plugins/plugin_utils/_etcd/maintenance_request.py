# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the operator wants done to etcd's databases, from the variables of playbooks/etcd.yml. Pure."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import misspelt
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.role_variables import specified

# The variables: what the options are called, with etcd_ before.
_PREFIX = "etcd_"
_LONGEST_PAUSE = 3600


@dataclasses.dataclass(frozen=True)
class Request:
    """``above``: per cent of a database that must be free, else its defragmentation is not worth it. ``pause``: seconds between two
    members."""

    compact: bool = False
    defragment: bool = False
    disarm: bool = False
    above: int = 10
    pause: float = 5.0


# How each option is read, and what the operator writes.
_OPTIONS: dict[str, tuple[str, c.Callable[[t.Any], t.Any], str]] = {
    "compact": ("compact", lambda value: boolean(value, strict=True), "true or false"),
    "defragment": ("defragment", lambda value: boolean(value, strict=True), "true or false"),
    "disarm": ("disarm", lambda value: boolean(value, strict=True), "true or false"),
    "defragment_above": ("above", lambda value: _number(int, value, 99), "a whole number of per cent from 0 to 99"),
    "pause": ("pause", lambda value: _number(float, value, _LONGEST_PAUSE), f"seconds, a number from 0 to {_LONGEST_PAUSE}"),
}


def _number(kind: type[int] | type[float], value: t.Any, highest: int) -> float:
    if isinstance(value, bool):
        raise ValueError
    number = kind(str(value))
    if not 0 <= number <= highest:
        raise ValueError
    return number


def request(given: c.Mapping[str, t.Any], *, variables: c.Iterable[str] = ()) -> Request:
    """The request, from the options by name; None for one that is not given. Raises ComponentError with every fault.

    ``variables``: the names of all variables. One that looks like an option is none by mistake, and the run would do nothing.
    """
    faults, read = misspelt.faults(variables, prefix=_PREFIX, options=_OPTIONS, others=specified()), {}
    for name, value in given.items():
        if value is None:
            continue
        field, reader, wanted = _OPTIONS[name]
        try:
            read[field] = reader(value)
        except (TypeError, ValueError):
            faults.append(f"{_PREFIX}{name} is {value!r}, wanted {wanted}: -e {_PREFIX}{name}={_example(wanted)}")
    if faults:
        raise ComponentError(f"Nothing was touched: {'; '.join(faults)}")
    return Request(**read)


def _example(wanted: str) -> str:
    return "true" if wanted == "true or false" else "10"
