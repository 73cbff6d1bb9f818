# SPDX-License-Identifier: GPL-3.0-or-later
"""The chain to a node: each link is the first broken one when what is its own is wrong, and nothing is where all is well."""

from __future__ import annotations

import collections.abc as c

import pytest
from doctor_situation import Situation, faults

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor import registry
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._explain import chain, links, node
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._explain.chain import Explanation

FAULTS = faults()
LINKS = [
    "host",
    "machine",
    "clock",
    "runtime",
    "CRI",
    "kubelet",
    "certificates",
    "firewall",
    "API",
    "controllers",
    "registered",
    "flannel",
    "CNI",
    "services",
    "ready",
]
# By the fault that the doctor knows by this id: the link that it breaks for the node w1.
BREAKS = {
    "host-away": "host",
    "host-without-root": "host",
    "machine-memory-gone": "machine",
    "disk-full": "machine",
    "disk-read-only": "machine",
    "kernel-setting-differs": "machine",
    "kernel-swap-on": "machine",
    "names-address-missing": "machine",
    "node-pressure": "machine",
    "time-off": "clock",
    "runtime-docker-silent": "runtime",
    "runtime-docker-old": "runtime",
    "runtime-cri-silent": "CRI",
    "unit-down": "kubelet",
    "unit-masked": "kubelet",
    "unit-unhealthy": "kubelet",
    "kubelet-silent": "kubelet",
    "kubelet-blind": "kubelet",
    "firewall-panic": "firewall",
    "firewall-differs": "firewall",
    "api-endpoint-away": "API",
    "node-missing": "registered",
    "node-address-differs": "registered",
    "pod-network-no-subnet": "flannel",
    "pod-network-no-tunnel": "flannel",
    "pod-network-mtu": "flannel",
    "pod-network-no-way": "flannel",
    "pod-network-cut": "flannel",
    "runtime-network-missing": "CNI",
    "runtime-network-of-others": "CNI",
    "pod-network-bridge-differs": "CNI",
    "pod-network-proxy-silent": "services",
    "pod-network-service-silent": "services",
    "pod-network-names-silent": "services",
    "node-not-ready": "ready",
}
# Of another host, or of what a node can do without.
BREAKS_NOTHING = ("etcd-backup-old", "certificate-due", "unit-not-enabled", "kernel-reboot-due", "node-cordoned", "kernel-setting-at-boot")
REFUSED = {"ready": False, "fault": "Connection refused", "listens": False, "gaps": []}


def unit(situation: Situation, host: str, name: str, **changes: object) -> None:
    next(one for one in situation.groups[host]["units"]["units"] if one["name"] == name).update(changes)


def stopped(situation: Situation, host: str, name: str, *journal: str) -> None:
    unit(situation, host, name, active="inactive", state="dead", journal=list(journal))


def explained(situation: Situation, host: str = "w1") -> Explanation:
    return node.explain(node.View(host, situation.facts(), situation.verdict().findings))


def first(explanation: Explanation) -> str:
    return explanation.first.name if explanation.first else ""


def not_ready(situation: Situation, fault: str = "Ready=Unknown (NodeStatusUnknown): Kubelet stopped posting node status.") -> None:
    next(one for one in situation.groups["m1"]["control_plane"]["nodes"] if one["name"] == "w1")["fault"] = fault


def test_nothing_is_broken_where_all_is_well() -> None:
    for host in ("m1", "w1", "w2"):
        found = explained(Situation(), host)
        assert [one.name for one in found.states] == LINKS
        assert {one.state for one in found.states} == {chain.WELL}
        assert (found.well, found.failing, found.first) == (True, False, None)
        assert chain.lines(found)[0] == f"{host} is ready"


@pytest.mark.parametrize("identifier", BREAKS)
def test_a_fault_breaks_its_link(identifier: str) -> None:
    situation = Situation()
    FAULTS[identifier].change(situation)
    found = explained(situation)
    assert first(found) == BREAKS[identifier], chain.lines(found)
    assert FAULTS[identifier].remedy in " ".join(chain.lines(found))
    assert found.failing


@pytest.mark.parametrize("identifier", BREAKS)
def test_it_is_found_where_the_node_is_not_ready(identifier: str) -> None:
    situation = Situation()
    if identifier != "node-missing":
        not_ready(situation)
    FAULTS[identifier].change(situation)
    assert first(explained(situation)) == BREAKS[identifier]


