# SPDX-License-Identifier: GPL-3.0-or-later
"""Each rule about versions, with its message: what a running cluster may go to, and what is refused before a host is touched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from version_views import HOSTS, MASTERS, cluster, numbers, wanted

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade import rules


def with_etcd(**versions: str) -> rules.Found:
    return rules.Found({host: {"etcd": [numbers(text)]} for host, text in versions.items()}, {}, None)


@pytest.mark.parametrize(
    ("found", "goal"),
    [
        pytest.param(cluster("1.37.1"), wanted("1.37.1"), id="nothing changes"),
        pytest.param(cluster("1.37.0"), wanted("1.37.1"), id="a patch"),
        pytest.param(cluster("1.37.1"), wanted("1.37.0"), id="back to an older patch"),
        pytest.param(cluster("1.36.3"), wanted("1.37.1"), id="the next minor version"),
        pytest.param(cluster("1.36.3", m1="1.37.1"), wanted("1.37.1"), id="a run that stopped goes on"),
        pytest.param(cluster("1.37.1", m3="1.35.4"), wanted("1.37.1"), id="a master that was away for long comes back"),
        pytest.param(cluster("1.37.1", w2="1.34.0"), wanted("1.37.1"), id="a worker that was away for long comes back"),
        pytest.param(cluster("1.37.1", w2=""), wanted("1.37.1"), id="a new worker"),
        pytest.param(cluster("1.37.1", run=["w2"], w2=""), wanted("1.37.1", run=["w2"]), id="a new worker alone"),
        pytest.param(cluster("1.36.3", run=MASTERS), wanted("1.37.1", run=MASTERS), id="masters first"),
        pytest.param(cluster(""), wanted("1.37.1"), id="bare hosts"),
        pytest.param(with_etcd(m1="3.7.1", m2="3.7.2"), wanted(etcd="3.7.2"), id="etcd: a patch"),
        pytest.param(with_etcd(m1="3.6.11", m2="3.7.2"), wanted(etcd="3.7.2"), id="etcd: the next minor version"),
        pytest.param(with_etcd(m1="3.5.26"), wanted(etcd="3.6.11"), id="etcd: from 3.5"),
        pytest.param(with_etcd(m1="3.7.2", w1="3.5.9"), wanted(etcd="3.7.2"), id="etcd: a former member keeps its programs"),
        pytest.param(
            rules.Found({"w1": {"kube-apiserver": [numbers("1.33.1")], "kubelet": [numbers("1.37.1")]}}, {}, None),
            wanted("1.37.1", run=["w1"]),
            id="a former master keeps its programs, and no API",
        ),
        pytest.param(cluster("1.36.3", run=["w1"], m1="", m2="", m3=""), wanted("1.36.3", run=["w1"]), id="no API, and no other kubelet"),
    ],
)
def test_what_may_begin(found: rules.Found, goal: rules.Wanted) -> None:
    assert rules.faults(found, goal) == []


@pytest.mark.parametrize(
    ("found", "goal", "told"),
    [
        pytest.param(
            cluster("1.35.4"),
            wanted("1.37.1"),
            "m1, m2, m3 have kube-apiserver 1.35.4, and cluster_kubernetes_version is 1.37.1: a minor version must not be skipped. "
            "Go 1.35.4 → 1.36.3 → 1.37.1: one run",
            id="skipped",
        ),
        pytest.param(cluster("1.36.3", m2="1.35.4"), wanted("1.37.1"), "m2 has kube-apiserver 1.35.4", id="one master is behind"),
        pytest.param(cluster("1.37.1"), wanted("1.36.3"), "does not go back to an older minor version. Write cluster_kubern", id="back"),
        pytest.param(
            cluster("1.36.3", run=["w1"]),
            wanted("1.37.1", run=["w1"]),
            "kubelets would get 1.37.1, and m1, m2, m3 have kube-apiserver 1.36.3: a kubelet must not be newer than an apiserver",
            id="workers first",
        ),
        pytest.param(
            cluster("1.36.3", run=["m1"]),
            wanted("1.37.1", run=["m1"]),
            "kubelets would get 1.37.1, and m2, m3 have kube-apiserver 1.36.3",
            id="one master alone, which has a kubelet",
        ),
        pytest.param(
            cluster("1.37.1", run=["w1"], m1="", m2="", m3="", w1=""),
            wanted("1.37.1", run=["w1"]),
            "no apiserver says which version it has (m1, m2, m3)",
            id="workers, and no API",
        ),
        pytest.param(cluster("1.37.1", run=["w1"]), wanted("1.36.3", run=["w1"]), "w1 has kubelet 1.37.1, and cluster", id="a worker back"),
        pytest.param(
            cluster("1.36.3", run=MASTERS, w1="1.33.9"),
            wanted("1.37.1", run=MASTERS),
            "apiservers would get 1.37.1, and w1.example has kubelet 1.33.9: a kubelet may be at most 3 minor versions older",
            id="a worker that stays too old",
        ),
        pytest.param(
            with_etcd(m1="3.6.4", m2="3.7.2"),
            wanted(etcd="3.7.2"),
            "m1 has etcd 3.6.4, and cluster_etcd_version is 3.7.2: only 3.6.11 or later can go on to it. "
            "Go 3.6.4 → 3.6.11 or a later 3.6 → 3.7.2",
            id="etcd: no stepping stone",
        ),
        pytest.param(
            with_etcd(m1="3.5.9"),
            wanted(etcd="3.7.2"),
            "a minor version must not be skipped. Go 3.5.9 → 3.5.26 or a later 3.5 → 3.6.11 or a later 3.6 → 3.7.2",
            id="etcd: skipped",
        ),
        pytest.param(with_etcd(m1="3.7.2"), wanted(etcd="3.6.14"), "version: 3.7.2, or lead etcd back by playbooks/d", id="etcd: back"),
        pytest.param(with_etcd(m1="3.7.2"), wanted(etcd="3.5.26"), "one. Write cluster_etcd_version: 3.7.2", id="etcd: far back"),
    ],
)
def test_what_is_refused(found: rules.Found, goal: rules.Wanted, told: str) -> None:
    assert told in "; ".join(rules.faults(found, goal))


def test_a_master_that_is_silent_is_told_of() -> None:
    found = cluster("1.37.1", run=["w1"], m3="")
    goal = wanted("1.37.1", run=["w1"])
    assert rules.faults(found, goal) == []
    assert rules.warnings(found, goal)[0].startswith("It is not known which Kubernetes m3 had.")


VERSIONS = st.tuples(st.just(1), st.integers(33, 39), st.integers(0, 3))


@given(before=st.lists(VERSIONS, min_size=5, max_size=5), after=VERSIONS)
def test_what_begins_never_breaks_the_policy(before: list[tuple[int, ...]], after: tuple[int, ...]) -> None:
    """Whatever hosts have: a whole run that is not refused moves apiservers by one minor version at most, and no program back."""
    names = dict(zip(HOSTS, (".".join(map(str, version)) for version in before), strict=True))
    goal = wanted(".".join(map(str, after)))
    if rules.faults(cluster("1.37.1", **names), goal):
        return
    masters = [numbers(names[host])[1] for host in MASTERS]
    assert max(masters) <= after[1]
    assert max(masters) == after[1] or min(masters) == max(masters) == after[1] - 1
    assert all(numbers(names[host])[1] <= after[1] for host in HOSTS)
