# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a playbook, as the command line gives them: texts, most of the time. Pure."""

from __future__ import annotations

import collections.abc as c
import typing as t

from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import misspelt


class Option(t.NamedTuple):
    """``read`` gives the value, or raises TypeError or ValueError. ``wanted``: what it may be; ``example``: what one writes."""

    read: c.Callable[[t.Any], t.Any]
    wanted: str
    example: str


def flag(*, example: str = "true") -> Option:
    return Option(lambda value: boolean(value, strict=True), "true or false", example)


def number(kind: type[int] | type[float], *, lowest: int, highest: int, wanted: str, example: str) -> Option:
    """``wanted`` is followed by the limits."""

    def read(value: t.Any) -> float:
        found = kind(str(value))
        if isinstance(value, bool) or not lowest <= found <= highest:
            raise ValueError(f"not from {lowest} to {highest}: {value!r}")
        return found

    return Option(read, f"{wanted} from {lowest} to {highest}", example)


class Reader:
    """Reads one option after the other, where an option depends on others; ``faults`` has what is wrong. To be derived from."""

    def __init__(self, given: c.Mapping[str, t.Any], *, prefix: str) -> None:
        self._given = given
        self._prefix = prefix
        self.faults: list[str] = []

    def _fault(self, name: str, what: str, example: str) -> None:
        self.faults.append(f"{self._prefix}{name} {what}: -e {self._prefix}{name}={example}")


def values(
    given: c.Mapping[str, t.Any],
    options: c.Mapping[str, Option],
    *,
    prefix: str,
    variables: c.Iterable[str] = (),
    others: c.Container[str] = (),
    elsewhere: c.Iterable[str] = (),
) -> tuple[dict[str, t.Any], list[str]]:
    """The values by option, and every fault. ``given``: by option; None for one that is not given.

    ``prefix``: with which the variables begin that the options are given by. ``variables`` and ``others``: see ``misspelt``.
    ``elsewhere``: further options, which another task of the playbook reads.
    """
    found, faults = {}, misspelt.faults(variables, prefix=prefix, options=[*options, *elsewhere], others=others)
    for name, value in given.items():
        if value is None:
            continue
        try:
            found[name] = options[name].read(value)
        except (TypeError, ValueError):
            faults.append(f"{prefix}{name} is {value!r}, wanted {options[name].wanted}: -e {prefix}{name}={options[name].example}")
    return found, faults
