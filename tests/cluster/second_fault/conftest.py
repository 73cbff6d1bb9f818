# SPDX-License-Identifier: GPL-3.0-or-later
"""A saved cluster, and each fault of the table in its turn."""

from __future__ import annotations

import collections.abc as c
import pathlib

import pytest

from ..driver import Cluster
from ..setups import converged_hosts
from . import cells


@pytest.fixture(scope="module")
def cluster(request: pytest.FixtureRequest, artefacts: pathlib.Path) -> c.Iterator[Cluster]:
    """The inventory that the file of the tests names."""
    name = request.module.INVENTORY
    folder = artefacts / f"second-fault-{name}"
    folder.mkdir()
    with converged_hosts(name, session=request.session, artefacts=folder) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def rows(request: pytest.FixtureRequest, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> c.Iterator[cells.Rows]:
    """The snapshot is saved while all is well."""
    folder = tmp_path_factory.mktemp("backups")
    cluster.playbook("playbooks/backup.yml", "-e", f"backup_directory={folder}")
    rows = cells.Rows(cluster, next(folder.glob("*.snapshot")), request.module.NODES)
    yield rows
    rows.end()


@pytest.fixture
def bench(request: pytest.FixtureRequest, rows: cells.Rows) -> cells.Bench:
    """The cluster with the fault of this row. That of the row before is taken away, and ``site.yml`` then has nothing to change."""
    return rows.begin(request.param)
