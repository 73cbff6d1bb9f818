# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of hosts work on: one bare lab host for all tests of the engine, or etcd processes of their own."""

from __future__ import annotations

import collections.abc
import json
import os
import pathlib

import pytest

from . import etcd_processes
from .engine import INVENTORY, Engine


@pytest.fixture(scope="package")
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


@pytest.fixture
def cluster(tmp_path: pathlib.Path) -> collections.abc.Iterator[etcd_processes.Cluster]:
    """Etcd on machines that are processes, none so far; no lab is touched."""
    if os.geteuid() != 0:
        pytest.fail("a network namespace of its own needs root")
    with etcd_processes.own_network():
        started = etcd_processes.Cluster(tmp_path)
        try:
            yield started
        finally:
            started.stop()
