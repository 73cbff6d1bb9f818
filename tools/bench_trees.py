# SPDX-License-Identifier: GPL-3.0-or-later
"""The trees that a benchmark compares: this checkout and, in a temporary clone, a commit. Both work on the same hosts."""

from __future__ import annotations

import contextlib
import pathlib
import tempfile
from collections.abc import Iterator
from typing import Any, NamedTuple

from bench_runs import BIN, ROOT, Timed, timed

# The programs of this checkout's .venv run both trees.
_PLAYBOOK = str(BIN / "ansible-playbook")


class Tree(NamedTuple):
    """A tree of the collection, and what to call it."""

    name: str
    folder: pathlib.Path

    def site(self, inventory: pathlib.Path, *arguments: str, **options: Any) -> Timed:
        """A run of this tree's site.yml, with its ansible.cfg."""
        return self.playbook("site.yml", inventory, *arguments, **options)

    def playbook(self, name: str, inventory: pathlib.Path, *arguments: str, **options: Any) -> Timed:
        """``options``: those of ``timed``."""
        command = (_PLAYBOOK, f"playbooks/{name}", "--inventory", str(inventory), *arguments)
        return timed(*command, folder=self.folder, **options)


@contextlib.contextmanager
def trees(commit: str | None) -> Iterator[list[Tree]]:
    """This checkout and, if a commit is named, that one. An unknown commit ends the program, before anything is measured."""
    own = Tree("now", ROOT)
    if commit is None:
        yield [own]
        return
    found = timed("git", "rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}").output.strip()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = pathlib.Path(name, "tree")
        timed("git", "clone", "--quiet", "--shared", "--no-checkout", str(ROOT), str(folder))
        timed("git", "-c", "advice.detachedHead=false", "checkout", "--quiet", found, folder=folder)
        yield [own, Tree(found[:7], folder)]
