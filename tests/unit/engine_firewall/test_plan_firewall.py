# SPDX-License-Identifier: GPL-3.0-or-later
"""The planner of firewalld: what is drift, what is foreign, and what needs a reload."""

from __future__ import annotations

import copy
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan import firewall, firewall_wanted
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlanContext, PlannedAction

CONTEXT = PlanContext(component="firewall", now=0.0)
RULE = 'rule family="ipv4" source ipset="barehost-etcd" service name="barehost-etcd" accept'
ETCD = {
    "name": "barehost-etcd",
    "description": "etcd, for its members and masters",
    "ports": ["2380/tcp", "2379/tcp"],
    "sources": ["192.0.2.10", "192.0.2.11/32"],
}
API = {"name": "barehost-kube-apiserver", "description": "the API", "ports": ["6443/tcp"], "sources": []}
ITEM = {"services": [ETCD, API], "trusted_interfaces": ["cni0"], "zone": ""}


def _view() -> dict[str, t.Any]:
    return {
        "services": {
            "barehost-etcd": {
                "short": "barehost-etcd",
                "description": ETCD["description"],
                "ports": ["2379/tcp", "2380/tcp"],
                "protocols": [],
                "other": [],
            },
            "barehost-kube-apiserver": {
                "short": "barehost-kube-apiserver",
                "description": "the API",
                "ports": ["6443/tcp"],
                "protocols": [],
                "other": [],
            },
        },
        "ipsets": {"barehost-etcd": {"type": "hash:net", "options": {}, "entries": ["192.0.2.11", "192.0.2.10"]}},
        "zones": {
            "public": {"services": ["barehost-kube-apiserver"], "rules": [RULE], "interfaces": ["eth0"]},
            "trusted": {"services": [], "rules": [], "interfaces": ["cni0"]},
        },
    }


def _state(*, running: bool = True) -> dict[str, t.Any]:
    state = {"installed": True, "running": running, "default_zone": "public", "permanent": _view(), "runtime": None, "ssh_ports": [22]}
    state |= {"bound": {"interfaces": {"eth0": "public", "cni0": "trusted"}, "sources": {}}, "with_address": ["eth0"]}
    return {**state, "runtime": _view()} if running else state


def _plan(state: dict[str, t.Any], item: dict[str, t.Any] | None = None) -> list[PlannedAction]:
    item = ITEM if item is None else item
    before = copy.deepcopy((item, state))
    actions = firewall.plan(item, state, CONTEXT)
    assert (item, state) == before, "the planner changed its input"
    return actions


@pytest.mark.parametrize("running", [True, False])
def test_nothing_to_do_when_both_sides_hold_what_is_wanted(running: bool) -> None:
    assert _plan(_state(running=running)) == []


def test_a_bare_host_is_told_everything_and_needs_a_reload_if_firewalld_runs_by_then() -> None:
    state = _state(running=False)
    state["permanent"] = {"services": {}, "ipsets": {}, "zones": {}}
    actions = _plan(state)
    assert [action.target for action in actions] == [
        "service barehost-etcd",
        "service barehost-kube-apiserver",
        "ipset barehost-etcd",
        "zone public: barehost-etcd",
        "zone public: barehost-kube-apiserver",
        "zone trusted: cni0",
    ]
    assert {action.reason for action in actions} == {"missing"}
    assert all(action.data["reload"] and action.after and not action.before for action in actions)


@pytest.mark.parametrize("side", ["permanent", "runtime"])
@pytest.mark.parametrize(
    ("drift", "target", "edit"),
    [
        (lambda view: view["zones"]["public"]["services"].clear(), "zone public: barehost-kube-apiserver", "add_services"),
        (lambda view: view["zones"]["public"]["rules"].clear(), "zone public: barehost-etcd", "add_rules"),
        (lambda view: view["zones"]["trusted"]["interfaces"].clear(), "zone trusted: cni0", "add_interfaces"),
        (lambda view: view["zones"]["public"]["services"].append("barehost-old"), "zone public: barehost-old", "remove_services"),
        (lambda view: view["zones"]["public"]["rules"].append(RULE + " log"), "zone public: barehost-etcd", "remove_rules"),
    ],
)
def test_drift_on_one_side_is_mended_there_only_and_without_a_reload(side: str, drift: t.Any, target: str, edit: str) -> None:
    state = _state()
    drift(state[side])
    (action,) = _plan(state)
    assert action.target == target
    assert action.reason.endswith(f"in firewalld's {side} configuration")
    (edits,) = action.data["zones"].values()
    other = "runtime" if side == "permanent" else "permanent"
    assert edits[side][edit]
    assert edits[other] == {}
    assert action.data["permanent"] is (side == "permanent")
    assert not action.data["reload"]
    assert action.before != action.after