@pytest.mark.parametrize("identifier", BREAKS_NOTHING)
def test_what_concerns_another_or_can_wait_breaks_no_link(identifier: str) -> None:
    situation = Situation()
    FAULTS[identifier].change(situation)
    assert first(explained(situation)) == ""


def test_every_error_that_a_link_has_is_a_check() -> None:
    assert links.ids() <= set(registry.checks())
    assert {BREAKS[identifier] for identifier in BREAKS} >= set(LINKS) - {"certificates", "controllers"}, "each link needs a fault"


@pytest.mark.parametrize(
    ("name", "link"),
    [
        ("docker.service", "runtime"),
        ("cri-docker.service", "CRI"),
        ("kubelet.service", "kubelet"),
        ("flanneld.service", "flannel"),
        ("kube-proxy.service", "services"),
    ],
)
def test_the_journal_of_exactly_that_unit_is_shown(name: str, link: str) -> None:
    situation = Situation()
    for other in ("docker.service", "kubelet.service", "flanneld.service"):
        unit(situation, "w1", other, journal=[f"of {other}"])
    stopped(situation, "w1", name, "why it ended")
    found = explained(situation)
    assert first(found) == link
    assert [line for line in chain.lines(found) if line.startswith("  | ")] == ["  | why it ended"]
    assert f"  → `systemctl start {name}`" in chain.lines(found)


def test_the_api_is_down() -> None:
    """The chain before it is judged by what the host says, and the master's service is what is shown."""
    situation = Situation()
    situation.groups["m1"]["control_plane"] = dict(REFUSED)
    situation.groups["w1"]["node"]["api"] = "Connection refused"
    stopped(situation, "m1", "kube-apiserver.service", "it ended")
    found = explained(situation)
    assert first(found) == "API"
    assert "m1: kube-apiserver.service is inactive" in chain.summary(found)
    states = {one.name: one.state for one in found.states}
    assert states["kubelet"] == chain.WELL and states["ready"] == chain.UNKNOWN and states["controllers"] == chain.UNKNOWN
    stopped(situation, "w1", "docker.service")
    assert first(explained(situation)) == "runtime", "what comes before the API is found without it"
    assert [one.name for one in explained(situation).others] == ["API"]


def test_etcd_is_what_stops_the_api() -> None:
    situation = Situation()
    situation.groups["m1"]["control_plane"] = dict(REFUSED)
    situation.groups["w1"]["node"]["api"] = "Connection refused"
    stopped(situation, "m1", "etcd.service")
    unit(situation, "m1", "kube-apiserver.service", health="http: 500")
    found = explained(situation)
    assert first(found) == "API"
    assert [cause.found.split()[0] for cause in found.first.causes] == ["etcd.service"] if found.first else False


def test_the_master_is_away() -> None:
    situation = Situation()
    situation.silent["m1"] = "does not answer: no route"
    situation.groups["w1"]["node"]["api"] = "timed out"
    found = explained(situation)
    assert first(found) == "API" and "m1: does not answer" in chain.summary(found)


def test_another_master_that_is_down_breaks_no_link_of_a_node_that_reaches_the_api() -> None:
    situation = Situation()
    situation.cluster["masters"] = ["m1", "w2"]
    situation.groups["w2"]["control_plane"] = dict(REFUSED)
    assert first(explained(situation)) == ""


def test_no_controller_manager() -> None:
    situation = Situation()
    situation.groups["m1"]["control_plane"]["leaders"][0].update(alive=False)
    stopped(situation, "m1", "kube-controller-manager.service", "it ended")
    found = explained(situation)
    assert first(found) == "controllers" and "  | it ended" in chain.lines(found)
    # the scheduler is none of the node's needs
    other = Situation()
    other.groups["m1"]["control_plane"]["leaders"][1].update(alive=False)
    stopped(other, "m1", "kube-scheduler.service")
    assert first(explained(other)) == ""


@pytest.mark.parametrize("state", ["expired", "not valid yet", "missing"])
def test_a_certificate(state: str) -> None:
    situation = Situation()
    not_ready(situation)
    situation.groups["w1"]["certificates"]["entries"][0].update(state=state)
    unit(situation, "w1", "kubelet.service", health="http: 500", journal=["x509: it has expired"])
    found = explained(situation)
    # the kubelet fails because of it, and that is no cause of its own
    assert first(found) == "certificates", chain.lines(found)
    assert {one.name: one.state for one in found.states}["kubelet"] == chain.BROKEN
    assert "  | x509: it has expired" in chain.lines(found)


