# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor on inventories/lab: silent where all is well, right about each fault, and its remedies mend what they are for."""

from __future__ import annotations

import collections.abc
import pathlib

import pytest

from . import checks, doctoring
from .doctoring import HOSTS, SEEDED, Object, Seeded
from .driver import Cluster, eventually
from .reported import page_and_screen_tell
from .setups import converged_hosts

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def lab(request: pytest.FixtureRequest, artefacts: pathlib.Path) -> collections.abc.Iterator[Cluster]:
    folder = artefacts / "doctor"
    folder.mkdir()
    with converged_hosts("lab", session=request.session, artefacts=folder) as cluster:
        eventually(lambda: checks.all_ready(cluster, HOSTS), deadline=90, wanted="the nodes are ready")
        yield cluster


@pytest.fixture(scope="module")
def before(lab: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Object:
    """What is found before anything is done. Units are counted anew, which have restarted while the cluster came up."""
    for host in HOSTS:
        lab.on(host, "systemctl reset-failed")
    report = doctoring.examined(lab, tmp_path_factory.mktemp("before"))[1]
    assert doctoring.errors(report) == []
    return report


def test_nothing_is_wrong(lab: Cluster, tmp_path: pathlib.Path) -> None:
    done, report = doctoring.examined(lab, tmp_path, "-e", f"doctor_html={tmp_path}/d.html", "-e", f"doctor_junit={tmp_path}/d.xml")
    print("\n".join(map(str, doctoring.told(report))), f"\n{done.seconds:.1f} s", report["hosts"])
    assert doctoring.errors(report) == []
    assert done.returncode == 0, done.output[-3000:]
    assert (tmp_path / "d.html").exists() and (tmp_path / "d.xml").exists()


def test_the_cluster_as_a_page_and_on_a_screen(lab: Cluster, tmp_path: pathlib.Path) -> None:
    page_and_screen_tell(lab, doctoring.MASTER, tmp_path)


@pytest.mark.parametrize("fault", SEEDED, ids=lambda fault: f"{fault.id} {fault.found}")
def test_a_fault_is_named_and_mended(lab: Cluster, before: Object, fault: Seeded, tmp_path: pathlib.Path) -> None:
    doctoring.named_and_mended(lab, fault, before, tmp_path)