def test_a_changed_service_needs_a_reload_where_it_runs() -> None:
    state = _state()
    state["runtime"]["services"]["barehost-etcd"]["ports"].append("22/tcp")
    (action,) = _plan(state)
    assert (action.target, action.data["permanent"], action.data["reload"]) == ("service barehost-etcd", False, True)
    assert "ports: 22/tcp 2379/tcp 2380/tcp" in action.before
    assert "22/tcp" not in action.after.replace("2379/tcp", "")


def test_an_entry_of_a_set_is_told_without_a_reload_but_its_type_is_not() -> None:
    state = _state()
    state["runtime"]["ipsets"]["barehost-etcd"]["entries"].append("203.0.113.9")
    (action,) = _plan(state)
    assert (action.target, action.data["reload"]) == ("ipset barehost-etcd", False)
    state["runtime"]["ipsets"]["barehost-etcd"]["type"] = "hash:ip"
    (action,) = _plan(state)
    assert action.data["reload"]


def test_what_the_item_no_longer_names_is_removed_from_the_zone_before_its_definition() -> None:
    actions = _plan(_state(), {**ITEM, "services": [API]})
    assert [(action.operation, action.target) for action in actions] == [
        ("remove", "zone public: barehost-etcd"),
        ("remove", "service barehost-etcd"),
        ("remove", "ipset barehost-etcd"),
    ]
    assert all(action.before and not action.after for action in actions)


def test_another_zone_is_cleared_when_the_services_move() -> None:
    state = _state()
    state["default_zone"] = "internal"
    del state["bound"]["interfaces"]["eth0"]
    targets = [(action.operation, action.target) for action in _plan(state)]
    assert targets == [
        ("add", "zone internal: barehost-etcd"),
        ("add", "zone internal: barehost-kube-apiserver"),
        ("remove", "zone public: barehost-etcd"),
        ("remove", "zone public: barehost-kube-apiserver"),
    ]


def test_a_trusted_interface_is_taken_out_of_the_zone_that_has_it() -> None:
    state = _state()
    for view in (state["permanent"], state["runtime"]):
        view["zones"]["trusted"]["interfaces"] = []
        view["zones"]["public"]["interfaces"].append("cni0")
    (action,) = _plan(state)
    assert action.data["zones"]["public"]["permanent"] == {"remove_interfaces": ["cni0"]}
    assert action.data["zones"]["trusted"]["runtime"] == {"add_interfaces": ["cni0"]}
    assert (action.before, action.after) == ("zone public\n", "zone trusted\n")


def test_sources_become_one_set_for_each_family_without_overlaps() -> None:
    service = {**ETCD, "sources": ["192.0.2.0/24", "192.0.2.7", "2001:db8::/64", "198.51.100.1/32"]}
    actions = {action.target: action for action in _plan(_state(running=False), {**ITEM, "services": [service, API]})}
    assert actions["ipset barehost-etcd"].data["ipset"]["entries"] == ["192.0.2.0/24", "198.51.100.1"]
    assert actions["ipset barehost-etcd-6"].data["ipset"] == {
        "type": "hash:net",
        "options": {"family": "inet6"},
        "entries": ["2001:db8::/64"],
    }


def test_a_whole_family_is_a_rule_without_a_set() -> None:
    service = {"name": "barehost-vrrp", "description": "VRRP", "protocols": ["vrrp"], "sources": ["0.0.0.0/0"]}
    actions = {action.target: action for action in _plan(_state(), {**ITEM, "services": [ETCD, API, service]})}
    assert set(actions) == {"service barehost-vrrp", "zone public: barehost-vrrp"}
    assert actions["zone public: barehost-vrrp"].after == 'rule family="ipv4" service name="barehost-vrrp" accept\n'


@pytest.mark.parametrize("service", ["barehost-etcd", "barehost-kube-controller-manager", "barehost-kube-controller-managers"])
@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
def test_a_set_name_fits_and_keeps_the_mark(service: str, family: str) -> None:
    name = firewall_wanted.set_name(service, family=family)
    assert name.startswith("barehost-")
    assert len(name) <= 31


