# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what an operator gives of a configuration of Kubernetes, as strictly as its programs do: they end at an unknown field.

Each reader gives the value, without fields that are null, and adds what is wrong with it to the faults, by its dotted path. The path of
the whole is what the caller says, and may be empty.
"""

from __future__ import annotations

import collections.abc as c
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import schema
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.inputs import nearest, shown

Faults = list[str]
# What Go reads into an int32.
_LARGEST = 2**31 - 1


def text(value: t.Any, where: str, faults: Faults) -> t.Any:
    """A text, which may be empty: an empty field counts as not given."""
    if not isinstance(value, str):
        faults.append(f"{where} is {shown(value)}, and must be a text")
        return ""
    return value


def texts(value: t.Any, where: str, faults: Faults) -> list[str]:
    """A list of texts."""
    if not isinstance(value, list):
        faults.append(f"{where} is {shown(value)}, and must be a list")
        return []
    return [text(entry, f"{where}[{index}]", faults) for index, entry in enumerate(value)]


def number(value: t.Any, where: str, faults: Faults) -> int:
    """A whole number above 0."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= _LARGEST:
        faults.append(f"{where} is {shown(value)}, and must be a whole number from 1 to {_LARGEST}")
        return 0
    return value


def one_of(*choices: str) -> schema.Check:
    """A text that is one of these."""

    def read(value: t.Any, where: str, faults: Faults) -> t.Any:
        if value not in choices:
            near = nearest(str(value).lower(), [choice.lower() for choice in choices])
            meant = next((choice for choice in choices if choice.lower() == near), "")
            faults.append(f"{where} is {shown(value)}, and must be one of {', '.join(choices)}{meant and f'; did you mean {meant}?'}")
        return value

    return read


class Map:
    """A map of known fields, each with what reads it. One that is null is as good as not given."""

    def __init__(self, **fields: schema.Check) -> None:
        self._fields = fields

    def __call__(self, value: t.Any, where: str, faults: Faults) -> dict[str, t.Any]:
        if not isinstance(value, dict):
            faults.append(f"{where or 'it'} is {shown(value)}, and must be a map with {', '.join(self._fields)}")
            return {}
        for name in value:
            if name not in self._fields:
                near = nearest(str(name), self._fields)
                known = f"known are {', '.join(self._fields)}{near and f', did you mean {near}?'}"
                faults.append(f"{where or 'it'} has the field {str(name)!r}; {known}")
        given = {name: read for name, read in self._fields.items() if value.get(name) is not None}
        return {name: read(value[name], f"{where}.{name}".lstrip("."), faults) for name, read in given.items()}


def list_of(read: schema.Check) -> schema.Check:
    """A list whose entries are read alike."""

    def read_all(value: t.Any, where: str, faults: Faults) -> list[t.Any]:
        if not isinstance(value, list):
            faults.append(f"{where} is {shown(value)}, and must be a list")
            return []
        return [read(entry, f"{where}[{index}]", faults) for index, entry in enumerate(value)]

    return read_all


def twice(values: c.Iterable[str | None]) -> list[str]:
    """The texts that are there more than once, but for empty ones."""
    found = [value for value in values if value]
    return sorted({value for value in found if found.count(value) > 1})
