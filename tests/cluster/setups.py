# SPDX-License-Identifier: GPL-3.0-or-later
"""Bare hosts for a test: one lab at a time, the journals of a failed one kept."""

from __future__ import annotations

import collections.abc
import contextlib
import os
import pathlib
import shutil

import pytest

from .driver import ROOT, Cluster  # its import lets the lab's own code be found

# isort: split
from barelab import built_folders, ingredients, saves
from barelab.errors import LabError
from barelab.up import DEFAULT_VERSION as VERSION

FAILED = pytest.StashKey[bool]()
# What the lab and the playbooks put into an inventory's folder.
BORN = ("pki", "backups", "logs", "kubeconfig", "ssh_config", "lab.yml")


def this_lab() -> str:
    """The name of the lab that this process drives: see tests/conftest.py."""
    return os.environ.get("BAREHOST_LAB") or "lab"


@contextlib.contextmanager
def converged_hosts(name: str, *, session: pytest.Session, artefacts: pathlib.Path) -> collections.abc.Iterator[Cluster]:
    """The cluster of inventories/<name> with the guestbook, for tests whose subject is not the installation.

    It is installed by the first who asks, and saved; the others, in this run and in later ones, start from the save while nothing has
    changed that it was made from.
    """
    inventory = ROOT / "inventories" / name
    saved = f"test-{name}-{_made_from(inventory)}"
    with bare_hosts(
        inventory, session=session, artefacts=artefacts, bring_up=lambda cluster: _bring_up_converged(cluster, saved)
    ) as cluster:
        yield cluster


def _made_from(inventory: pathlib.Path) -> str:
    """Names everything that decides how a converged cluster looks: the product, the inventory, and what the lab's hosts are made from."""
    product = [ROOT / part for part in ("plugins", "roles", "playbooks", "meta", "ansible.cfg", "requirements.txt")]
    used = ingredients.ensure(versions=[VERSION]).names()
    return built_folders.digest_of(paths=[*product, *_files_of(inventory)], words=[f"{part} {used[part]}" for part in sorted(used)])[:12]


def _files_of(inventory: pathlib.Path) -> list[pathlib.Path]:
    return sorted(path for path in inventory.rglob("*") if path.is_file() and not set(path.relative_to(inventory).parts) & set(BORN))


def _bring_up_converged(cluster: Cluster, saved: str) -> None:
    with built_folders.lock(saves.store() / f".{saved}.install", waiting=lambda: None):
        if not saves.exists(saved):
            cluster.up()
            cluster.playbook("playbooks/site.yml")
            cluster.playbook("playbooks/guestbook.yml")
            cluster.lab("save", saved)
            _forget_older(saved)
            return
    cluster.lab("up", str(cluster.inventory), "--from", saved)


def _forget_older(saved: str) -> None:
    """Saves of the same inventory that were made from something else."""
    for name in saves.names():
        if name != saved and name.rpartition("-")[0] == saved.rpartition("-")[0]:
            with contextlib.suppress(LabError):  # hosts of another run use it
                saves.forget(name)


@contextlib.contextmanager
def bare_hosts(
    inventory: pathlib.Path,
    *,
    session: pytest.Session,
    artefacts: pathlib.Path,
    bring_up: collections.abc.Callable[[Cluster], None] = Cluster.up,
    driver: str = "nspawn",
) -> collections.abc.Iterator[Cluster]:
    """The bare hosts of an inventory; a lab that is up is thrown away. Keep them after the run with BAREHOST_KEEP_LAB=1.

    An inventory of the checkout is copied, because what is born with a cluster lies beside it, and another lab may be using the same.
    """
    if os.geteuid() != 0:
        pytest.fail("the lab needs root: it makes network namespaces, mounts and cgroups")
    folder = artefacts / inventory.name
    folder.mkdir(exist_ok=True)
    cluster = Cluster(_copied(inventory) if inventory.is_relative_to(ROOT) else inventory, folder, driver=driver)
    try:
        keep_journals_of_a_failed(cluster, session=session)
        bring_up(cluster)
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
