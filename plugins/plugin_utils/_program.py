# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program that a host's Python runs for one step: the files of module_utils that it needs, a few lines to load them, and one call.

It is no Ansible module: those bring AnsibleModule and all that it needs, three times the size of the collection's own code, which
the host has to unpack and compile at each call. See docs/performance.md.

This file is private to the collection and may change at any time.
"""

from __future__ import annotations

import base64
import functools
import json
import pathlib
import re
import typing as t
import zlib

from ansible_collections.barehost.kubernetes.plugins.module_utils import _program

PACKAGE = _program.__name__.rpartition(".")[0]
_FIRST = pathlib.Path(_program.__file__)
_IMPORT = re.compile(rf"^from {re.escape(PACKAGE)}(?:\.(\w+))? import (\([^)]*\)|.*)$", re.MULTILINE)


@functools.cache
def _text(name: str) -> str:
    return (_FIRST.parent / f"{name}.py").read_text(encoding="utf-8")


def _needed(name: str) -> set[str]:
    """The module, and those that it imports, and so on."""
    found, waiting = {name, "_errors"}, [name]
    while waiting:
        for module, names in _IMPORT.findall(_text(waiting.pop())):
            imported = {module} if module else {word.split()[0] for word in names.strip("()").split(",") if word.strip()}
            waiting += imported - found
            found |= imported
    return found


@functools.cache
def packed(name: str) -> str:
    """A module with all that it needs, as the loader takes it."""
    texts = {f"{PACKAGE}.{needed}": _text(needed) for needed in sorted(_needed(name))}
    return base64.b64encode(zlib.compress(json.dumps(texts).encode(), level=9)).decode()


# Made when the first task is prepared; the processes that Ansible forks for tasks and hosts then have it.
packed("_host")
_LOADER = _FIRST.read_text(encoding="utf-8")


def text(*, module: str, step: str, payload: dict[str, t.Any]) -> str:
    """The program for one step of one module of module_utils. It holds the payload, so it is shown nowhere."""
    # A payload as JSON text and not as Python: JSON's true, false and null are no Python.
    call = f"main({packed(module)!r}, {f'{PACKAGE}.{module}'!r}, {step!r}, json.loads({json.dumps(payload)!r}))"
    return f"{_LOADER}\n\n{call}\n"


def answer(output: str) -> dict[str, t.Any] | None:
    """What the program printed; None if it did not come that far."""
    for line in reversed(output.splitlines()):
        if line.startswith(_program.MARK):
            return t.cast(dict[str, t.Any], json.loads(line.removeprefix(_program.MARK)))
    return None
