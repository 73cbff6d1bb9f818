# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told of a cluster: as it was recorded, with hosts away, with the API down, and with answers that no host of ours would give."""

from __future__ import annotations

import pathlib
import re
import typing as t

import pytest
from recorded_clusters import FAULTY, MASTER, MINION, Recorded, of_hosts

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor import asked, registry
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.request import facts_for, request
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._report import page, screen
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._report.connections import Connection, connections
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._report.essentials import Essential, essentials, since
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._report.host_view import HostView
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._report.view import View

THREE = ["m1", "m2", "m3"]
REFUSED = {"ready": False, "fault": "Connection refused", "listens": False, "gaps": []}


def host(view: View, name: str) -> HostView:
    return next(one for one in view.hosts if one.name == name)


def essential(view: View, subject: str) -> Essential:
    return next(one for one in essentials(view) if one.subject == subject)


def test_what_the_lab_told() -> None:
    view = Recorded().view()
    master, faulty = host(view, MASTER), host(view, FAULTY)
    assert (master.state, master.member, master.apiserver, master.node) == ("warning", "leader", "ready", "ready")
    assert (faulty.state, faulty.node) == ("error", "not ready")
    assert [group.title for group in view.groups] == ["master, etcd", "minion"]
    assert master.processors and master.memory_size and master.disks and master.system.startswith("CentOS")
    assert view.leader == MASTER and view.leaders == {"kube-controller-manager": MASTER, "kube-scheduler": MASTER}
    assert view.versions["node"] == {"1.37.1": 4} and view.versions["etcd"] == {"3.7.2": 1}
    assert view.units and view.units[0].name == "kubelet.service" and view.units[0].others == (f"{FAULTY}: inactive (dead)",)
    assert essential(view, "nodes") == Essential("nodes", "3 of 4 ready; 8 pods", "error")
    assert essential(view, "hosts") == Essential("hosts", "4 of 4 answer", "")
    assert essential(view, "API").text.startswith("https://192.168.200.100:6443; 1 of 1 ready; leaders: controller-manager: ")
    assert essential(view, "backup") == Essential("backup", "none", "warning")


def test_a_host_that_is_away_is_known_by_what_others_tell() -> None:
    recorded = Recorded()
    recorded.silent = {MINION: "does not answer: No route to host"}
    view = recorded.view()
    assert (host(view, MINION).state, host(view, MINION).node, host(view, MINION).kubelet) == ("away", "ready", "1.37.1")
    assert essential(view, "hosts") == Essential("hosts", f"3 of 4 answer; away: {MINION}", "error")


def test_the_only_master_is_away() -> None:
    recorded = Recorded()
    recorded.silent = {MASTER: "does not answer: timed out"}
    view = recorded.view()
    assert host(view, MINION).node == "unknown" and view.pods is None
    assert essential(view, "API").text.endswith("0 of 1 (1 unknown) ready")
    assert essential(view, "etcd").text == "0 of 1 (1 unknown) members serve; leader: none"
    assert {one.severity for one in essentials(view) if one.subject in ("API", "etcd", "nodes")} == {"error"}


def test_the_api_is_down() -> None:
    recorded = Recorded()
    recorded.hosts[MASTER]["facts"]["control_plane"] = dict(REFUSED)
    view = recorded.view()
    assert host(view, MASTER).apiserver == "not ready" and host(view, MASTER).member == "leader"
    assert essential(view, "API") == Essential("API", "https://192.168.200.100:6443; 0 of 1 ready", "error")
    assert essential(view, "nodes").text == "0 of 4 (4 unknown) ready"


def test_one_of_three_masters_is_down() -> None:
    recorded = of_hosts({"etcd": THREE, "master": THREE, "minion": ["w1"]})
    recorded.hosts["m2"]["facts"]["control_plane"] = dict(REFUSED)
    recorded.hosts["m2"]["facts"]["etcd"]["own"].update(members=None, fault="refused")
    view = recorded.view()
    assert essential(view, "API").severity == "warning" and "2 of 3 ready" in essential(view, "API").text
    assert essential(view, "etcd") == Essential("etcd", essential(view, "etcd").text, "warning")
    assert host(view, "m2").member == "silent" and host(view, "m3").member == "follower"


def test_two_of_three_members_are_down() -> None:
    recorded = of_hosts({"etcd": THREE, "master": ["m1"], "minion": ["w1"]})
    recorded.silent = {"m2": "does not answer", "m3": "does not answer"}
    assert essential(recorded.view(), "etcd").severity == "error"


def test_certificates_that_end() -> None:
    recorded = Recorded()
    entry = recorded.hosts[MASTER]["facts"]["certificates"]["entries"][0]
    entry.update(state="due", days_left=12)
    assert essential(recorded.view(), "certificates").severity == "warning"
    entry.update(state="expired", days_left=-2)
    found = essential(recorded.view(), "certificates")
    assert found.severity == "error" and "the first has ended: /etc/etcd/pki/member.crt" in found.text


def test_what_was_not_asked_is_not_told() -> None:
    recorded = Recorded()
    recorded.options = {"groups": "hosts,machine"}
    for told in recorded.hosts.values():
        told["facts"] = {"machine": told["facts"]["machine"]}
    view = recorded.view()
    assert [one.subject for one in essentials(view)] == ["hosts"]
    assert {(one.member, one.apiserver, one.node) for one in view.hosts} == {("", "", "")}
    assert "Members of etcd" not in page.page(view) and not [line for line in screen.lines(view) if "unknown" in line]


