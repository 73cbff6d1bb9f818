# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Keepalived's configuration is made of besides its template: the shared password, the interface of the virtual address."""

from __future__ import annotations

import ipaddress
import re
import typing as t


def authentication(password: str) -> str:
    """What balancers know each other by, as a file that Keepalived includes. Raises ValueError, which does not tell the password."""
    if not re.fullmatch(r"[A-Za-z0-9]{1,8}", password):
        raise ValueError(
            "it is not 1 to 8 letters and digits, which is all that VRRP carries; shorten it, or leave it out to have one made"
        )
    return f"authentication {{\n    auth_type PASS\n    auth_pass {password}\n}}\n"


def interface_of(facts: t.Mapping[str, t.Any], address: str, virtual: str) -> str:
    """The interface with this address, by Ansible's facts of the network. Raises ValueError unless the virtual address fits there."""
    for name in facts.get("ansible_interfaces", []):
        for entry in _addresses(facts, name):
            if entry.get("address") == address:
                _check_network(virtual, f"{address}/{entry['netmask']}", name)
                return str(name)
    raise ValueError(f"no interface has the address {address} of this balancer; correct node_address or ansible_host in the inventory")


def _addresses(facts: t.Mapping[str, t.Any], name: str) -> list[dict[str, t.Any]]:
    fact = facts.get(f"ansible_{re.sub('[^A-Za-z0-9_]', '_', name)}") or {}
    return [fact.get("ipv4") or {}, *fact.get("ipv4_secondaries", [])]


def _check_network(virtual: str, address: str, interface: str) -> None:
    network = ipaddress.ip_network(address, strict=False)
    if ipaddress.ip_address(virtual) not in network:
        raise ValueError(
            f"the virtual address {virtual} is outside {network}, the network on {interface}, so nobody there would find it; "
            "set cluster_api_endpoint_host to a free address of that network"
        )
