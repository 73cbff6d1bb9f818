# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first lines of the program that the host's Python reads: makes the files it came with importable, runs one step, prints the result.

plugin_utils/_engine/host_program.py appends the call of main(). The standard library alone is there.
"""

from __future__ import annotations

import binascii
import importlib
import importlib.machinery
import json
import sys
import threading
import types
import typing as t
import zlib

OLDEST_PYTHON = (3, 9)
# What stands before the result: a login shell may print lines of its own.
MARK = "barehost result: "


# One for all modules: a thread that needs a module waits until it is whole, and no two wait for each other.
_LOADING = threading.RLock()


class Unread(types.ModuleType):
    """A module that is compiled when something of it is asked for: a look needs less than what comes with a program."""

    def __init__(self, name: str, code: t.Callable[[str], types.CodeType]) -> None:
        super().__init__(name)
        self.__code__: t.Optional[t.Callable[[str], types.CodeType]] = code

    def __getattribute__(self, name: str) -> t.Any:
        if not (name.startswith("__") and name.endswith("__")):
            with _LOADING:
                # Not again for another thread, which has waited here; nor for the module's own lines, while they are run.
                code, self.__code__ = self.__code__, None
                if code is not None:
                    exec(code(self.__name__), self.__dict__)
                    self.__class__ = types.ModuleType  # type: ignore[assignment]  # what it is from now on
        # not super(), which refuses what has become another class
        return types.ModuleType.__getattribute__(self, name)


class Sources:
    """Modules from texts in memory: nothing is left behind, and /tmp may be noexec or full.

    A finder and a loader, but of neither class of importlib.abc: to import that one takes about 0.02 s of each call.
    """

    def __init__(self, texts: dict[str, str]) -> None:
        self._texts = texts

    def find_spec(
        self, fullname: str, path: t.Optional[t.Sequence[str]] = None, target: t.Optional[types.ModuleType] = None
    ) -> t.Optional[importlib.machinery.ModuleSpec]:
        if fullname in self._texts or self.is_package(fullname):
            return importlib.machinery.ModuleSpec(fullname, t.cast(t.Any, self), is_package=self.is_package(fullname))
        return None

    def is_package(self, fullname: str) -> bool:
        return any(name.startswith(fullname + ".") for name in self._texts)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> t.Optional[types.ModuleType]:
        return None if self.is_package(spec.name) else Unread(spec.name, self.get_code)

    def exec_module(self, module: types.ModuleType) -> None:
        """See Unread; a package has no lines here."""

    def get_source(self, fullname: str) -> str:
        return self._texts[fullname]

    def get_code(self, fullname: str) -> types.CodeType:
        # With a file's name, a traceback asks get_source() for the lines.
        return compile(self.get_source(fullname), fullname.replace(".", "/") + ".py", "exec", dont_inherit=True)


def main(sources: str, package: str, module: str, step: str, payload: dict[str, t.Any]) -> None:
    """Prints what ``run(step, payload)`` of ``package.module`` returns, or why it failed."""
    if sys.version_info < OLDEST_PYTHON:
        wanted, found = ".".join(map(str, OLDEST_PYTHON)), sys.version.split()[0]
        _print({"failed": f"found Python {found} at {sys.executable}, wanted {wanted} or later; set ansible_python_interpreter"})
        return
    sys.meta_path.insert(0, Sources(json.loads(zlib.decompress(binascii.a2b_base64(sources)))))
    errors = importlib.import_module(f"{package}._runtime.errors")
    try:
        _print({"result": importlib.import_module(f"{package}.{module}").run(step, payload)})
    except errors.HostError as error:
        _print({"failed": error.message, "details": error.details})
    except Exception:
        import traceback

        # Unlike the interpreter's own, this one has the lines of texts in memory.
        traceback.print_exc()
        sys.exit(1)  # pylint: disable=ansible-bad-function  # there is no AnsibleModule here


def _print(answer: dict[str, t.Any]) -> None:
    sys.stdout.write("\n" + MARK + json.dumps(answer) + "\n")
