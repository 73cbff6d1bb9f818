# SPDX-License-Identifier: GPL-3.0-or-later
"""One bare lab host for all tests of the engine."""

from __future__ import annotations

import collections.abc
import json
import os

import pytest

from .engine import INVENTORY, Engine


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> collections.abc.Iterator[Engine]:
    """Keep the host after the run with BAREHOST_KEEP_LAB=1."""
    if os.geteuid() != 0:
        pytest.fail("the lab needs root: it makes network namespaces, mounts and cgroups")
    directory = tmp_path_factory.mktemp("one-host")
    (directory / "hosts.yml").write_text(json.dumps(INVENTORY), encoding="utf-8")
    engine = Engine(directory)
    try:
        engine.lab("up", str(directory), timeout=3600)
        yield engine
    finally:
        if not os.environ.get("BAREHOST_KEEP_LAB"):
            engine.lab("down")