def test_set_names_of_different_services_differ() -> None:
    services = ("barehost-kube-controller-manager", "barehost-kube-controller-managers")
    assert len({firewall_wanted.set_name(service, family=family) for service in services for family in ("ipv4", "ipv6")}) == 4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "etcd"}, "'etcd': its name must begin with 'barehost-'"),
        ({"ports": ["2379"]}, "'2379' is not a port; write 6443/tcp"),
        ({"ports": []}, "has neither ports nor protocols"),
        ({"sources": ["192.0.2.300"]}, "source '192.0.2.300' is not a network"),
    ],
)
def test_a_wrong_service_is_refused_by_name(change: dict[str, t.Any], message: str) -> None:
    with pytest.raises(PlanError, match=message.replace("(", r"\(")):
        _plan(_state(), {**ITEM, "services": [{**ETCD, **change}]})


def test_f7_another_port_of_sshd_is_opened_before_the_firewall_runs() -> None:
    state = {**_state(running=False), "ssh_ports": [22, 2222]}
    actions = {(action.operation, action.target): action for action in _plan(state)}
    assert actions["write", "service barehost-ssh"].data["service"]["ports"] == ["2222/tcp"]
    assert ("add", "zone public: barehost-ssh") in actions


def test_what_a_user_says_of_ssh_counts() -> None:
    own = {"name": "barehost-ssh", "description": "ssh", "ports": ["2222/tcp"], "sources": ["192.0.2.0/24"]}
    actions = _plan({**_state(running=False), "ssh_ports": [2222]}, {**ITEM, "services": [*ITEM["services"], own]})
    assert "zone public: barehost-ssh" in {action.target for action in actions}
    assert [action.data["ipset"]["entries"] for action in actions if action.target == "ipset barehost-ssh"] == [["192.0.2.0/24"]]


NICS = {"interfaces": {"eth0": "public", "eth1": "internal", "docker0": "docker"}, "sources": {}}


def _zones_with(service: str, state: dict[str, t.Any], item: dict[str, t.Any]) -> set[str]:
    targets = {action.target for action in _plan({**state, "permanent": {"services": {}, "ipsets": {}, "zones": {}}}, item)}
    return {target.split()[1].rstrip(":") for target in targets if target.startswith("zone ") and target.endswith(f" {service}")}


@pytest.mark.parametrize(
    ("state", "item", "zones"),
    [
        ({"with_address": ["eth1"]}, {}, {"internal"}),
        ({"with_address": ["eth1"]}, {"interfaces": ["eth0"]}, {"internal", "public"}),
        ({"with_address": ["eth1"]}, {"interfaces": ["eth2"]}, {"internal", "public"}),  # in no zone: the default one
        ({"with_address": []}, {}, {"public"}),
        ({"with_address": ["cni0"], "bound": {"interfaces": {"cni0": "trusted"}, "sources": {}}}, {}, set()),
        (
            {
                "with_address": ["eth0"],
                "bound": {"interfaces": {}, "sources": {"192.0.2.0/24": "work", "ipset:x": "home", "10.0.0.1": "dmz"}},
            },
            {"peers": ["192.0.2.10"]},
            {"public", "work"},
        ),
        ({"with_address": ["eth1"]}, {"zone": "internal"}, {"internal"}),
    ],
)
def test_f32_services_are_let_in_where_the_packets_of_the_others_come_to(
    state: dict[str, t.Any], item: dict[str, t.Any], zones: set[str]
) -> None:
    state = {**_state(running=False), "bound": NICS, **state}
    item = {**ITEM, "trusted_interfaces": [], **item}
    assert _zones_with("barehost-etcd", state, item) == _zones_with("barehost-kube-apiserver", state, item) == zones


def test_f32_a_zone_without_the_interface_is_refused() -> None:
    with pytest.raises(PlanError, match=r"eth1 is in firewalld's zone internal, .* in the zone public.*write `firewall_zone: internal`"):
        _plan({**_state(), "bound": NICS, "with_address": ["eth1"]}, {**ITEM, "zone": "public"})


def test_f32_logins_are_let_in_in_every_zone_that_does_not_let_in_all() -> None:
    state = {**_state(running=False), "bound": NICS, "with_address": ["eth1"], "ssh_ports": [2222]}
    state["permanent"]["zones"]["docker"] = {"services": [], "rules": [], "interfaces": ["docker0"], "target": "ACCEPT"}
    zones = {action.target for action in _plan(state) if action.target.endswith(": barehost-ssh") and action.operation == "add"}
    assert zones == {"zone internal: barehost-ssh", "zone public: barehost-ssh"}
