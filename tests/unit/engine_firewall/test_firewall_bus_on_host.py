# SPDX-License-Identifier: GPL-3.0-or-later
"""firewalld is asked over D-Bus, or by busctl where that gives no answer: the same is found, as recorded from firewalld 2.3."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import firewall, firewall_ssh
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import commands, system_bus
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

RULE = 'rule family="ipv4" source ipset="barehost-kubelet" service name="barehost-kubelet" accept'
# By method and argument: what busctl prints as ``data``.
PRINTED: dict[tuple[str, ...], t.Any] = {
    ("NameHasOwner", firewall.BUS_NAME): True,
    ("getDefaultZone",): "public",
    ("getActiveZones",): {"trusted": {"interfaces": ["cni0"], "sources": []}, "public": {"interfaces": ["host0"], "sources": []}},
    ("listServices",): ["barehost-kubelet", "ssh"],
    ("getIPSets",): ["barehost-kubelet", "theirs"],
    ("getServiceSettings2", "barehost-kubelet"): {
        "short": {"type": "s", "data": "barehost-kubelet"},
        "ports": {"type": "a(ss)", "data": [["10250", "tcp"]]},
        "modules": {"type": "as", "data": ["of", "others"]},
    },
    ("getIPSetSettings", "barehost-kubelet"): ["", "", "", "hash:net", {"family": "inet"}, ["192.168.200.100"]],
    ("getZoneSettings2", "public"): {
        "target": {"type": "s", "data": "default"},
        "services": {"type": "as", "data": ["ssh", "barehost-kubelet"]},
        "rules_str": {"type": "as", "data": [RULE]},
        "forward": {"type": "b", "data": True},
    },
    ("getZoneSettings2", "trusted"): {"target": {"type": "s", "data": "ACCEPT"}, "interfaces": {"type": "as", "data": ["cni0"]}},
}
FOUND = {
    "services": {
        "barehost-kubelet": {
            "short": "barehost-kubelet",
            "description": "",
            "ports": ["10250/tcp"],
            "protocols": [],
            "other": ['modules: ["of", "others"]'],
        }
    },
    "ipsets": {"barehost-kubelet": {"type": "hash:net", "options": {"family": "inet"}, "entries": ["192.168.200.100"]}},
    "zones": {
        "public": {"services": ["barehost-kubelet"], "target": "default", "interfaces": [], "rules": [RULE]},
        "trusted": {"services": [], "target": "ACCEPT", "interfaces": ["cni0"], "rules": []},
    },
}


@pytest.fixture
def started(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The methods for which a process was started. firewalld has no files here."""
    methods: list[str] = []

    def run(argv: list[str], **_options: t.Any) -> commands.Completed:
        if argv[0] == "ip":
            return commands.Completed(0, "", "")
        _name, _path, _interface, method, *arguments = argv[argv.index("call") + 1 :]
        methods.append(method)
        return commands.Completed(0, json.dumps({"type": "?", "data": [PRINTED[(method, *arguments[1:])]]}), "")

    monkeypatch.setattr(commands, "run", run)
    monkeypatch.setattr(firewall, "ROOT", tmp_path)
    monkeypatch.setattr(firewall_ssh, "ports", list)
    return methods


def answers(*asked: str) -> list[t.Any]:
    """As the client of the bus returns it: a variant is what it holds."""
    printed = PRINTED[asked[3:]]
    if asked[3].endswith("Settings2"):
        return [{key: value["data"] for key, value in printed.items()}]
    return [printed]


def test_a_look_starts_no_process(started: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_bus, "ask", answers)
    (found,) = firewall.collect([{}])
    assert found["runtime"] == FOUND
    assert found["default_zone"] == "public"
    assert found["bound"] == {"interfaces": {"cni0": "trusted", "host0": "public"}, "sources": {}}
    assert started == []


def test_without_an_answer_busctl_is_asked(started: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_asked: str) -> list[t.Any]:
        raise system_bus.NotAnswered

    monkeypatch.setattr(system_bus, "ask", answers)
    by_bus = firewall.collect([{}])
    monkeypatch.setattr(system_bus, "ask", none)
    assert firewall.collect([{}]) == by_bus
    assert sorted(started) == sorted(method for method, *_name in PRINTED)


def test_firewalld_does_not_run(started: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_bus, "ask", lambda *_asked: [False])
    (found,) = firewall.collect([{}])
    assert (found["running"], found["runtime"]) == (False, None)


def test_why_firewalld_refuses_is_told(started: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*asked: str) -> list[t.Any]:
        if asked[3] == "getZoneSettings2":
            raise system_bus.NotAnswered("INVALID_ZONE: public")
        return answers(*asked)

    monkeypatch.setattr(system_bus, "ask", refused)
    monkeypatch.setattr(commands, "run", lambda *_argv, **_options: commands.Completed(1, "", "Call failed: INVALID_ZONE: public"))
    with pytest.raises(HostError, match="firewalld refused getZoneSettings2 public: Call failed: INVALID_ZONE: public"):
        firewall.collect([{}])
