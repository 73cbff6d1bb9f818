# SPDX-License-Identifier: GPL-3.0-or-later
"""inventories/lab: brought up bare and installed once for all tests of this folder."""

from __future__ import annotations

import collections.abc
import pathlib

import pytest

from ..driver import ROOT, Cluster, PlaybookRun
from ..setups import bare_hosts


@pytest.fixture(scope="package")
def bare(request: pytest.FixtureRequest, artefacts: pathlib.Path) -> collections.abc.Iterator[Cluster]:
    """The bare hosts of inventories/lab."""
    with bare_hosts(ROOT / "inventories" / "lab", session=request.session, artefacts=artefacts) as cluster:
        yield cluster


@pytest.fixture(scope="package")
def found_bare(bare: Cluster) -> dict[str, str]:
    """What of our programs was there, and whether the firewall ran, before any playbook did."""
    look = "command -v dockerd etcd kubelet chronyd; systemctl is-active firewalld"
    return {host["name"]: bare.on(host["name"], look) for host in bare.status()["hosts"]}


@pytest.fixture(scope="package")
def predicted(bare: Cluster, found_bare: dict[str, str]) -> PlaybookRun:
    """What check mode says of bare hosts."""
    return bare.playbook("playbooks/site.yml", "--check", "--diff", check=False)


@pytest.fixture(scope="package")
def first_run(bare: Cluster, predicted: PlaybookRun) -> PlaybookRun:
    """site.yml on bare hosts."""
    return bare.playbook("playbooks/site.yml")


@pytest.fixture(scope="package")
def cluster(bare: Cluster, first_run: PlaybookRun) -> Cluster:
    """The installed cluster."""
    assert not first_run.failures
    return bare


@pytest.fixture(scope="package")
def guestbook(cluster: Cluster) -> Cluster:
    """The installed cluster with the guestbook."""
    cluster.playbook("playbooks/guestbook.yml")
    return cluster
