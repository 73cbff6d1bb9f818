# SPDX-License-Identifier: GPL-3.0-or-later
"""What the collection installs where an inventory does not say: its own table of versions.

Read from its file, which needs nothing but Python: the lab must start on a machine that has no Ansible yet.
"""

from __future__ import annotations

import functools
import importlib.util
import sys
import types
import typing as t

from barelab.releases import LAB, minor

_TABLE = LAB.parent / "plugins/plugin_utils/_spec/version_table.py"


@functools.cache
def table() -> types.ModuleType:
    name = "barelab_version_table"
    found = importlib.util.spec_from_file_location(name, _TABLE)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    sys.modules[name] = module  # where dataclasses look for it
    found.loader.exec_module(module)
    return module


def default_kubernetes() -> str:
    return str(table().DEFAULT_KUBERNETES)


def default_beside(kubernetes: str, *, program: str) -> str | None:
    """The version of a program that goes with this Kubernetes; None if the collection does not know this minor version yet."""
    known = table().MINORS.get(minor(kubernetes))
    allowed = known.programs.get(program.replace("-", "_")) if known else None
    return t.cast("str", allowed.default) if allowed else None
