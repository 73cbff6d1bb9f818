# SPDX-License-Identifier: GPL-3.0-or-later
"""Which ports of their own host pods reach, where cluster_pod_host_ports names them."""

from __future__ import annotations

import collections.abc as c
import json
import pathlib

import pytest

from . import checks, open_ports
from .driver import Cluster, eventually
from .setups import converged_hosts

pytestmark = pytest.mark.long
MASTER, MINION = "k8s.master.dev", "k8s.minion1.dev"
ADDRESSES = {MASTER: "192.168.200.100", MINION: "192.168.200.101"}
UNIT, TABLE, RULES = "barehost-packet-filter.service", "inet barehost", "/etc/barehost/packet-filter.nft"
FIREWALL = ("playbooks/site.yml", "--tags", "firewall")
SSH, NAMED, OTHER, KUBELET = ALL = [22, 9100, 9999, 10250]


def named(*ports: str) -> tuple[str, str]:
    return ("-e", json.dumps({"cluster_pod_host_ports": ports}))


@pytest.fixture(scope="module")
def pair(request: pytest.FixtureRequest, artefacts: pathlib.Path) -> c.Iterator[Cluster]:
    """With two ports at which something listens on each host."""
    folder = artefacts / "pod-host-ports"
    folder.mkdir()
    with converged_hosts("two-node", session=request.session, artefacts=folder) as cluster:
        eventually(lambda: checks.all_ready(cluster, ADDRESSES), deadline=90, wanted="the nodes are ready")
        checks.start_probes(cluster, ADDRESSES)
        for host in ADDRESSES:
            listen(cluster, host)
        yield cluster


def listen(cluster: Cluster, host: str) -> None:
    for port in (NAMED, OTHER):
        cluster.on(host, f"systemd-run --unit=page-{port} --collect python3 -m http.server {port} --directory /mnt")


def reached(cluster: Cluster, host: str) -> list[int]:
    """Which ports of its own host a pod reaches."""
    return connected(cluster, host, ADDRESSES[host], ALL)


def connected(cluster: Cluster, host: str, address: str, ports: list[int]) -> list[int]:
    """Which of these TCP ports take a connection of a pod on a host."""
    return open_ports.seen_from(cluster, host, {address: {"tcp": ports, "udp": []}}, pod=checks.probe(host))[address]["tcp"]


def of_each(cluster: Cluster) -> list[list[int]]:
    return [reached(cluster, host) for host in ADDRESSES]


def services_work(cluster: Cluster) -> None:
    """Names, the API by its service, which is on the pod's own host for that of the master, and a NodePort of the pod's own host."""
    checks.names_are_found(cluster, ADDRESSES)
    checks.logs_are_read(cluster, ADDRESSES)
    service = cluster.kubectl_json("get", "service", "kubernetes")["spec"]["clusterIP"]
    for host, address in ADDRESSES.items():
        page = f"http://{address}:{checks.GUESTBOOK_PORT}/"
        assert "<form" in checks.in_probe(cluster, host, "wget", "-q", "-T", "5", "-O", "-", page)
        assert connected(cluster, host, service, [443]) == [443]


def test_without_a_list_a_pod_reaches_all_ports_of_its_host(pair: Cluster) -> None:
    eventually(lambda: of_each(pair) == [ALL] * 2, deadline=30, wanted="all ports")


def test_with_a_list_it_reaches_those_and_what_is_for_pods(pair: Cluster) -> None:
    before = checks.start_times(pair, ADDRESSES)
    foretold = pair.playbook(*FIREWALL, *named(f"{NAMED}/tcp"), "--check")
    done = pair.playbook(*FIREWALL, *named(f"{NAMED}/tcp"))
    assert done.actions() == foretold.actions()
    assert {action[1:] for action in done.actions()} == {("file", "write", RULES), ("unit", "reload", UNIT)}
    assert of_each(pair) == [[NAMED, KUBELET]] * 2
    services_work(pair)
    assert checks.start_times(pair, ADDRESSES) == before
    checks.nothing_changes(pair, ADDRESSES, *named(f"{NAMED}/tcp"))


def test_with_an_empty_list_whatever_is_reloaded_opens_nothing(pair: Cluster) -> None:
    pair.playbook(*FIREWALL, *named())
    for command in ("true", *checks.MAKES_RULES_ANEW):
        pair.on(MINION, command)
        assert {port for ports in of_each(pair) for port in ports} <= {KUBELET}, command
        eventually(lambda: of_each(pair) == [[KUBELET]] * 2, deadline=60, wanted=f"the kubelet alone after {command}")
    services_work(pair)
    pair.lab("stop", MINION)
    pair.lab("start", MINION)
    listen(pair, MINION)
    eventually(lambda: checks.all_ready(pair, ADDRESSES), deadline=120, wanted="the nodes are ready after a boot")
    eventually(lambda: of_each(pair) == [[KUBELET]] * 2, deadline=120, wanted="the kubelet alone after a boot")
    eventually(lambda: services_work(pair) is None, deadline=60, wanted="services work after a boot")


def test_kube_proxy_with_iptables(pair: Cluster) -> None:
    pair.playbook("playbooks/site.yml", "-e", "minion_proxy_mode=iptables", *named())
    assert of_each(pair) == [[KUBELET]] * 2
    eventually(lambda: services_work(pair) is None, deadline=60, wanted="services work")
    pair.playbook("playbooks/site.yml", *named())


@pytest.mark.parametrize("what", ["delete", "flush"])
def test_a_table_that_somebody_has_removed_or_emptied_comes_back(pair: Cluster, what: str) -> None:
    pair.on(MINION, f"nft {what} table {TABLE}")
    assert reached(pair, MINION) == ALL
    run = pair.playbook(*FIREWALL, *named())
    assert [action[1:] for action in run.actions()] == [("unit", "restart", UNIT)]
    assert reached(pair, MINION) == [KUBELET]


def test_without_the_list_all_ports_are_open_again(pair: Cluster) -> None:
    pair.playbook(*FIREWALL)
    assert of_each(pair) == [ALL] * 2
    checks.nothing_changes(pair, ADDRESSES)
