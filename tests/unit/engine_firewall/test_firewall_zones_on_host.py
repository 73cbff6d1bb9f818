# SPDX-License-Identifier: GPL-3.0-or-later
"""F32: the zones of interfaces while firewalld does not run, from its files and NetworkManager's. Runs on Python 3.9 too."""

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import firewall_zones
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import commands

CONFIGURED = {
    "internal": {"interfaces": ["eth1", "eth3"], "sources": ["10.0.0.0/8"]},
    "public": {"interfaces": [], "sources": []},
}


def put(root: pathlib.Path, path: str, text: str) -> None:
    place = root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, encoding="utf-8")


def test_network_manager_tells_a_zone_after_firewalld_has_read_its_own(tmp_path: pathlib.Path) -> None:
    profiles = "etc/NetworkManager/system-connections"
    put(tmp_path, f"{profiles}/a.nmconnection", "[connection]\nid=a\ninterface-name=eth1\nzone=work\n[ipv4]\nmethod=auto\n")
    put(tmp_path, f"{profiles}/b.nmconnection", "[connection]\nid=b\nuuid=1234\nzone=home\n")
    put(tmp_path, f"{profiles}/c.nmconnection", "[connection]\ninterface-name=eth4\n")
    put(tmp_path, f"{profiles}/broken.nmconnection", "interface-name=eth5\nzone=home\n")
    put(tmp_path, "run/NetworkManager/devices/3", "[device]\nmanaged=1\nconnection-uuid=1234\n")
    put(tmp_path, "sys/class/net/eth2/ifindex", "3\n")
    found = firewall_zones.of_files(CONFIGURED, root=tmp_path)
    assert found["interfaces"] == {"eth1": "work", "eth2": "home", "eth3": "internal"}
    assert found["sources"] == {"10.0.0.0/8": "internal"}


def test_the_zones_of_a_running_firewalld() -> None:
    active = {"internal": {"interfaces": ["eth1"], "sources": ["10.0.0.0/8"]}, "trusted": {"interfaces": ["cni0"]}}
    assert firewall_zones.of_running(active) == {
        "interfaces": {"eth1": "internal", "cni0": "trusted"},
        "sources": {"10.0.0.0/8": "internal"},
    }


def test_the_interfaces_that_have_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    output = (
        "2: eth0.7    inet 192.0.2.1/24 brd 192.0.2.255 scope global eth0.7\\       valid_lft forever\n"
        "9: veth1@if2    inet 192.0.2.1/32 scope global veth1\\ valid_lft forever\n"
    )
    monkeypatch.setattr(firewall_zones, "run", lambda argv: commands.Completed(0, output, ""))
    assert firewall_zones.with_address("192.0.2.1") == ["eth0.7", "veth1"]
    assert firewall_zones.with_address("") == []
