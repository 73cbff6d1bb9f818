# SPDX-License-Identifier: GPL-3.0-or-later
"""F1: a run that would give the installed cluster another identity is refused before anything is changed, in every playbook."""

from __future__ import annotations

import json
import pathlib
import shutil

import pytest

from .. import checks
from ..driver import Cluster
from .test_inventory import HOSTS, MASTER

WORKER = "k8s.minion2.dev"


@pytest.fixture
def without_pki(cluster: Cluster, tmp_path: pathlib.Path) -> Cluster:
    """The inventory as a fresh clone has it: hosts and variables, no PKI directory."""
    inventory = tmp_path / "clone"
    shutil.copytree(cluster.inventory, inventory, ignore=shutil.ignore_patterns("pki", "backups", "kubeconfig"))
    artefacts = cluster.artefacts / f"clone-{tmp_path.name}"
    artefacts.mkdir()
    return Cluster(inventory, artefacts)


@pytest.mark.parametrize(
    ("playbook", "arguments"),
    [
        ("site", ()),
        ("site", ("--check",)),
        ("site", ("--limit", WORKER)),
        ("site", ("--tags", "minion", "--limit", WORKER)),
        ("backup", ()),
        ("remove-node", ("-e", f"remove_node={WORKER}")),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value) or "all",
)
def test_f1_a_clone_without_the_pki_changes_nothing(without_pki: Cluster, playbook: str, arguments: tuple[str, ...]) -> None:
    run = without_pki.playbook(f"playbooks/{playbook}.yml", *arguments, check=False)
    assert run.returncode != 0
    assert run.changed == []
    assert "Nothing was changed on" in run.output
    pki = without_pki.inventory / "pki"
    assert str(pki) in run.output
    assert not pki.exists(), "no authority is created"


@pytest.mark.parametrize("setting", ["cluster_pod_cidr=10.200.0.0/16", "cluster_service_cidr=10.201.0.0/16", "cluster_name=other"])
def test_a_setting_that_a_running_cluster_cannot_change_is_refused(cluster: Cluster, setting: str) -> None:
    run = cluster.playbook("playbooks/site.yml", "-e", setting, check=False)
    assert run.returncode != 0
    assert run.changed == []
    assert "A running cluster cannot change it" in run.output


def test_the_cluster_is_as_it_was(cluster: Cluster) -> None:
    checks.nothing_changes(cluster, HOSTS)
    record = json.loads(cluster.on(MASTER, "cat /etc/barehost/cluster.json"))
    assert record == {"name": "lab", "pod_cidr": "10.255.0.0/16", "service_cidr": "10.254.0.0/16", "flannel_backend": "kube"}
