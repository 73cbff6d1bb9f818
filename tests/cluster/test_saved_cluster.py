# SPDX-License-Identifier: GPL-3.0-or-later
"""A converged cluster that was saved: it comes back as after a reboot of all its hosts, and nothing of it has to be changed."""

from __future__ import annotations

import collections.abc
import pathlib

import pytest

from . import checks
from .driver import Cluster, eventually
from .setups import converged_hosts

HOST = "k8s.allinone.dev"
ADDRESS = "192.168.200.100"


@pytest.fixture(scope="module")
def single(request: pytest.FixtureRequest, artefacts: pathlib.Path) -> collections.abc.Iterator[Cluster]:
    folder = artefacts / "saved"
    folder.mkdir()
    with converged_hosts("all-in-one", session=request.session, artefacts=folder) as cluster:
        yield cluster


def guestbook_works(cluster: Cluster) -> None:
    eventually(lambda: checks.guestbook_is_shared(cluster, {HOST: ADDRESS}, through=HOST) or True, deadline=90, wanted="the guestbook")


def test_the_cluster_is_there(single: Cluster) -> None:
    eventually(lambda: checks.all_ready(single, [HOST]), deadline=60, wanted="the node is ready")
    guestbook_works(single)


def test_site_has_nothing_to_change(single: Cluster) -> None:
    checks.nothing_changes(single, [HOST])


def test_the_host_can_be_rebooted(single: Cluster) -> None:
    single.lab("stop", HOST)
    single.lab("start", HOST)
    eventually(lambda: checks.all_ready(single, [HOST]), deadline=90, wanted="the node is ready")
    guestbook_works(single)
