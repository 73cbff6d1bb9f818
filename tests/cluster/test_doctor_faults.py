# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor on inventories/two-node: each of many faults is its first or second finding, and the remedy, typed, mends it."""

from __future__ import annotations

import collections.abc
import pathlib

import pytest

from . import checks, doctoring, seeded_in_the_cluster, seeded_on_hosts
from .doctoring import MASTER, MINIONS, Object, Seeded
from .driver import Cluster, eventually
from .setups import converged_hosts

pytestmark = pytest.mark.long

HOSTS = (MASTER, MINIONS[0])
SEEDED = [*seeded_on_hosts.SEEDED, *seeded_in_the_cluster.SEEDED]


@pytest.fixture(scope="module")
def cluster(request: pytest.FixtureRequest, artefacts: pathlib.Path) -> collections.abc.Iterator[Cluster]:
    folder = artefacts / "doctor-faults"
    folder.mkdir()
    with converged_hosts("two-node", session=request.session, artefacts=folder) as found:
        eventually(lambda: checks.all_ready(found, HOSTS), deadline=120, wanted="the nodes are ready")
        yield found


@pytest.fixture(scope="module")
def before(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Object:
    """What is found before anything is done. Units are counted anew, which have restarted while the cluster came up."""
    for host in HOSTS:
        cluster.on(host, "systemctl reset-failed")
    directory = tmp_path_factory.mktemp("before")

    def nothing_is_wrong() -> bool:
        return not doctoring.errors(doctoring.examined(cluster, directory)[1])

    eventually(nothing_is_wrong, deadline=120, wanted="the doctor finds no error")
    return doctoring.examined(cluster, directory)[1]


def test_there_are_sixty_faults() -> None:
    """With those of test_doctor.py, which need four hosts."""
    assert len({(fault.id, fault.host, fault.found) for fault in [*SEEDED, *doctoring.SEEDED]}) >= 60


@pytest.mark.parametrize("fault", SEEDED, ids=lambda fault: f"{fault.id} {fault.host} {fault.found}")
def test_a_fault_is_named_and_mended(cluster: Cluster, before: Object, fault: Seeded, tmp_path: pathlib.Path) -> None:
    doctoring.named_and_mended(cluster, fault, before, tmp_path)
