# SPDX-License-Identifier: GPL-3.0-or-later
"""Bare hosts for a test: one lab at a time, the journals of a failed one kept."""

from __future__ import annotations

import collections.abc
import contextlib
import os
import pathlib
import shutil

import pytest

from .driver import ROOT, Cluster

FAILED = pytest.StashKey[bool]()
# What the lab and the playbooks put into an inventory's folder.
BORN = ("pki", "backups", "kubeconfig", "ssh_config", "lab.yml")


def this_lab() -> str:
    """The name of the lab that this process drives: see tests/conftest.py."""
    return os.environ.get("BAREHOST_LAB") or "lab"


@contextlib.contextmanager
def bare_hosts(inventory: pathlib.Path, *, session: pytest.Session, artefacts: pathlib.Path) -> collections.abc.Iterator[Cluster]:
    """The bare hosts of an inventory; a lab that is up is thrown away. Keep them after the run with BAREHOST_KEEP_LAB=1.

    An inventory of the checkout is copied, because what is born with a cluster lies beside it, and another lab may be using the same.
    """
    if os.geteuid() != 0:
        pytest.fail("the lab needs root: it makes network namespaces, mounts and cgroups")
    folder = artefacts / inventory.name
    folder.mkdir(exist_ok=True)
    cluster = Cluster(_copied(inventory) if inventory.is_relative_to(ROOT) else inventory, folder)
    try:
        keep_journals_of_a_failed(cluster, session=session)
        cluster.up()
        yield cluster
        keep_journals_of_a_failed(cluster, session=session)
    finally:
        if not os.environ.get("BAREHOST_KEEP_LAB"):
            cluster.down()


def _copied(inventory: pathlib.Path) -> pathlib.Path:
    copy = ROOT / ".build" / "inventories" / this_lab() / inventory.name
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(inventory, copy, ignore=shutil.ignore_patterns(*BORN))
    return copy


def keep_journals_of_a_failed(cluster: Cluster, *, session: pytest.Session) -> None:
    """Those of the lab that is up now, if a test has failed since the last time."""
    if session.stash.get(FAILED, False):
        session.stash[FAILED] = False
        inventory = cluster.status()["inventory"]
        if inventory is not None:
            cluster.lab("logs", str(cluster.artefacts.parent / pathlib.Path(inventory).name / "hosts"), check=False)
