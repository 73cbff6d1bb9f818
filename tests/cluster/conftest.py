# SPDX-License-Identifier: GPL-3.0-or-later
"""One lab for all tests of the lab inventory: brought up bare, installed once, taken down at the end."""

from __future__ import annotations

import collections.abc
import pathlib
import shutil
import typing as t

import pytest

from .driver import ROOT, Cluster, PlaybookRun
from .setups import FAILED, bare_hosts

ARTEFACTS = ROOT / ".build" / "artefacts"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> collections.abc.Generator[None, t.Any, t.Any]:
    report = yield
    if report.failed:
        item.session.stash[FAILED] = True
    return report


@pytest.fixture(scope="session")
def artefacts() -> pathlib.Path:
    """An empty folder that outlives the run."""
    shutil.rmtree(ARTEFACTS, ignore_errors=True)
    ARTEFACTS.mkdir(parents=True)
    return ARTEFACTS


@pytest.fixture(scope="session")
def bare(request: pytest.FixtureRequest, artefacts: pathlib.Path) -> collections.abc.Iterator[Cluster]:
    """The bare hosts of inventories/lab."""
    with bare_hosts(ROOT / "inventories" / "lab", session=request.session, artefacts=artefacts) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def found_bare(bare: Cluster) -> dict[str, str]:
    """What of our programs was there, and whether the firewall ran, before any playbook did."""
    look = "command -v dockerd etcd kubelet chronyd; systemctl is-active firewalld"
    return {host["name"]: bare.on(host["name"], look) for host in bare.status()["hosts"]}


@pytest.fixture(scope="session")
def predicted(bare: Cluster, found_bare: dict[str, str]) -> PlaybookRun:
    """What check mode says of bare hosts."""
    return bare.playbook("playbooks/site.yml", "--check", "--diff", check=False)


@pytest.fixture(scope="session")
def first_run(bare: Cluster, predicted: PlaybookRun) -> PlaybookRun:
    """site.yml on bare hosts."""
    return bare.playbook("playbooks/site.yml")


@pytest.fixture(scope="session")
def cluster(bare: Cluster, first_run: PlaybookRun) -> Cluster:
    """The installed cluster."""
    assert not first_run.failures
    return bare


@pytest.fixture(scope="session")
def guestbook(cluster: Cluster) -> Cluster:
    """The installed cluster with the guestbook."""
    cluster.playbook("playbooks/guestbook.yml")
    return cluster
