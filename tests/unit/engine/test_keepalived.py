# SPDX-License-Identifier: GPL-3.0-or-later
"""What Keepalived is told: a password that VRRP can carry, an interface where the virtual address fits."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import keepalived

FACTS: dict[str, t.Any] = {
    "ansible_interfaces": ["lo", "eth0", "br-lan"],
    "ansible_lo": {"ipv4": {"address": "127.0.0.1", "netmask": "255.0.0.0"}},
    "ansible_eth0": {"ipv4": {"address": "198.51.100.7", "netmask": "255.255.255.0"}},
    "ansible_br_lan": {
        "ipv4": {"address": "192.0.2.100", "netmask": "255.255.255.255"},
        "ipv4_secondaries": [{"address": "192.0.2.11", "netmask": "255.255.255.0"}],
    },
}


def test_password() -> None:
    assert keepalived.authentication("abcDEF12").splitlines() == ["authentication {", "    auth_type PASS", "    auth_pass abcDEF12", "}"]


@pytest.mark.parametrize("password", ["", "nine9chars", "two words", "a}b", "pass\n", "gr\u00fcn"])
def test_a_password_that_vrrp_cannot_carry_is_not_told(password: str) -> None:
    with pytest.raises(ValueError, match="1 to 8 letters") as caught:
        keepalived.authentication(password)
    assert not password or password not in str(caught.value)


def test_interface_of_an_address_beside_another() -> None:
    assert keepalived.interface_of(FACTS, "192.0.2.11", "192.0.2.100") == "br-lan"


def test_address_of_nobody() -> None:
    with pytest.raises(ValueError, match="no interface has the address"):
        keepalived.interface_of(FACTS, "192.0.2.12", "192.0.2.100")


def test_virtual_address_of_another_network() -> None:
    with pytest.raises(ValueError, match=r"outside 198\.51\.100\.0/24, the network on eth0"):
        keepalived.interface_of(FACTS, "198.51.100.7", "192.0.2.100")
