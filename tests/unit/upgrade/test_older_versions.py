# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes of an older minor version than the control plane, and a control plane that goes back to the one that it emulates."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from version_views import HOSTS, MASTERS, cluster, numbers, wanted

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade import answers, rules

NEW, OLD = "1.37.1", "1.36.3"


def goal(kubernetes: str = NEW, *, node: str = "", back: bool = False, run: t.Iterable[str] = HOSTS) -> rules.Wanted:
    return dataclasses.replace(wanted(kubernetes, run=run), node=node, back=back)


def emulating(found: rules.Found, version: str = "1.36", **other: str) -> rules.Found:
    said = {host: other.get(host, version) for host in MASTERS}
    return dataclasses.replace(found, emulated={host: numbers(text) if text else None for host, text in said.items()})


def nodes(masters: str, workers: str, *, run: t.Iterable[str] = HOSTS) -> rules.Found:
    """Programs of the control plane and of nodes in two versions."""
    found = cluster(masters, run=run)
    programs = {
        host: {name: [numbers(workers)] if name in rules.NODE else versions for name, versions in entries.items()}
        for host, entries in found.programs.items()
    }
    return dataclasses.replace(found, programs=programs, kubelets={f"{host}.example": numbers(workers) for host in HOSTS})


@pytest.mark.parametrize(
    ("found", "wish"),
    [
        pytest.param(nodes(NEW, NEW), goal(node=OLD), id="nodes go back"),
        pytest.param(nodes(NEW, NEW), goal(node="1.35.4"), id="nodes go back two minor versions"),
        pytest.param(nodes(OLD, OLD), goal(node=OLD), id="masters go on, nodes stay"),
        pytest.param(nodes(OLD, OLD, run=["w1"]), goal(node=OLD, run=["w1"]), id="a worker alone, while masters are not there yet"),
        pytest.param(nodes(NEW, "1.34.1"), goal(), id="nodes catch up"),
        # a stage on the way to what the inventory wants of nodes
        pytest.param(nodes("1.35.4", "1.35.4"), goal(OLD, node=NEW), id="a stage"),
    ],
)
def test_nodes_may_be_older(found: rules.Found, wish: rules.Wanted) -> None:
    assert rules.faults(found, wish) == []


def test_nodes_must_not_be_newer_than_a_master_that_stays() -> None:
    (told,) = rules.faults(nodes("1.35.4", "1.35.4", run=["w1"]), goal(node=OLD, run=["w1"]))
    assert told.startswith("kubelets would get 1.36.3, and m1, m2, m3 have kube-apiserver 1.35.4")


def test_the_control_plane_goes_back_to_what_it_emulates() -> None:
    assert rules.faults(emulating(nodes(NEW, OLD)), goal(OLD, back=True)) == []
    # killed in the middle: one is back, and one of the back ones does not answer yet
    state = nodes(NEW, OLD)
    programs = {**state.programs, "m1": cluster(OLD).programs["m1"]}
    state = dataclasses.replace(state, programs=programs, apiservers={**state.apiservers, "m1": None})
    assert rules.faults(emulating(state, m1=""), goal(OLD, back=True)) == []


@pytest.mark.parametrize(
    ("found", "wish", "told"),
    [
        pytest.param(
            emulating(nodes(NEW, OLD)),
            goal(OLD),
            "the apiservers emulate 1.36. If they have done so ever since they left it, they have stored nothing that 1.36 does not read, "
            "and may go back: -e site_control_plane_back=true. Else write cluster_kubernetes_version: 1.37.1",
            id="nobody answers for it",
        ),
        pytest.param(
            emulating(nodes(NEW, OLD), m2="1.37"),
            goal(OLD, back=True),
            "Kubernetes does not go back to an older minor version. Write cluster_kubernetes_version: 1.37.1. If you miss what 1.36 had, "
            'write cluster_emulated_version: "1.36" with it, which brings that back',
            id="one emulates nothing",
        ),
        pytest.param(emulating(nodes(NEW, OLD), m2=""), goal(OLD, back=True), "does not go back to an older", id="one does not answer"),
        pytest.param(
            emulating(nodes(NEW, NEW)),
            goal(OLD, back=True),
            "kubelets must not be newer than an apiserver, and m1.example, m2.example, m3.example, w1.example, w2.example are. First bring "
            "nodes to 1.36 by cluster_node_version",
            id="newer nodes",
        ),
        pytest.param(
            emulating(dataclasses.replace(nodes(NEW, OLD), kubelets=None)),
            goal(OLD, back=True),
            "and no API tells that none is",
            id="no API",
        ),
        pytest.param(
            emulating(nodes(NEW, "1.35.4"), "1.35"),
            goal("1.35.4", back=True),
            "does not go back to an older minor version. Write",
            id="two",
        ),
    ],
)
def test_and_only_then(found: rules.Found, wish: rules.Wanted, told: str) -> None:
    assert any(fault.startswith("m1, m2, m3 have kube-apiserver 1.37.1, and") and told in fault for fault in rules.faults(found, wish))


def test_what_a_master_has_said_is_read() -> None:
    api = {"apiservers": {"m1": "v1.37.1", "m2": None}, "emulated": {"m1": "1.36", "m2": None}, "kubelets": None}
    found = answers.found_of({"m1": {"programs": {}, "api": api, "etcd": {"cluster": "3.6.0", "storage": "3.6.0", "downgrade": ""}}}, {})
    assert found.emulated == {"m1": (1, 36), "m2": None}
    assert found.etcd["m1"] == rules.etcd_levels.Levels("3.6.0", "3.6.0", "")
