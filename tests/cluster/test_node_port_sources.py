# SPDX-License-Identifier: GPL-3.0-or-later
"""Who reaches NodePorts and host ports: those who are named, the cluster's hosts, and their pods."""

from __future__ import annotations

import collections.abc as c
import json
import pathlib
import sys

import pytest

from . import checks
from .driver import Cluster, eventually, lab_command
from .held_connection import held
from .probing import probed_page_at_several
from .setups import converged_hosts

pytestmark = pytest.mark.long
MASTER, MINION = "k8s.master.dev", "k8s.minion1.dev"
ADDRESSES = {MASTER: "192.168.200.100", MINION: "192.168.200.101"}
# the machine of the administrator, which is no host of the cluster
OUTSIDE = "192.168.200.1"
HOST_PORT, UNIT, TABLE, RULES = 8082, "barehost-packet-filter.service", "inet barehost", "/etc/barehost/packet-filter.nft"
PAGES = [f"http://{ADDRESSES[MINION]}:{port}/" for port in (checks.GUESTBOOK_PORT, HOST_PORT)]
FIREWALL = ("playbooks/site.yml", "--tags", "firewall")


def sources(*addresses: str) -> tuple[str, str]:
    return ("-e", json.dumps({"cluster_node_port_sources": addresses}))


NOBODY_ELSE = sources(ADDRESSES[MASTER])


@pytest.fixture(scope="module")
def pair(request: pytest.FixtureRequest, artefacts: pathlib.Path) -> c.Iterator[Cluster]:
    folder = artefacts / "node-ports"
    folder.mkdir()
    with converged_hosts("two-node", session=request.session, artefacts=folder) as cluster:
        eventually(lambda: checks.all_ready(cluster, ADDRESSES), deadline=90, wanted="the nodes are ready")
        checks.start_probes(cluster, ADDRESSES)
        published = checks.web_server("web", nodeName=MINION, container={"ports": [{"containerPort": 8080, "hostPort": HOST_PORT}]})
        checks.apply(cluster, checks.pod("published", labels={"app": "published"}, spec=published))
        eventually(lambda: reached_from(cluster, "") == PAGES, deadline=90, wanted="everybody reaches both pages")
        yield cluster


def reached_from(cluster: Cluster, host: str, *, pod: bool = False) -> list[str]:
    """Which of the pages answer a host, a pod on it, or, without a name, the machine outside."""
    asked = " ".join(PAGES)
    if pod:
        script = f"for page in {asked}; do wget -q -T 2 -O /dev/null $page && echo $page; done; true"
        return checks.in_probe(cluster, host, "sh", "-c", script).split()
    script = f"for page in {asked}; do curl -s -o /dev/null --max-time 2 $page && echo $page; done; true"
    return (cluster.on(host, script) if host else cluster.lab("run", "sh", "-c", script).stdout).split()


def are_let_in(cluster: Cluster) -> None:
    """The hosts of the cluster, and pods on each."""
    reached = {host: (reached_from(cluster, host), reached_from(cluster, host, pod=True)) for host in ADDRESSES}
    assert reached == dict.fromkeys(ADDRESSES, (PAGES, PAGES))


def test_only_those_who_are_named_come_in(pair: Cluster) -> None:
    with held(lab_command("run", sys.executable), ADDRESSES[MINION], checks.GUESTBOOK_PORT) as open_before:
        foretold = pair.playbook(*FIREWALL, *NOBODY_ELSE, "--check")
        assert [action[1:3] for action in pair.playbook(*FIREWALL, *NOBODY_ELSE).actions()] == [
            action[1:3] for action in foretold.actions()
        ]
        assert reached_from(pair, "") == []
        are_let_in(pair)
        open_before.still_answers()
    assert "after_redirection" in pair.on(MINION, f"nft list table {TABLE}")
    assert not pair.playbook("playbooks/site.yml", *NOBODY_ELSE).changed


def test_whatever_is_reloaded_lets_nobody_in(pair: Cluster) -> None:
    with probed_page_at_several(pair, PAGES[0]) as node_port, probed_page_at_several(pair, PAGES[1]) as host_port:
        for command in checks.MAKES_RULES_ANEW:
            pair.on(MINION, command)
            eventually(lambda: reached_from(pair, MASTER) == PAGES, deadline=60, wanted=f"a host reaches both pages after {command}")
        pair.lab("stop", MINION)
        pair.lab("start", MINION)
        eventually(lambda: reached_from(pair, MASTER) == PAGES, deadline=120, wanted="a host reaches both pages after a boot")
    for seen in (node_port, host_port):
        assert len(seen.reads) > 100
        assert [record for record in seen.reads if record["fault"] is None] == []
    are_let_in(pair)


def test_a_table_that_somebody_has_removed_comes_back(pair: Cluster) -> None:
    pair.on(MINION, f"nft delete table {TABLE}")
    assert reached_from(pair, "") == PAGES
    run = pair.playbook(*FIREWALL, *NOBODY_ELSE)
    assert [action[1:] for action in run.actions()] == [("unit", "restart", UNIT)]
    assert reached_from(pair, "") == []


def test_another_list_is_read_without_a_gap(pair: Cluster) -> None:
    named = sources(OUTSIDE)
    with probed_page_at_several(pair, PAGES[0]) as seen:
        run = pair.playbook(*FIREWALL, *named)
        assert {action[1:] for action in run.actions()} == {("file", "write", RULES), ("unit", "reload", UNIT)}
        assert reached_from(pair, "") == PAGES
        pair.playbook(*FIREWALL, *sources(OUTSIDE, "10.7.0.0/16"))
    answered = [record["began"] for record in seen.reads if record["fault"] is None]
    assert [record for record in seen.reads if record["fault"] is not None and record["began"] > min(answered)] == []


def test_kube_proxy_with_iptables(pair: Cluster) -> None:
    """Which redirects at the same place, by rules of another kind."""
    iptables = ("-e", "minion_proxy_mode=iptables")
    pair.playbook("playbooks/site.yml", *iptables, *NOBODY_ELSE)
    eventually(lambda: reached_from(pair, MASTER) == PAGES, deadline=60, wanted="hosts reach both pages")
    are_let_in(pair)
    assert reached_from(pair, "") == []
    pair.playbook("playbooks/site.yml", *NOBODY_ELSE)


def test_without_a_list_everybody_comes_in_again(pair: Cluster) -> None:
    run = pair.playbook(*FIREWALL)
    assert {action[1:] for action in run.actions()} == {("file", "write", RULES), ("unit", "reload", UNIT)}
    assert reached_from(pair, "") == PAGES
    assert "redirection {" not in pair.on(MINION, f"nft list table {TABLE}")
    assert not pair.playbook("playbooks/site.yml").changed
