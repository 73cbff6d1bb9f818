# SPDX-License-Identifier: GPL-3.0-or-later
"""What the benchmarks take from the hosts of a lab."""

from __future__ import annotations

import json
import pathlib

import bench_hosts
import pytest
import yaml
from bench_hosts import LabHost
from bench_runs import Timed

INVENTORIES = pathlib.Path(__file__).parents[3] / "inventories"


def hosts_of(inventory: str) -> list[LabHost]:
    content = yaml.safe_load((INVENTORIES / inventory / "hosts.yml").read_text(encoding="utf-8"))["all"]
    groups = {name: tuple(group for group, its in content["children"].items() if name in its["hosts"]) for name in content["hosts"]}
    return [LabHost(name, its["ansible_host"], groups[name]) for name, its in content["hosts"].items()]


def test_the_group_of_all_hosts_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker is known by having no other group."""
    status = {"hosts": [{"name": "n", "address": "192.0.2.1", "groups": ["all", "minion"], "state": "running", "pid": 1}]}
    monkeypatch.setattr(bench_hosts, "timed", lambda *command: Timed(0, 0, 0, json.dumps(status)))
    assert bench_hosts.of_lab() == [LabHost("n", "192.0.2.1", ("minion",))]
    assert bench_hosts.workers(bench_hosts.of_lab()) == ["n"]


def test_workers_are_nodes_and_nothing_else() -> None:
    hosts = hosts_of("ha")
    assert bench_hosts.workers(hosts) == ["k8s.minion1.dev", "k8s.minion2.dev"]
    assert bench_hosts.masters(hosts) == ["k8s.master1.dev", "k8s.master2.dev", "k8s.master3.dev"]


def test_by_hand_one_master_is_the_endpoint() -> None:
    arguments = bench_hosts.by_hand_arguments(hosts_of("lab"), INVENTORIES / "lab")
    assert arguments is not None
    assert arguments[:3] == [
        "192.168.200.100",
        "k8s.master.dev=192.168.200.100=etcd,master",
        "k8s.minion1.dev=192.168.200.101=minion",
    ]


def test_by_hand_balancers_have_the_endpoint() -> None:
    arguments = bench_hosts.by_hand_arguments(hosts_of("ha"), INVENTORIES / "ha")
    assert arguments is not None
    assert arguments[0] == "192.168.200.100"
    assert "k8s.balancer1.dev=192.168.200.111=balancer" in arguments


@pytest.mark.parametrize("inventory", ["separate-etcd"])
def test_by_hand_etcd_is_on_the_masters(inventory: str) -> None:
    assert bench_hosts.by_hand_arguments(hosts_of(inventory), INVENTORIES / inventory) is None
