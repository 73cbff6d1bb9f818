# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the Python program that a host runs for one step.

The program is text: the modules of ``module_utils`` that the step needs, a loader that imports them from memory, and one call.
It is not an Ansible module. AnsibleModule with its imports is three times the size of the collection's own code, and the host would
unpack and compile it at each call.
"""

from __future__ import annotations

import base64
import functools
import json
import pathlib
import re
import typing as t
import zlib

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import bootstrap, locations

# ansible_collections.barehost.kubernetes.plugins.module_utils
PACKAGE = bootstrap.__name__.rpartition("._runtime.")[0]
_BOOTSTRAP = pathlib.Path(bootstrap.__file__)
_DIRECTORY = _BOOTSTRAP.parents[1]
# ``from PACKAGE._kinds import files, units`` names modules; ``from PACKAGE._runtime.errors import HostError`` names attributes of one.
_IMPORT = re.compile(rf"^from {re.escape(PACKAGE)}\.(\w+)(?:\.(\w+))? import (\([^)]*\)|.*)$", re.MULTILINE)
# Where a host that has been changed keeps compiled modules, beside the host record.
KEPT = f"{locations.STATE_DIRECTORY}/program"
# The loader needs it for every step.
_ALWAYS = {"_runtime.errors", "_runtime.identity"}


@functools.cache
def _text(name: str) -> str:
    return _DIRECTORY.joinpath(*name.split(".")).with_suffix(".py").read_text(encoding="utf-8")


def _imported(text: str) -> set[str]:
    """The modules that the text of a module imports, each as ``package.module``."""
    found = set()
    for package, module, names in _IMPORT.findall(text):
        modules = [module] if module else [word.split()[0] for word in names.strip("()").split(",") if word.strip()]
        found |= {f"{package}.{name}" for name in modules}
    return found


def _needed(name: str) -> set[str]:
    """The module and everything that it imports, directly or indirectly."""
    found, waiting = {name, *_ALWAYS}, [name, *_ALWAYS]
    while waiting:
        new = _imported(_text(waiting.pop())) - found
        waiting += new
        found |= new
    return found


@functools.cache
def packed(name: str) -> str:
    """A module with everything that it imports, in the form that the loader takes. ``name`` is ``package.module`` in ``module_utils``."""
    texts = {f"{PACKAGE}.{needed}": _text(needed) for needed in sorted(_needed(name))}
    return base64.b64encode(zlib.compress(json.dumps(texts).encode(), level=9)).decode()


# Ansible imports action plugins in its main process, before it forks for tasks and hosts. So this is packed once for all forks.
packed("_component.steps")
_LOADER = _BOOTSTRAP.read_text(encoding="utf-8")


def text(*, module: str, step: str, payload: dict[str, t.Any]) -> str:
    """The program for one step of one module of ``module_utils``. It holds the payload, which may be secret: never log it."""
    # The payload is a JSON text in a Python text, because true, false and null of JSON are not valid in Python.
    call = f"main({packed(module)!r}, {PACKAGE!r}, {module!r}, {step!r}, json.loads({json.dumps(payload)!r}), keeps={KEPT!r})"
    return f"{_LOADER}\n\n{call}\n"
