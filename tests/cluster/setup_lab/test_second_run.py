# SPDX-License-Identifier: GPL-3.0-or-later
"""inventories/lab, once installed: whoever runs site.yml again, and for whatever part, changes and restarts nothing."""

from __future__ import annotations

import pathlib
import shutil

import pytest
import yaml

from .. import checks
from ..driver import Cluster, eventually
from .test_inventory import HOSTS, MASTER

AWAY = "k8s.minion3.dev"
SETTINGS = {
    "STRATEGY": "free",
    "ANY_ERRORS_FATAL": "true",
    "INJECT_FACT_VARS": "false",
    "GATHERING": "explicit",
    "HASH_BEHAVIOUR": "merge",
    "FORCE_HANDLERS": "true",
    "PRIVATE_ROLE_VARS": "true",
    "NO_LOG": "true",
    "FORKS": "1",
}


@pytest.mark.parametrize(
    "arguments",
    [("--limit", MASTER), ("--limit", "k8s.minion2.dev"), ("--tags", "etcd,minion"), ("--skip-tags", "host,firewall")],
    ids=" ".join,
)
def test_a_part_of_the_work(cluster: Cluster, arguments: tuple[str, ...]) -> None:
    checks.nothing_changes(cluster, HOSTS, *arguments)


def test_another_controller_and_another_order_of_hosts(cluster: Cluster, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder of the inventory, PKI included, at somebody who has nothing else; its hosts are listed from the last to the first.

    Ansible has settings there that other people's playbooks need.
    """
    inventory = tmp_path / "elsewhere"
    shutil.copytree(cluster.inventory, inventory)
    hosts = yaml.safe_load((inventory / "hosts.yml").read_text(encoding="utf-8"))
    hosts["all"]["hosts"] = dict(reversed(hosts["all"]["hosts"].items()))
    for group in hosts["all"]["children"].values():
        group["hosts"] = dict(reversed(group["hosts"].items()))
    (inventory / "hosts.yml").write_text(yaml.safe_dump(hosts, sort_keys=False), encoding="utf-8")
    for setting, value in {"HOME": str(tmp_path / "home"), **SETTINGS}.items():
        monkeypatch.setenv(f"ANSIBLE_{setting}", value)
    artefacts = cluster.artefacts / "elsewhere"
    artefacts.mkdir()
    other = Cluster(inventory, artefacts)
    checks.nothing_changes(other, HOSTS)


def test_a_host_that_is_away_holds_up_nobody(cluster: Cluster) -> None:
    """It alone is told to be unreachable; the others are converged, and nobody waits for its node."""
    cluster.lab("stop", AWAY)
    try:
        others = set(HOSTS) - {AWAY}

        def only_it_is_not_ready() -> bool:
            return not checks.all_ready(cluster, HOSTS) and checks.all_ready(cluster, others, of=others)

        eventually(only_it_is_not_ready, deadline=90, wanted=f"{AWAY} not Ready, the others Ready")
        run = cluster.playbook("playbooks/site.yml", check=False)
        assert [(result["host"], result["outcome"]) for result in run.failures] == [(AWAY, "unreachable")]
        assert run.returncode == 4
        assert run.changed == []
        surveyed = [result for result in run.results if result["task"] == "Survey the host" and result["outcome"] == "ok"]
        assert {result["host"] for result in surveyed} == others
    finally:
        cluster.lab("start", AWAY)
    eventually(lambda: checks.all_ready(cluster, HOSTS), deadline=120, wanted="all nodes Ready")
    checks.nothing_changes(cluster, HOSTS)
