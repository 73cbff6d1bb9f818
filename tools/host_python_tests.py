#!/usr/bin/env python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the unit tests of host-side code, tests/unit/**/test_*_on_host.py, on Python 3.9, the oldest that a host has.

usage: host_python_tests.py [PYTEST ARGUMENT…]

The environment has pytest and hypothesis and nothing else. So a pass also proves that host-side code needs the standard library only.
"""

from __future__ import annotations

import hashlib
import pathlib
import shutil
import subprocess
import sys

from offline_ansible_test import interpreters

ROOT = pathlib.Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements-host.txt"
VERSION = "3.9"


def environment() -> pathlib.Path:
    """Creates the environment if the lock or the interpreter changed. Returns the environment's interpreter."""
    base = interpreters().get(VERSION)
    if base is None:
        raise SystemExit(
            f"Python {VERSION} is not installed. The tests need it, the oldest version of a host: install it, for example with pyenv."
        )
    wanted = f"{base} {hashlib.sha256(LOCK.read_bytes()).hexdigest()}"
    directory = ROOT / ".build" / "host-python"
    stamp = directory / "installed"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        shutil.rmtree(directory, ignore_errors=True)
        subprocess.run([base, "-m", "venv", directory], check=True)
        pip = [directory / "bin" / "pip", "--disable-pip-version-check", "install", "--quiet", "--require-hashes", "--requirement", LOCK]
        subprocess.run([str(word) for word in pip], check=True)
        stamp.write_text(wanted, encoding="utf-8")
    return directory / "bin" / "python"


def main() -> int:
    files = sorted(str(path) for path in (ROOT / "tests" / "unit").rglob("test_*_on_host.py") if "lab" not in path.parts)
    command = [str(environment()), "-m", "pytest", "-p", "no:cacheprovider", *sys.argv[1:], *files]
    return subprocess.run(command, cwd=ROOT).returncode


if __name__ == "__main__":
    sys.exit(main())
