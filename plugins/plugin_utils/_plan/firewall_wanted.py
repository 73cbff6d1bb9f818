# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host's firewall shall have, by its item in a component, and by what firewalld has bound to zones.

An item is the whole wanted state of everything whose name begins with ``barehost-``:

``services``            ``[{name, description, ports: ["6443/tcp"], protocols: ["vrrp"], sources: ["192.168.200.0/24"]}]``;
                        without sources from anywhere
``trusted_interfaces``  interfaces of the zone trusted
``zone``                where the services are let in; empty: the zones that ``address``, ``interfaces`` and ``peers`` lead to, else the
                        default zone
``address``             the address of the host for the others: the interface that has it brings their packets
``interfaces``          further interfaces that do
``peers``               the addresses of the others: firewalld looks at sources before interfaces
"""

from __future__ import annotations

import dataclasses
import hashlib
import ipaddress
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds.firewall_xml import PREFIX, rule_text
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import firewall_service
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError

TRUSTED = "trusted"
SIDES = ("permanent", "runtime")
# ipset's own limit; firewalld applies it with nftables too
_SET_NAME_LENGTH = 31
_SSH, _SSH_PORT = f"{PREFIX}ssh", 22


@dataclasses.dataclass(frozen=True)
class Wanted:
    zones: dict[str, tuple[frozenset[str], dict[str, dict[str, str]]]]  # the services and the rules of each
    services: dict[str, dict[str, t.Any]]
    ipsets: dict[str, dict[str, t.Any]]
    rules: dict[str, dict[str, str]]
    interfaces: tuple[str, ...]


def resolve(item: dict[str, t.Any], state: dict[str, t.Any]) -> Wanted:
    """What an item comes to on this host. Raises PlanError."""
    given = item.get("services", [])
    # A user may describe it, with sources.
    described = given if any(service["name"] == _SSH for service in given) else [*given, *_ssh(state["ssh_ports"])]
    services, ipsets, rules = {}, {}, {}
    plain = set()
    for service in described:
        name = service["name"]
        services[name] = _service(service)
        sources = _sources(service.get("sources") or [])
        if not sources:
            plain.add(name)
        for family, networks in sources.items():
            rule = {"family": family, "service": name}
            if all(network.prefixlen for network in networks):
                rule["ipset"] = set_name(name, family=family)
                ipsets[rule["ipset"]] = _ipset(family, networks)
            rules[rule_text(**rule)] = rule
    zones = {zone: (frozenset(plain), rules) for zone in _zones(item, state)}
    if _SSH in plain:
        # Logins may come through another interface than the others' packets.
        for zone in _filtering_zones(state) - set(zones):
            zones[zone] = (frozenset({_SSH}), {})
    return Wanted(zones, services, ipsets, rules, tuple(item.get("trusted_interfaces", [])))


def _ssh(ports: list[int]) -> list[dict[str, t.Any]]:
    """A service for logins on other ports than 22, which zones let in as shipped: else the next login would be refused."""
    others = [f"{port}/tcp" for port in ports if port != _SSH_PORT]
    return [{"name": _SSH, "description": "logins by ssh, on the ports of this host's sshd", "ports": others}] if others else []


def _zones(item: dict[str, t.Any], state: dict[str, t.Any]) -> set[str]:
    """Where packets for the services come to. The zone trusted lets in everything, so it needs no service."""
    given, default = item.get("zone"), state["default_zone"]
    interfaces = [*state["with_address"], *(name for name in item.get("interfaces", []) if name not in state["with_address"])]
    zones = {name: state["bound"]["interfaces"].get(name, default) for name in interfaces}
    others = {zone for source, zone in state["bound"]["sources"].items() if any(_covers(source, peer) for peer in item.get("peers", []))}
    if not given:
        return ({*zones.values(), *others} or {default}) - {TRUSTED}
    for name, zone in zones.items():
        if zone not in (given, TRUSTED):
            raise PlanError(
                f"the interface {name} is in firewalld's zone {zone}, but the services would be let in in the zone {given}, where no "
                f"packet of it comes to: write `firewall_zone: {zone}`, or leave it empty, or move the interface by "
                f"`firewall-cmd --permanent --zone={given} --change-interface={name}`"
            )
    return {given}


def _filtering_zones(state: dict[str, t.Any]) -> set[str]:
    """All zones that packets come to, without those that let in everything, such as Docker's."""
    used = {state["default_zone"], *state["bound"]["interfaces"].values(), *state["bound"]["sources"].values()} - {TRUSTED}
    views = [state[side] for side in SIDES if state[side] is not None]
    return {zone for zone in used if not any(view["zones"].get(zone, {}).get("target") == "ACCEPT" for view in views)}


def _covers(source: str, peer: str) -> bool:
    """Whether a source of a zone has the address. One of another kind, such as a set or a hardware address, is not known to."""
    try:
        return ipaddress.ip_address(peer) in ipaddress.ip_network(source, strict=False)
    except ValueError:
        return False


def _service(service: dict[str, t.Any]) -> dict[str, t.Any]:
    wrong = firewall_service.fault(service)
    if wrong:
        raise PlanError(wrong)
    name, ports, protocols = service["name"], service.get("ports") or [], service.get("protocols") or []
    return {
        "short": name,
        "description": service.get("description", "").strip(),
        "ports": sorted(set(ports)),
        "protocols": sorted(set(protocols)),
        "other": [],
    }


def set_name(service: str, *, family: str) -> str:
    """The name of the set that holds the service's sources: the service's name, shortened if it is too long for ipset."""
    name = service if family == "ipv4" else f"{service}-6"
    if len(name) <= _SET_NAME_LENGTH:
        return name
    return f"{name[: _SET_NAME_LENGTH - 7]}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"


def _sources(sources: list[str]) -> dict[str, list[t.Any]]:
    """The networks by family, without those inside another one, because firewalld refuses overlapping entries."""
    found: dict[str, list[t.Any]] = {}
    for source in sources:
        network = ipaddress.ip_network(source)
        found.setdefault(f"ipv{network.version}", []).append(network)
    return {
        family: sorted({net for net in networks if not any(net != other and net.subnet_of(other) for other in networks)})
        for family, networks in sorted(found.items())
    }


def _ipset(family: str, networks: list[t.Any]) -> dict[str, t.Any]:
    return {
        "type": "hash:net",
        "options": {} if family == "ipv4" else {"family": "inet6"},
        "entries": [entry(network) for network in networks],
    }


def entry(network: t.Any) -> str:
    """The entry as firewalld stores it: a single address has no prefix length."""
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)
