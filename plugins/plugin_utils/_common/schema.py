# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks plain data against a small schema; every fault is named by its dotted path.

Ansible's ArgumentSpecValidator checks the options of plugins and the variables of roles. It does not serve for descriptions of components
and of etcd's users: its messages do not say which item of a list is wrong, and it turns values into the wanted type instead of refusing
those of another.
"""

from __future__ import annotations

import collections.abc as c
import copy
import re
import typing as t

Faults = list[str]
Check = c.Callable[[t.Any, str, Faults], t.Any]


def text(value: t.Any, where: str, faults: Faults) -> t.Any:
    if isinstance(value, str) and value:
        return value
    faults.append(f"{where}: {value!r} is not a text; write a non-empty one")
    return value


def any_text(value: t.Any, where: str, faults: Faults) -> t.Any:
    if isinstance(value, str):
        return value
    faults.append(f"{where}: is not a text but {type(value).__name__}; for data use `yaml` or `json` instead of `content`")
    return value


def name(value: t.Any, where: str, faults: Faults) -> t.Any:
    """A name or a number given as such (a version, a numeric owner)."""
    return text(str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value, where, faults)


def path(value: t.Any, where: str, faults: Faults) -> t.Any:
    if not isinstance(value, str) or not re.fullmatch(r"(/[^/\0-\x1f]+)+", value) or re.search(r"/\.\.?(/|$)", value):
        faults.append(f"{where}: {value!r} is not an absolute, normalised path; write one such as /etc/name")
    return value


def port(value: t.Any, where: str, faults: Faults) -> t.Any:
    if not isinstance(value, str) or not re.fullmatch(r"\d+/(tcp|udp)", value):
        faults.append(f"{where}: {value!r} is no port; write it with its protocol, such as 8080/tcp")
    return value


def mode(value: t.Any, where: str, faults: Faults) -> t.Any:
    if isinstance(value, str) and re.fullmatch(r"0?[0-7]{3,4}", value):
        return f"{int(value, 8):04o}"
    faults.append(f'{where}: {value!r} is not a mode; write it as quoted octal digits, such as "0644"')
    return value


def flag(value: t.Any, where: str, faults: Faults) -> t.Any:
    if not isinstance(value, bool):
        faults.append(f"{where}: {value!r} is not a boolean; write true or false")
    return value


def seconds(value: t.Any, where: str, faults: Faults) -> t.Any:
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        faults.append(f"{where}: {value!r} is not a number of seconds above 0")
        return value
    return float(value)


def whole(value: t.Any, where: str, faults: Faults) -> t.Any:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        faults.append(f"{where}: {value!r} is not a whole number")
    return value


def anything(value: t.Any, where: str, faults: Faults) -> t.Any:
    return value


def one_of(*choices: str) -> Check:
    def check(value: t.Any, where: str, faults: Faults) -> t.Any:
        if value not in choices:
            faults.append(f"{where}: {value!r} is not one of {', '.join(choices)}")
        return value

    return check


def mapping(value: t.Any, where: str, faults: Faults) -> t.Any:
    if not isinstance(value, dict):
        faults.append(f"{where}: {value!r} is not a mapping")
        return {}
    return value


def list_of(check: Check) -> Check:
    def check_all(value: t.Any, where: str, faults: Faults) -> t.Any:
        if not isinstance(value, list):
            faults.append(f"{where}: {value!r} is not a list")
            return []
        return [check(item, f"{where}[{index}]", faults) for index, item in enumerate(value)]

    return check_all


class Record:
    """A mapping with known keys. A key that is not given gets its default; one without a default must be given.

    ``short`` names the key that a bare text stands for.
    """

    def __init__(self, fields: dict[str, tuple[Check, t.Any] | Check], *, short: str | None = None) -> None:
        self._fields = fields
        self._short = short

    def __call__(self, value: t.Any, where: str, faults: Faults) -> dict[str, t.Any]:
        if self._short is not None and isinstance(value, str):
            value = {self._short: value}
        if not isinstance(value, dict):
            faults.append(f"{where}: {value!r} is not a mapping with {', '.join(self._fields)}")
            return {}
        for key in value:
            if key not in self._fields:
                faults.append(f"{where}.{key}: unknown; known are {', '.join(self._fields)}")
        result = {}
        for key, field in self._fields.items():
            check, default = field if isinstance(field, tuple) else (field, REQUIRED)
            # An explicit null is as good as not given: a role may say `version: "{{ x | default(none) }}"`.
            if value.get(key) is not None:
                result[key] = check(value[key], f"{where}.{key}".lstrip("."), faults)
            elif default is REQUIRED:
                faults.append(f"{where}.{key}: missing")
            else:
                result[key] = copy.deepcopy(default)
        return result


REQUIRED = object()
