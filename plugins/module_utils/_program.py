# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first lines of the program that the host's Python reads: makes the files it came with importable, runs one step, prints the result.

plugin_utils/_program.py appends the call of main(). The standard library alone is there.
This module util is private to the collection and may change at any time.
"""

from __future__ import annotations

import base64
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import sys
import traceback
import types
import typing as t
import zlib

OLDEST_PYTHON = (3, 9)
# What stands before the result: a login shell may print lines of its own.
MARK = "barehost result: "


class Sources(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Modules from texts in memory: nothing is left behind, and /tmp may be noexec or full."""

    def __init__(self, texts: dict[str, str]) -> None:
        self._texts = texts

    def find_spec(
        self, fullname: str, path: t.Optional[t.Sequence[str]] = None, target: t.Optional[types.ModuleType] = None
    ) -> t.Optional[importlib.machinery.ModuleSpec]:
        if fullname in self._texts or self.is_package(fullname):
            return importlib.util.spec_from_loader(fullname, self, is_package=self.is_package(fullname))
        return None

    def is_package(self, fullname: str) -> bool:
        return any(name.startswith(fullname + ".") for name in self._texts)

    def get_source(self, fullname: str) -> str:
        return self._texts.get(fullname, "")

    def get_code(self, fullname: str) -> types.CodeType:
        # With a file's name, a traceback asks get_source() for the lines.
        return self.source_to_code(self.get_source(fullname), fullname.replace(".", "/") + ".py")


def main(sources: str, module: str, step: str, payload: dict[str, t.Any]) -> None:
    """Prints what ``run(step, payload)`` of the module returns, or why it failed."""
    if sys.version_info < OLDEST_PYTHON:
        wanted, found = ".".join(map(str, OLDEST_PYTHON)), sys.version.split()[0]
        _print({"failed": f"found Python {found} at {sys.executable}, wanted {wanted} or later; set ansible_python_interpreter"})
        return
    sys.meta_path.insert(0, Sources(json.loads(zlib.decompress(base64.b64decode(sources)))))
    package = module.rpartition(".")[0]
    errors = importlib.import_module(package + "._errors")
    try:
        _print({"result": importlib.import_module(module).run(step, payload)})
    except errors.HostError as error:
        _print({"failed": error.message, "details": error.details})
    except Exception:
        # Unlike the interpreter's own, this one has the lines of texts in memory.
        traceback.print_exc()
        sys.exit(1)  # pylint: disable=ansible-bad-function  # there is no AnsibleModule here


def _print(answer: dict[str, t.Any]) -> None:
    sys.stdout.write("\n" + MARK + json.dumps(answer) + "\n")