def test_a_certificate_that_differs_counts_where_the_node_is_not_ready() -> None:
    situation = Situation()
    situation.groups["w1"]["certificates"]["entries"][0].update(state="differs", differences=["its issuer is another"])
    assert first(explained(situation)) == ""
    not_ready(situation)
    assert first(explained(situation)) == "certificates"


def test_what_is_not_known_counts_as_broken() -> None:
    situation = Situation()
    situation.gaps["w1"]["runtime"] = "it did not end in time"
    found = explained(situation)
    assert first(found) == "runtime" and found.failing
    assert "it is not known: it did not end in time" in " ".join(chain.lines(found))


def test_a_host_that_limit_has_left_out() -> None:
    situation = Situation()
    situation.left_out = ("w1",)
    found = explained(situation)
    assert first(found) == "host" and "--limit" in chain.summary(found)


def test_a_node_that_is_not_ready_for_no_reason_that_is_known_shows_its_conditions() -> None:
    situation = Situation()
    not_ready(situation, "Ready=False (KubeletNotReady): PLEG is not healthy")
    unit(situation, "w1", "kubelet.service", journal=["PLEG was last seen 3 m ago"])
    conditions = [
        {"type": "Ready", "status": "False", "reason": "KubeletNotReady", "message": "PLEG is not healthy"},
        {"type": "DiskPressure", "status": "False", "reason": "KubeletHasNoDiskPressure", "message": "kubelet has no disk pressure"},
    ]
    events = [
        {"type": "Warning", "reason": "ContainerGCFailed", "message": "rpc error", "count": 7, "seconds": 12},
        {"type": "Normal", "reason": "Starting", "message": "", "count": 1, "seconds": 300},
    ]
    told = {"fault": "", "conditions": conditions, "taints": [], "events": events}
    situation.groups["m1"]["subject"] = {"ready": True, "fault": "", "node": told, "pod": None, "near": []}
    shown = [line for line in chain.lines(explained(situation)) if line.startswith("  | ")]
    assert shown == [
        "  | Ready=False (KubeletNotReady): PLEG is not healthy",
        "  | ContainerGCFailed, 12 s ago, 7 times: rpc error",
        "  | PLEG was last seen 3 m ago",
    ]


def test_a_full_disk_that_a_node_does_not_need_breaks_no_link() -> None:
    situation = Situation()
    boot = {**situation.groups["w1"]["disks"]["directories"][0], "path": "/boot", "purpose": "boot", "device": 77, "mount": "/boot"}
    situation.groups["w1"]["disks"]["directories"].append({**boot, "free": 0, "used": boot["size"]})
    assert [one.check.id for one in situation.findings()] == ["disk-full"]
    assert first(explained(situation)) == ""


def test_of_two_nodes_the_one_that_asks_looks_at_itself() -> None:
    """As flannel 0.28.9 leaves it after its interface was deleted. The other node is well, which tells whose fault it is."""
    situation = Situation()
    for host in ("m1", "w1"):
        peers = situation.groups[host]["pod_network"]["peers"]
        peers[:] = [peer for peer in peers if peer["name"] != "w2"]
    situation.left_out = ("w2",)
    situation.groups["w1"]["pod_network"]["peers"][0]["known"] = False
    unit(situation, "w1", "flanneld.service", journal=["its interface was deleted"])
    assert [(one.check.id, one.host) for one in situation.findings() if one.check.severity == "error"] == [("pod-network-no-way", "w1")]
    found = explained(situation)
    assert first(found) == "flannel" and "  | its interface was deleted" in chain.lines(found)
    assert "w1: flannel: it has no way to m1" in chain.summary(found)
    assert first(explained(situation, "m1")) == ""


PAIRS = [(one, other) for one in ("docker.service", "kubelet.service", "flanneld.service") for other in ("time-off", "disk-full")]


@pytest.mark.parametrize(("name", "identifier"), PAIRS)
def test_the_first_of_two_is_told_first_and_the_other_is_named(name: str, identifier: str) -> None:
    situation = Situation()
    FAULTS[identifier].change(situation)
    stopped(situation, "w1", name)
    lines = chain.lines(explained(situation))
    assert lines[1].startswith(f"First broken link: {BREAKS[identifier]} ")
    assert any(line.startswith("Broken, too: ") and name in line for line in lines), lines


def test_no_link_has_what_is_an_error_of_nobody() -> None:
    def known() -> c.Iterator[str]:
        for link in (*links.BEFORE_THE_API, *links.BEHIND_THE_API):
            yield from link.ids

    wrong = [identifier for identifier in known() if registry.checks()[identifier].severity != "error"]
    assert wrong == []
