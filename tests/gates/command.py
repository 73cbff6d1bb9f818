# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a tool; its whole output is the message when it fails."""

from __future__ import annotations

import functools
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(sys.executable).parent


def run(*command: str | pathlib.Path, directory: pathlib.Path = ROOT, **environment: str) -> str:
    """Standard output of a command that must exit with 0. Programs of the virtual environment come first."""
    done = subprocess.run(
        command,
        cwd=directory,
        env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "NO_COLOR": "1", "PY_COLORS": "0", "ANSIBLE_NOCOLOR": "1", **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        pytest.fail(f"{' '.join(map(str, command))} ended with {done.returncode}\n{done.stdout}\n{done.stderr}", pytrace=False)
    return done.stdout


def tracked(*patterns: str) -> list[str]:
    """Files of the checkout that are tracked, or new and not ignored; by git's path patterns."""
    return list(_tracked(patterns))


@functools.cache
def _tracked(patterns: tuple[str, ...]) -> tuple[str, ...]:
    """Asked once: no test adds a file to the checkout."""
    listing = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns)
    return tuple(sorted({name for name in listing.split("\0") if name and (ROOT / name).is_file() and not (ROOT / name).is_symlink()}))


def makefile_variable(name: str) -> str:
    """What make itself reads in the Makefile."""
    return run("make", "--silent", "--eval", f"show: ; @echo '$({name})'", "show").strip()
