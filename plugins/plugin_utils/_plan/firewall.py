# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans firewalld: its permanent and its runtime configuration must both hold exactly our services.

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

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds.firewall_xml import OURS, PREFIX, rule_text
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import firewall_service
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlanContext, PlannedAction

KIND = "firewall"
TRUSTED = "trusted"
# ipset's own limit; firewalld applies it with nftables too
_SET_NAME_LENGTH = 31
_SSH, _SSH_PORT = f"{PREFIX}ssh", 22
_SIDES = ("permanent", "runtime")


@dataclasses.dataclass(frozen=True)
class _Wanted:
    zones: dict[str, tuple[frozenset[str], dict[str, dict[str, str]]]]  # the services and the rules of each
    services: dict[str, dict[str, t.Any]]
    ipsets: dict[str, dict[str, t.Any]]
    rules: dict[str, dict[str, str]]
    interfaces: tuple[str, ...]


def plan(item: dict[str, t.Any], state: dict[str, t.Any], context: PlanContext) -> list[PlannedAction]:
    """The actions that bring both sides to the item. If firewalld does not run, only the permanent side is known."""
    given = item.get("services", [])
    # A user may describe it, with sources.
    services = given if any(service["name"] == _SSH for service in given) else [*given, *_ssh(state["ssh_ports"])]
    wanted = _resolve({**item, "services": services}, state)
    sides = {side: state[side] for side in _SIDES if state[side] is not None}
    return [
        *_plan_definitions("service", wanted.services, sides),
        *_plan_definitions("ipset", wanted.ipsets, sides),
        *_plan_zones(wanted, sides),
        *_plan_interfaces(wanted, sides),
        *_plan_removals("service", wanted.services, sides),
        *_plan_removals("ipset", wanted.ipsets, sides),
    ]


def _ssh(ports: list[int]) -> list[dict[str, t.Any]]:
    """A service for logins on other ports than 22, which zones let in as shipped: else the next login would be refused."""
    others = [f"{port}/tcp" for port in ports if port != _SSH_PORT]
    return [{"name": _SSH, "description": "logins by ssh, on the ports of this host's sshd", "ports": others}] if others else []


def _resolve(item: dict[str, t.Any], state: dict[str, t.Any]) -> _Wanted:
    services, ipsets, rules = {}, {}, {}
    plain = set()
    for service in item.get("services", []):
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
    return _Wanted(zones, services, ipsets, rules, tuple(item.get("trusted_interfaces", [])))


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
    views = [state[side] for side in _SIDES if state[side] is not None]
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
        "entries": [_entry(network) for network in networks],
    }


def _entry(network: t.Any) -> str:
    """The entry as firewalld stores it: a single address has no prefix length."""
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)


def _plan_definitions(noun: str, wanted: dict[str, dict[str, t.Any]], sides: dict[str, t.Any]) -> list[PlannedAction]:
    """Services or sets that must exist. The runtime needs a reload for them, except for the entries of a set that it has."""
    actions = []
    for name, definition in wanted.items():
        found = {side: view[f"{noun}s"].get(name) for side, view in sides.items()}
        change = _Change.between({side: _text(noun, value) for side, value in found.items()}, _text(noun, definition))
        if not change.sides:
            continue
        runtime = found.get("runtime")
        tellable = noun == "ipset" and runtime is not None and {**runtime, "entries": []} == {**definition, "entries": []}
        data = {
            "name": name,
            noun: definition,
            "permanent": "permanent" in change.sides,
            "runtime": "runtime" in change.sides,
            "reload": "runtime" not in sides or ("runtime" in change.sides and not tellable),
        }
        actions.append(change.action("write", f"{noun} {name}", data))
    return actions


def _plan_removals(noun: str, wanted: dict[str, dict[str, t.Any]], sides: dict[str, t.Any]) -> list[PlannedAction]:
    actions = []
    for name in sorted({name for view in sides.values() for name in view[f"{noun}s"]} - set(wanted)):
        change = _Change.between({side: _text(noun, view[f"{noun}s"].get(name)) for side, view in sides.items()}, "")
        data = {
            "name": name,
            "remove": f"{noun}s",
            "permanent": "permanent" in change.sides,
            "runtime": "runtime" in change.sides,
            "reload": "runtime" not in sides or "runtime" in change.sides,
        }
        actions.append(change.action("remove", f"{noun} {name}", data))
    return actions


def _plan_zones(wanted: _Wanted, sides: dict[str, t.Any]) -> list[PlannedAction]:
    """One action for each service that a zone must start or stop to let in."""
    actions = []
    zones = {*wanted.zones, *(zone for view in sides.values() for zone in view["zones"])}
    for zone in sorted(zones, key=lambda zone: (zone not in wanted.zones, zone)):
        goal = _Lines.of(*wanted.zones.get(zone, ((), ())))
        found = {side: _Lines.of(*_zone_parts(view, zone)) for side, view in sides.items()}
        for name in sorted({name for lines in (goal, *found.values()) for name in lines.by_name}):
            change = _Change.between({side: lines.text(name) for side, lines in found.items()}, goal.text(name))
            if not change.sides:
                continue
            edits = {side: _edit(found[side].by_name.get(name, ()), goal.by_name.get(name, ()), wanted.rules) for side in change.sides}
            operation = "add" if goal.text(name) else "remove"
            actions.append(change.action(operation, f"zone {zone}: {name}", _zone_data({zone: edits}, sides)))
    return actions


