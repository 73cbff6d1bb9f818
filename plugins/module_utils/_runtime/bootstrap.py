# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The beginning of each program that a host runs: makes the modules that came with it importable, runs one step, prints the result.

plugin_utils/_engine/host_program.py appends the call of main(). Only the standard library is available.
"""

from __future__ import annotations

import binascii
import importlib
import importlib.machinery
import json
import marshal
import os
import stat
import sys
import threading
import types
import typing as t
import zlib

OLDEST_PYTHON = (3, 9)
# Marks the line with the result: a login shell may print lines of its own.
MARK = "barehost result: "
# A module's name, to the digest of its text and its code.
Compiled = dict[str, tuple[str, bytes]]
# Far more than all modules need.
_KEPT_LIMIT = 1 << 24

# One lock for all modules: a thread that needs a module waits until it is complete, and no two threads wait for each other.
_LOADING = threading.RLock()


class LazyModule(types.ModuleType):
    """A module that is compiled when one of its attributes is first used: most steps use few of the modules that come with a program.

    It is not importlib.util.LazyLoader, which has no lock in older versions of Python (3.13.0 has one, 3.9 to 3.12.1 do not). There,
    threads that use a module for the first time at the same time find it incomplete: of eight such threads, seven failed. Downloads run
    in threads. The cost is no reason: a small call takes 0.05 s of processor time with either, and 0.12 s if every module is compiled
    at once.
    """

    def __init__(self, name: str, code: t.Callable[[str], types.CodeType]) -> None:
        super().__init__(name)
        self.__code__: t.Optional[t.Callable[[str], types.CodeType]] = code

    def __getattribute__(self, name: str) -> t.Any:
        if not (name.startswith("__") and name.endswith("__")):
            with _LOADING:
                # Not again for another thread, which has waited here, nor for the module's own code while it runs.
                code, self.__code__ = self.__code__, None
                if code is not None:
                    exec(code(self.__name__), self.__dict__)
                    self.__class__ = types.ModuleType  # type: ignore[assignment]  # from now on an ordinary module
        # not super(), which refuses what has become another class
        return types.ModuleType.__getattribute__(self, name)


def digest(*parts: bytes) -> str:
    import hashlib  # imported here, because a host that keeps nothing may have no use for it

    return hashlib.sha256(b"".join(parts)).hexdigest()


def kept(path: str) -> Compiled:
    """The compiled modules in a file that _runtime/kept_program.py has written; none if anybody or anything else may have written it."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as stream:
            found = os.fstat(stream.fileno())
            # Who can write it could have the user of this program, which is root, run anything.
            if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077 or found.st_size > _KEPT_LIMIT:
                return {}
            head, body = stream.readline(), stream.read()
    except OSError:
        return {}
    # marshal reads only what the same interpreter has written. What is damaged may end the process.
    whole = head == digest(sys.version.encode(), body).encode() + b"\n"
    return t.cast(Compiled, marshal.loads(body)) if whole else {}


class Sources:
    """Imports modules from texts in memory. It needs no files, and /tmp may be noexec or full.

    It is a finder and a loader, but has no base class of importlib.abc: importing that module takes about 0.02 s of each call.
    """

    def __init__(self, texts: dict[str, str], *, keeps: str = "") -> None:
        """``keeps``: the file in which this host keeps compiled modules. Without one, nothing is kept, and nothing kept is used."""
        self.texts = texts
        self._packages = {name[:index] for name in texts for index, letter in enumerate(name) if letter == "."}
        self.keeps = keeps
        self.kept = kept(keeps) if keeps else {}

    def find_spec(
        self, fullname: str, path: t.Optional[t.Sequence[str]] = None, target: t.Optional[types.ModuleType] = None
    ) -> t.Optional[importlib.machinery.ModuleSpec]:
        if fullname in self.texts or self.is_package(fullname):
            return importlib.machinery.ModuleSpec(fullname, t.cast(t.Any, self), is_package=self.is_package(fullname))
        return None

    def is_package(self, fullname: str) -> bool:
        return fullname in self._packages

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> t.Optional[types.ModuleType]:
        return None if self.is_package(spec.name) else LazyModule(spec.name, self.get_code)

    def exec_module(self, module: types.ModuleType) -> None:
        """Nothing to do: a LazyModule executes itself later, and packages have no code here."""

    def get_source(self, fullname: str) -> str:
        return self.texts[fullname]

    def get_code(self, fullname: str) -> types.CodeType:
        text = self.get_source(fullname)
        of, code = self.kept.get(fullname, ("", b""))
        # The text came with this program, so what runs is what the controller has sent.
        if code and of == digest(text.encode()):
            return t.cast(types.CodeType, marshal.loads(code))
        # With a file's name, a traceback asks get_source() for the lines.
        return compile(text, fullname.replace(".", "/") + ".py", "exec", dont_inherit=True)


def main(sources: str, package: str, module: str, step: str, payload: dict[str, t.Any], *, keeps: str = "") -> None:
    """Runs ``run(step, payload)`` of ``package.module`` and prints what it returns, or why it failed.

    ``keeps`` is the file in which the host keeps compiled modules.
    With ``identity`` in the payload the answer says, too, to which cluster the host belongs.
    """
    # A login may have another. What is secret has its mode from its first byte.
    os.umask(0o022)
    if sys.version_info < OLDEST_PYTHON:
        wanted, found = ".".join(map(str, OLDEST_PYTHON)), sys.version.split()[0]
        _print({"failed": f"found Python {found} at {sys.executable}, wanted {wanted} or later; set ansible_python_interpreter"})
        return
    sys.meta_path.insert(0, Sources(json.loads(zlib.decompress(binascii.a2b_base64(sources))), keeps=keeps))
    errors = importlib.import_module(f"{package}._runtime.errors")
    try:
        wanted = payload.pop("identity", None)
        identity = importlib.import_module(f"{package}._runtime.identity").collect(wanted) if wanted else None
        _print({"result": importlib.import_module(f"{package}.{module}").run(step, payload), "identity": identity})
    except errors.HostError as error:
        _print({"failed": error.message, "details": error.details})
    except OSError as error:
        described = errors.of_system(error)
        _print({"failed": described.message, "details": described.details})
    except Exception:
        import traceback

        # Unlike the interpreter's own traceback, this one has the source lines, which exist only in memory.
        traceback.print_exc()
        sys.exit(1)  # pylint: disable=ansible-bad-function  # there is no AnsibleModule here


def _print(answer: dict[str, t.Any]) -> None:
    sys.stdout.write("\n" + MARK + json.dumps(answer) + "\n")
