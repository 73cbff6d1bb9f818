# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the Python program that a host runs for one step.

The program is text: the modules of ``module_utils`` that the step needs, a loader that imports them from memory, and one call.
It is no Ansible module. AnsibleModule with all that it needs is three times the size of the collection's own code, and the host
would unpack and compile it at each call. docs/performance.md has the figures.
"""

from __future__ import annotations

import base64
import functools
import json
import pathlib
import re
import typing as t
import zlib

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import bootstrap

# ansible_collections.barehost.kubernetes.plugins.module_utils
PACKAGE = bootstrap.__name__.rpartition("._runtime.")[0]
_BOOTSTRAP = pathlib.Path(bootstrap.__file__)
_DIRECTORY = _BOOTSTRAP.parents[1]
# ``from PACKAGE._kinds import files, units`` names modules, ``from PACKAGE._runtime.errors import HostError`` what a module holds.
_IMPORT = re.compile(rf"^from {re.escape(PACKAGE)}\.(\w+)(?:\.(\w+))? import (\([^)]*\)|.*)$", re.MULTILINE)
# The loader asks for it, whatever the step is.
_ALWAYS = "_runtime.errors"


@functools.cache
def _text(name: str) -> str:
    return _DIRECTORY.joinpath(*name.split(".")).with_suffix(".py").read_text(encoding="utf-8")


def _imported(text: str) -> set[str]:
    """The modules that a module's text imports, each as ``package.module``."""
    found = set()
    for package, module, names in _IMPORT.findall(text):
        modules = [module] if module else [word.split()[0] for word in names.strip("()").split(",") if word.strip()]
        found |= {f"{package}.{name}" for name in modules}
    return found


def _needed(name: str) -> set[str]:
    """The module, those that it imports, those that these import, and so on."""
    found, waiting = {name, _ALWAYS}, [name]
    while waiting:
        new = _imported(_text(waiting.pop())) - found
        waiting += new
        found |= new
    return found


@functools.cache
def packed(name: str) -> str:
    """A module with all that it needs, as the loader takes it. ``name`` is ``package.module`` below ``module_utils``."""
    texts = {f"{PACKAGE}.{needed}": _text(needed) for needed in sorted(_needed(name))}
    return base64.b64encode(zlib.compress(json.dumps(texts).encode(), level=9)).decode()


# Packed when the first task is prepared, so that the processes which Ansible forks for tasks and hosts have it already.
packed("_component.steps")
_LOADER = _BOOTSTRAP.read_text(encoding="utf-8")


def text(*, module: str, step: str, payload: dict[str, t.Any]) -> str:
    """The program for one step of one module of ``module_utils``. It holds the payload, so it must not be shown anywhere."""
    # A payload as JSON text and not as Python: JSON's true, false and null are no Python.
    call = f"main({packed(module)!r}, {PACKAGE!r}, {module!r}, {step!r}, json.loads({json.dumps(payload)!r}))"
    return f"{_LOADER}\n\n{call}\n"


def answer(output: str) -> dict[str, t.Any] | None:
    """The answer that the program printed; None if it ended before it had one."""
    for line in reversed(output.splitlines()):
        if line.startswith(bootstrap.MARK):
            return t.cast(dict[str, t.Any], json.loads(line.removeprefix(bootstrap.MARK)))
    return None
