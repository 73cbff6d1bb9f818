# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What plugins share. Python keeps its modules compiled, as it does with other modules.

Ansible's loader of collections compiles each module in each run, which takes 0.1 s of a processor (docs/performance.md). So Python's own
loader takes its place for the modules below this package and ``module_utils``. It writes them to ``__pycache__``, and obeys
PYTHONDONTWRITEBYTECODE and PYTHONPYCACHEPREFIX. Where it may not write, they are compiled in each run as before.
"""

from __future__ import annotations

import collections.abc as c
import importlib.abc
import importlib.machinery
import sys
import types
import typing as t

_COLLECTION = __name__.rpartition(".")[0]
_BELOW = tuple(f"{_COLLECTION}.{folder}." for folder in ("plugin_utils", "module_utils"))
_OF_ANSIBLE = "ansible.utils.collection_loader"


class KeptModules(importlib.abc.MetaPathFinder):
    """Finds the modules of this collection that plugins share, with the loader that keeps them compiled."""

    def __init__(self) -> None:
        self._finders: dict[str, importlib.machinery.FileFinder] = {}

    def find_spec(
        self, fullname: str, path: c.Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The module's, by Python's rules; None for whatever is not ours, which Ansible then looks for."""
        if path is None or not fullname.startswith(_BELOW):
            return None
        found = (self._finder(folder).find_spec(fullname, target) for folder in path)
        return next((spec for spec in found if spec is not None and spec.loader is not None), None)

    def _finder(self, folder: str) -> importlib.machinery.FileFinder:
        if folder not in self._finders:
            source = (importlib.machinery.SourceFileLoader, importlib.machinery.SOURCE_SUFFIXES)
            self._finders[folder] = importlib.machinery.FileFinder(folder, source)
        return self._finders[folder]


def install(finders: c.MutableSequence[t.Any]) -> None:
    """Puts the finder before the one of Ansible. Without that one, as in unit tests, Python's own loader is used anyway."""
    if any(isinstance(finder, KeptModules) for finder in finders):
        return
    place = next((place for place, finder in enumerate(finders) if type(finder).__module__.startswith(_OF_ANSIBLE)), None)
    if place is not None:
        finders.insert(place, KeptModules())


install(sys.meta_path)