def _plan_interfaces(wanted: _Wanted, sides: dict[str, t.Any]) -> list[PlannedAction]:
    """An interface belongs to one zone, so it leaves all others. An interface that is no longer wanted stays: it may be somebody else's."""
    actions = []
    for interface in wanted.interfaces:
        holders = {
            side: [zone for zone, parts in view["zones"].items() if interface in parts["interfaces"]] for side, view in sides.items()
        }
        change = _Change.between({side: _lines([f"zone {zone}" for zone in zones]) for side, zones in holders.items()}, f"zone {TRUSTED}\n")
        if not change.sides:
            continue
        zones: dict[str, dict[str, t.Any]] = {TRUSTED: {side: {"add_interfaces": [interface]} for side in change.sides}}
        for zone in holders["permanent"] if "permanent" in change.sides else []:
            if zone != TRUSTED:
                zones[zone] = {"permanent": {"remove_interfaces": [interface]}}
        actions.append(change.action("add", f"zone {TRUSTED}: {interface}", _zone_data(zones, sides)))
    return actions


def _zone_parts(view: dict[str, t.Any], zone: str) -> tuple[list[str], list[str]]:
    parts = view["zones"].get(zone, {"services": [], "rules": []})
    return parts["services"], parts["rules"]


def _zone_data(zones: dict[str, dict[str, t.Any]], sides: dict[str, t.Any]) -> dict[str, t.Any]:
    """What the host needs: the edits of each zone on either side. If the runtime is not known yet, it is reloaded."""
    complete = {zone: {side: edits.get(side, {}) for side in _SIDES} for zone, edits in zones.items()}
    return {"zones": complete, "permanent": any(edits["permanent"] for edits in complete.values()), "reload": "runtime" not in sides}


def _edit(found: t.Iterable[str], goal: t.Iterable[str], rules: dict[str, dict[str, str]]) -> dict[str, t.Any]:
    add, gone = [line for line in goal if line not in found], [line for line in found if line not in goal]
    return {
        "add_services": [line.removeprefix(_PLAIN) for line in add if line.startswith(_PLAIN)],
        "remove_services": [line.removeprefix(_PLAIN) for line in gone if line.startswith(_PLAIN)],
        "add_rules": [rules[line] for line in add if not line.startswith(_PLAIN)],
        "remove_rules": [line for line in gone if not line.startswith(_PLAIN)],
    }


_PLAIN = "service "


class _Lines:
    """What a zone lets in, as lines, grouped by the service or set that a line names."""

    def __init__(self) -> None:
        self.by_name: dict[str, tuple[str, ...]] = {}

    @classmethod
    def of(cls, services: t.Iterable[str], rules: t.Iterable[str]) -> _Lines:
        lines = cls()
        for service in sorted(services):
            lines._add(service, f"{_PLAIN}{service}")
        for rule in sorted(rules):
            names = OURS.findall(rule)
            lines._add(names[-1], rule)
        return lines

    def _add(self, name: str, line: str) -> None:
        self.by_name[name] = (*self.by_name.get(name, ()), line)

    def text(self, name: str) -> str:
        return _lines(self.by_name.get(name, ()))


@dataclasses.dataclass(frozen=True)
class _Change:
    """How the text found on each side differs from the wanted one."""

    sides: tuple[str, ...]
    reason: str
    before: str
    after: str

    @classmethod
    def between(cls, found: dict[str, str], wanted: str) -> _Change:
        sides = tuple(side for side, text in found.items() if text != wanted)
        before, after = dict(found), dict.fromkeys(found, wanted)
        faults = [f"{_fault(found[side], wanted)} in firewalld's {side} configuration" for side in sides]
        if len(set(found.values())) == 1:
            return cls(sides, _fault(next(iter(found.values())), wanted), next(iter(before.values())), wanted)
        return cls(sides, ", ".join(faults), _by_side(before), _by_side(after))

    def action(self, operation: str, target: str, data: dict[str, t.Any]) -> PlannedAction:
        return PlannedAction(
            kind=KIND, operation=operation, target=target, reason=self.reason, before=self.before, after=self.after, data=data
        )


def _fault(found: str, wanted: str) -> str:
    if not found:
        return "missing"
    return "differs" if wanted else "no longer wanted"


def _by_side(texts: dict[str, str]) -> str:
    return "".join(f"{side}:\n" + "".join(f"  {line}\n" for line in text.splitlines()) for side, text in texts.items())


def _lines(lines: t.Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _text(noun: str, definition: dict[str, t.Any] | None) -> str:
    """A service or set as text for the operator. Equal texts mean equal definitions."""
    if definition is None:
        return ""
    if noun == "service":
        parts = ("ports", "protocols", "other")
        head = [f"short: {definition['short']}", f"description: {definition['description']}"]
        return _lines([*head, *(f"{part}: {' '.join(sorted(definition[part]))}" for part in parts if definition[part])])
    options = [f"{key}: {value}" for key, value in sorted(definition["options"].items())]
    entries = sorted({_entry_text(entry) for entry in definition["entries"]})
    return _lines([f"type: {definition['type']}", *options, "entries:", *(f"  {entry}" for entry in entries)])


def _entry_text(entry: str) -> str:
    try:
        return _entry(ipaddress.ip_network(entry, strict=False))
    except ValueError:
        return entry
