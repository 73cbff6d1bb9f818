# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules that plugins share are kept compiled, where Ansible's loader of collections would compile them in each run."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils import KeptModules, install

COLLECTION = "ansible_collections.barehost.kubernetes.plugins"
ROOT = pathlib.Path(__file__).parents[3]
# What Ansible does before it imports a plugin.
_IMPORT = f"""
import sys
from ansible.plugins.loader import init_plugin_loader
init_plugin_loader(sys.argv[1:])
from {COLLECTION}.plugin_utils._common import misspelt
from {COLLECTION}.module_utils._runtime import errors
from {COLLECTION}.filter import cluster
print(type(misspelt.__spec__.loader).__name__, type(errors.__spec__.loader).__name__, type(cluster.__spec__.loader).__name__)
"""


def loaders(kept: pathlib.Path, **surroundings: str) -> list[str]:
    """The loaders of a shared module, of one that hosts have, too, and of a plugin, in a process of Ansible."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHON"))}
    command = [sys.executable, "-c", _IMPORT, str(ROOT / ".collections")]
    done = subprocess.run(
        command, env=own | {"PYTHONPYCACHEPREFIX": str(kept)} | surroundings, capture_output=True, text=True, check=True, cwd=kept.parent
    )
    return done.stdout.split()


def compiled(kept: pathlib.Path) -> dict[str, int]:
    return {path.name.partition(".")[0]: path.stat().st_mtime_ns for path in kept.rglob("*.pyc") if "barehost" in str(path)}


@pytest.mark.slow
def test_python_keeps_them(tmp_path: pathlib.Path) -> None:
    kept = tmp_path / "kept"
    assert loaders(kept) == ["SourceFileLoader", "SourceFileLoader", "_AnsibleCollectionLoader"]
    first = compiled(kept)
    assert {"misspelt", "errors"} <= set(first) and "cluster" not in first
    loaders(kept)
    assert compiled(kept) == first


@pytest.mark.slow
def test_nothing_is_written_where_that_is_not_wanted(tmp_path: pathlib.Path) -> None:
    kept = tmp_path / "kept"
    assert loaders(kept, PYTHONDONTWRITEBYTECODE="1")[0] == "SourceFileLoader"
    assert compiled(kept) == {}


@pytest.mark.parametrize(
    "name",
    [
        "ansible_collections.community.general.plugins.plugin_utils.misspelt",
        f"{COLLECTION}.action.misspelt",
        f"{COLLECTION}.plugin_utils._common.none_such",
    ],
)
def test_others_are_left_to_ansible(name: str) -> None:
    assert KeptModules().find_spec(name, [str(ROOT / "plugins" / "plugin_utils" / "_common")]) is None


def test_a_folder_without_modules_is_left_to_ansible(tmp_path: pathlib.Path) -> None:
    (tmp_path / "_empty").mkdir()
    assert KeptModules().find_spec(f"{COLLECTION}.plugin_utils._empty", [str(tmp_path)]) is None


def test_it_comes_right_before_ansibles_own_and_once() -> None:
    others: list[object] = [object(), _Collections(), object()]
    finders = list(others)
    install(finders)
    install(finders)
    assert [finder for finder in finders if not isinstance(finder, KeptModules)] == others
    assert isinstance(finders[1], KeptModules)


def test_without_ansibles_own_there_is_none() -> None:
    finders: list[object] = [object()]
    install(finders)
    assert len(finders) == 1


class _Collections:
    """Stands for the finder of ansible-core."""

    __module__ = "ansible.utils.collection_loader._collection_finder"
