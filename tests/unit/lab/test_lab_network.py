# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses of cables, and the rules that cut them."""

from __future__ import annotations

from barelab import network


def test_hardware_addresses_are_local_and_differ() -> None:
    found = {network.mac(f"192.168.200.{byte}") for byte in range(2, 255)}
    assert len(found) == 253
    assert network.mac("192.168.200.100") == "02:00:c0:a8:c8:64"
    assert all(int(address[:2], 16) & 0b11 == 0b10 for address in found), "locally administered, not multicast"


def test_a_cut_holds_in_both_directions() -> None:
    rules = network.cut_rules([("10.1.2.3", "10.1.2.4")]).splitlines()
    assert "add rule bridge lab cut iifname host3 oifname host4 drop" in rules
    assert "add rule bridge lab cut iifname host4 oifname host3 drop" in rules


def test_rules_replace_those_that_were_there() -> None:
    rules = network.cut_rules([]).splitlines()
    assert rules.index("delete table bridge lab") < rules.index("add chain bridge lab cut { type filter hook forward priority 0; }")
    assert not [rule for rule in rules if rule.startswith("add rule")]


def test_the_lab_is_entered_without_hiding_the_cgroups() -> None:
    assert network.inside(["ls", "-l"]) == ["nsenter", f"--net=/run/netns/{network.NAMESPACE}", "--", "ls", "-l"]
