# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of nftables that nodes have: what they say of pods and of NodePorts, with and without the variables that change them."""

from __future__ import annotations

import functools
import json
import pathlib
import subprocess
import sys

import pytest

PORTS = {"cluster_pod_host_ports": ["9100/tcp", "53/udp"]}
SOURCES = {"cluster_node_port_sources": ["10.7.0.0/16"]}
VIP = {"cluster_api_endpoint_host": "192.0.2.99"}
TWO = {"etcd": ["m1"], "master": ["m1", "m2"], "minion": ["w1", "w2"], "balancer": ["b1", "b2"]}
# By name of a case: variables, groups, and whose rules they are
CASES: dict[str, tuple[dict[str, object], dict[str, object], str]] = {
    "worker": ({}, {}, "w1"),
    "master": ({}, {}, "m1"),
    "ports": ({**PORTS, "flannel_backend": {"Type": "vxlan", "VNI": 7}}, {}, "w1"),
    "sources": (SOURCES, {}, "w1"),
    "balanced": (VIP, {"groups": TWO}, "w1"),
    "balancer": ({**VIP, **SOURCES}, {"groups": TWO}, "b1"),
}
PROGRAM = """
import json, sys
sys.path.insert(0, sys.argv[1])
import changes
print(json.dumps([changes.Cluster(variables, context)._lines("firewall", host) for variables, context, host in json.loads(sys.argv[2])]))
"""
PODS = "to_this_host"


@functools.cache
def described() -> dict[str, list[str]]:
    """What the role wants of a host, by case."""
    command = [sys.executable, "-c", PROGRAM, str(pathlib.Path(__file__).parent), json.dumps(list(CASES.values()))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return dict(zip(CASES, json.loads(done.stdout), strict=True))


@functools.cache
def rules(case: str) -> str:
    (found,) = (line for line in described()[case] if line.startswith("template packet-filter.nft.j2"))
    return found


def chain(case: str, name: str) -> list[str]:
    text = rules(case).partition(f"chain {name} {{")[2].partition("    }\n")[0]
    return [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]


@pytest.mark.parametrize("case", ["worker", "master", "ports", "sources"])
def test_ports_between_hosts_come_first_and_whatever_is_asked_for(case: str) -> None:
    assert chain(case, "between_hosts") == [
        "tcp dport { 2379-2380 } counter reject with icmpx admin-prohibited",
        "udp dport { 8472 } counter reject with icmpx admin-prohibited",
    ]
    assert chain(case, PODS)[2:4] == ["ct direction reply accept", "jump between_hosts"]
    assert chain(case, "to_other_hosts")[2:] == ["ct direction reply accept", "ip daddr @hosts jump between_hosts"]


@pytest.mark.parametrize(("case", "own"), [("worker", "10250"), ("master", "6443, 10250")])
def test_own_pods_reach_every_other_port_and_those_of_others_what_is_for_pods(case: str, own: str) -> None:
    assert chain(case, PODS)[4:] == [
        "iifname cni0 accept",
        "ct state established,related accept",
        "meta l4proto { icmp, ipv6-icmp } accept",
        f"tcp dport {{ {own} }} accept",
        "counter reject with icmpx admin-prohibited",
    ]


def test_with_a_list_own_pods_reach_no_more_than_those_of_others() -> None:
    assert chain("ports", PODS) == [
        "type filter hook input priority filter - 10; policy accept;",
        "iifname != { cni0, flannel.7 } accept",
        "ct direction reply accept",
        "jump between_hosts",
        "ct state established,related accept",
        "meta l4proto { icmp, ipv6-icmp } accept",
        "tcp dport { 9100, 10250 } accept",
        "udp dport { 53 } accept",
        "counter reject with icmpx admin-prohibited",
    ]


def test_node_ports_have_rules_only_while_they_are_limited() -> None:
    assert "10.7.0.0/16" in rules("sources") and chain("sources", "after_redirection")
    assert "redirection" not in rules("worker").replace("have been redirected", "")


def test_the_balancers_own_protocol_and_address_are_for_hosts() -> None:
    assert chain("balanced", "between_hosts")[-1] == "meta l4proto 112 counter reject with icmpx admin-prohibited"
    assert "192.0.2.99" in rules("balanced").partition("elements = {")[2].partition("}")[0]


def test_a_host_without_pods_has_no_rules() -> None:
    lines = described()["balancer"]
    at = lines.index('name: "barehost-packet-filter.service"')
    assert 'state: "stopped"' in lines[at : at + 5]
    assert 'path: "/etc/barehost/packet-filter.nft"' in lines
    assert 'state: "ignored"' in lines
    assert any(line.startswith("absent: ") and "/etc/barehost/packet-filter.nft" in line for line in lines)
