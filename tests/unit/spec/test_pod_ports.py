# SPDX-License-Identifier: GPL-3.0-or-later
"""Which ports of hosts pods reach, as the rules of a node say it."""

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spec_inventory import spec_of

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import pod_ports

ADDRESSES = ["192.0.2.10", "192.0.2.11", "192.0.2.12"]
BALANCERS = {name: {"ansible_host": f"192.0.2.{number}"} for name, number in (("m1", 10), ("m2", 20), ("w1", 11), ("b1", 31), ("b2", 32))}
BALANCED = {"etcd": ["m1"], "master": ["m1", "m2"], "minion": ["w1"], "balancer": ["b1", "b2"]}


def rules(variables: dict[str, t.Any] | None = None, host: str = "w1", **inventory: t.Any) -> dict[str, t.Any]:
    return pod_ports.rules(spec_of(variables, **inventory).as_dict(), host)


@pytest.mark.parametrize(("host", "own"), [("w1", ["10250"]), ("m1", ["6443", "10250"])])
def test_ports_between_hosts_are_closed_to_pods_of_every_node(host: str, own: list[str]) -> None:
    assert rules(host=host) == {
        "hosts": ADDRESSES,
        "of_hosts": {"tcp": ["2379-2380"], "udp": ["8472"]},
        "protocols": [],
        "of_pods": {"tcp": own},
        "all_others": True,
    }


def test_the_virtual_address_is_one_of_the_hosts() -> None:
    found = rules({"cluster_api_endpoint_host": "192.0.2.100"}, hosts=BALANCERS, groups=BALANCED)
    assert set(found["hosts"]) == {"192.0.2.100", *(own["ansible_host"] for own in BALANCERS.values())}
    assert found["protocols"] == [112]


@pytest.mark.parametrize(
    ("named", "tcp", "others"),
    [
        ([], ["10250"], {}),
        (["9100/tcp", "53/udp"], ["9100", "10250"], {"udp": ["53"]}),
        (["9000-9010/tcp", "9005-9020/tcp", "9021/tcp"], ["9000-9021", "10250"], {}),
        (["10000-11000/tcp", "7/sctp"], ["10000-11000"], {"sctp": ["7"]}),
    ],
)
def test_a_list_closes_what_it_does_not_name(named: list[str], tcp: list[str], others: dict[str, list[str]]) -> None:
    found = rules({"cluster_pod_host_ports": named})
    assert (found["all_others"], found["of_pods"]) == (False, {**others, "tcp": tcp})
    assert found["of_hosts"] == rules()["of_hosts"]


@given(
    st.lists(
        st.tuples(st.sampled_from(["tcp", "udp"]), st.integers(9000, 9030), st.integers(0, 9)).map(
            lambda one: f"{one[1]}-{one[1] + one[2]}/{one[0]}"
        )
    )
)
def test_what_is_named_is_let_in_and_nothing_else(named: list[str]) -> None:
    def ports(text: str) -> range:
        low, _dash, high = text.partition("-")
        return range(int(low), int(high or low) + 1)

    wanted = {(text.partition("/")[2], port) for text in named for port in ports(text.partition("/")[0])}
    found = [
        (protocol, port)
        for protocol, some in rules({"cluster_pod_host_ports": named})["of_pods"].items()
        for one in some
        for port in ports(one)
    ]
    assert len(found) == len(set(found))
    assert set(found) == {*wanted, ("tcp", 10250)}


def test_each_row_of_the_matrix_says_whether_it_is_for_pods() -> None:
    rows = spec_of({"cluster_api_endpoint_host": "192.0.2.100"}, hosts=BALANCERS, groups=BALANCED).ports
    assert {row.name for row in rows if row.pods} == {"barehost-kube-apiserver", "barehost-api-balancer", "barehost-kubelet"}
    assert {row.name for row in rows if not row.pods} == {
        "barehost-etcd-client",
        "barehost-etcd-peer",
        "barehost-flannel-vxlan",
        "barehost-vrrp",
    }