def test_a_host_that_was_left_out() -> None:
    recorded = Recorded()
    recorded.left_out = (MINION,)
    view = recorded.view()
    assert host(view, MINION).state == "left out" and essential(view, "hosts").text == "3 of 4 answer"


GROUPS = sorted(Recorded().hosts[MASTER]["facts"])
STRANGE: list[t.Any] = [
    None,
    [],
    "text",
    7,
    {},
    {"own": None},
    {"own": {"members": []}},
    {"ready": True},
    {"directories": [{}]},
    {"units": [{}]},
]


@pytest.mark.parametrize("strange", STRANGE, ids=str)
@pytest.mark.parametrize("group", GROUPS)
def test_a_strange_answer_costs_no_more_than_itself(group: str, strange: t.Any) -> None:
    recorded = Recorded()
    recorded.hosts[MASTER]["facts"][group] = strange
    view = recorded.view()
    assert "<h2>Hosts</h2>" in page.page(view) and MINION in "".join(screen.lines(view))


NUMBERS: list[t.Any] = ["x", None, float("nan"), float("inf"), -1, 10**400, {}]


@pytest.mark.parametrize("value", NUMBERS, ids=str)
def test_strange_numbers(value: t.Any) -> None:
    recorded = Recorded()
    facts = recorded.hosts[MASTER]["facts"]
    facts["machine"].update(processors=value, load=value, uptime=value, memory={"MemTotal": value, "MemAvailable": value})
    facts["etcd"]["own"].update(size=value, quota=value, applied=value)
    facts["control_plane"].update(pods_of_nodes={MASTER: value})
    for directory in facts["disks"]["directories"]:
        directory.update(size=value, free=value, used=value)
    for unit in facts["units"]["units"]:
        unit["restarts"] = value
    view = recorded.view()
    assert page.page(view) and screen.lines(view)


def connected(groups: dict[str, list[str]], **variables: t.Any) -> tuple[View, dict[str, Connection]]:
    view = of_hosts(groups, variables).view()
    return view, {f"{one.port} {one.purpose.split(',')[0]}": one for one in connections(view)}


def test_who_asks_whom_with_one_master() -> None:
    view, found = connected({"etcd": ["e1"], "master": ["m1"], "minion": ["w1", "w2"]})
    assert [group.title for group in view.groups] == ["master", "etcd", "minion"]
    assert found["6443/tcp the Kubernetes API"][2:] == ((0,), (0, 2), True, True)
    assert found["2379/tcp etcd"][2:] == ((1,), (0, 1), False, False)
    assert found["10250/tcp the kubelet"].answering == (0, 2)
    assert found["30000-32767/tcp and udp services with a NodePort"][2:] == ((0, 2), (), True, True)


@pytest.mark.parametrize(("sources", "outside"), [(["192.0.2.1"], False), (["203.0.113.7"], True)])
def test_whether_others_reach_node_ports(sources: list[str], *, outside: bool) -> None:
    _view, found = connected({"etcd": ["m1"], "master": ["m1"], "minion": ["w1"]}, cluster_node_port_sources=sources)
    assert found["30000-32767/tcp and udp services with a NodePort"].outside is outside


def test_who_asks_whom_behind_balancers() -> None:
    groups = {"etcd": THREE, "master": THREE, "balancer": ["b1", "b2"], "minion": ["w1"]}
    view, found = connected(groups, cluster_api_endpoint_host="192.0.2.200")
    assert [group.title for group in view.groups] == ["balancer", "master, etcd", "minion"]
    apis = [one for one in connections(view) if one.port == "6443/tcp"]
    assert [one[2:] for one in apis] == [((1,), (0,), True, True), ((0,), (1, 2), True, True)]
    assert found["VRRP Keepalived"][2:] == ((0,), (0,), False, False)


def test_the_screen_reads_no_roles() -> None:
    """Which would take longer than all else that it does."""
    text = (pathlib.Path(__file__).parents[3] / "playbooks/status.yml").read_text(encoding="utf-8")
    groups = re.search(r"doctor_groups \| default\('([a-z,-]+)'\)", text)
    assert groups and f"Default: {groups[1]}." in text
    known = registry.checks()
    assert not asked.follow_from_roles(facts_for(request({"groups": groups[1]}, known), known))
    assert asked.follow_from_roles(facts_for(request({}, known), known))


def test_what_is_asked_without_roles_needs_none() -> None:
    cluster = of_hosts({"etcd": ["m1"], "master": ["m1"], "minion": ["m1"]}).cluster
    host = asked.Host(cluster, "m1", {}, {}, "/var/lib/etcd", "flannel.1")
    alone = [group for group in asked.groups() if not asked.follow_from_roles([group])]
    assert set(asked.payload(host, alone)["asked"]) == set(alone)


@pytest.mark.parametrize(
    ("seconds", "told"), [(-5, "0 seconds"), (90, "90 seconds"), (150, "2 minutes"), (7200, "2 hours"), (10 * 86400, "10 days")]
)
def test_times(seconds: float, told: str) -> None:
    assert since(seconds) == told
