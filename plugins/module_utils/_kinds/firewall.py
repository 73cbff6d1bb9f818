# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resource kind ``firewall``: firewalld's permanent and runtime configuration.

The permanent side is files. The runtime side is asked over D-Bus, and told by ``busctl``, which takes 7 ms a call
where ``firewall-cmd`` takes 400. A reload is done only where the runtime cannot be told otherwise (new or changed
services and sets), because it drops what others changed at run time only; connections survive it either way.
firewalld itself sees a changed file after 5 s or at a reload.
"""

from __future__ import annotations

import json
import pathlib
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import firewall_ssh, firewall_zones
from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import firewall_xml as permanent
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import commands, system_bus
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

ROOT = pathlib.Path("/")
TRUSTED = "trusted"
BUS_NAME = "org.fedoraproject.FirewallD1"
BUS_PATH = "/org/fedoraproject/FirewallD1"


def collect(items: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """For each item: whether firewalld is installed and runs, its zones, and all our entries on either side."""
    return [_state(item) for item in items]


def _state(item: dict[str, t.Any]) -> dict[str, t.Any]:
    running = is_running()
    default = _ask("getDefaultZone") if running else permanent.default_zone(root=ROOT)
    zones = permanent.zone_names(root=ROOT)
    zone = item.get("zone") or default
    if zones and zone not in zones:
        raise HostError(f"firewalld has no zone {zone!r}; it has {', '.join(zones)}: create it or choose one of these")
    configured = permanent.read_permanent(root=ROOT)
    active = _ask("getActiveZones", interface="zone") if running else {}
    in_use = {zone, TRUSTED, *(name for name, parts in configured["zones"].items() if parts["services"] or parts["rules"])}
    return {
        "installed": any((ROOT / place).exists() for place in ("usr/sbin/firewalld", "usr/bin/firewalld")),
        "running": running,
        "default_zone": default,
        "permanent": configured,
        "runtime": _read_runtime({*in_use, *active}) if running else None,
        "ssh_ports": firewall_ssh.ports(),
        "bound": firewall_zones.of_running(active) if running else firewall_zones.of_files(configured["zones"], root=ROOT),
        "with_address": firewall_zones.with_address(item.get("address", "")),
    }


def is_running() -> bool:
    """Whether firewalld owns its D-Bus name. Asking does not start it."""
    asked = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "NameHasOwner")
    try:
        return system_bus.ask(*asked, BUS_NAME) == [True]
    except system_bus.NotAnswered:
        result = _busctl(*asked, "s", BUS_NAME)
        return result.ok and json.loads(result.output)["data"] == [True]


def _busctl(*arguments: str) -> commands.Completed:
    command = ["busctl", "--system", "--json=short", "--auto-start=no", f"--timeout={system_bus.TIMEOUT}", "call", *arguments]
    return commands.run(command, timeout=system_bus.TIMEOUT + 10)


def _ask(method: str, *names: str, interface: str = "") -> t.Any:
    """What a method answers that changes nothing. If the bus does not give an answer, busctl does, or says why there is none."""
    try:
        (answer,) = system_bus.ask(BUS_NAME, BUS_PATH, _interface(interface), method, *names)
    except (system_bus.NotAnswered, ValueError):
        answer = _held(_call(method, *(["s" * len(names), *names] if names else []), interface=interface)[0])
    return answer


def _held(value: t.Any) -> t.Any:
    """What busctl prints of a value, with what a variant holds in the variant's place."""
    if isinstance(value, dict):
        return _held(value["data"]) if set(value) == {"type", "data"} else {key: _held(part) for key, part in value.items()}
    return [_held(part) for part in value] if isinstance(value, list) else value


def _interface(name: str) -> str:
    return f"{BUS_NAME}.{name}" if name else BUS_NAME


def _call(method: str, *arguments: str, interface: str = "") -> list[t.Any]:
    result = _busctl(BUS_NAME, BUS_PATH, _interface(interface), method, *arguments)
    if not result.ok:
        raise HostError(
            f"firewalld refused {method} {' '.join(arguments[1:])}: {result.complaint()}",
            details="'journalctl -u firewalld' tells more; 'firewall-cmd --check-config' checks its files.",
        )
    data: list[t.Any] = json.loads(result.output)["data"] if result.output.strip() else []
    return data


def _read_runtime(zones: set[str]) -> dict[str, t.Any]:
    """Our services and sets, and the zones in use or wanted."""
    services = [name for name in _ask("listServices") if name.startswith(permanent.PREFIX)]
    ipsets = [name for name in _ask("getIPSets", interface="ipset") if name.startswith(permanent.PREFIX)]
    return {
        "services": {name: _runtime_service(name) for name in services},
        "ipsets": {name: _runtime_ipset(name) for name in ipsets},
        "zones": {name: _runtime_zone(name) for name in sorted(zones)},
    }


def _runtime_service(name: str) -> dict[str, t.Any]:
    found = _ask("getServiceSettings2", name)
    known = ("version", "short", "description", "ports", "protocols")
    return {
        "short": found.get("short", ""),
        "description": found.get("description", ""),
        "ports": [f"{port}/{protocol}" for port, protocol in found.get("ports", [])],
        "protocols": found.get("protocols", []),
        "other": [f"{key}: {json.dumps(value)}" for key, value in sorted(found.items()) if key not in known and value],
    }


def _runtime_ipset(name: str) -> dict[str, t.Any]:
    _version, _short, _description, kind, options, entries = _ask("getIPSetSettings", name, interface="ipset")
    return {"type": kind, "options": options, "entries": entries}


def _runtime_zone(name: str) -> dict[str, t.Any]:
    found = _ask("getZoneSettings2", name, interface="zone")
    return {
        "services": [service for service in found.get("services", []) if service.startswith(permanent.PREFIX)],
        "target": found.get("target", ""),
        "interfaces": found.get("interfaces", []),
        "rules": [rule for rule in found.get("rules_str", []) if permanent.OURS.search(rule)],
    }


def apply(actions: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """Writes the permanent side, then brings the runtime to it: by single calls where these are enough, else by one reload.

    Where firewalld does not run the files are all there is to do: it reads them when its unit starts.
    """
    if not permanent.zone_names(root=ROOT):
        raise HostError("firewalld is not installed (it has no zones): add the package firewalld to the component")
    _apply_permanent(actions)
    if is_running():
        _apply_runtime(actions)
    return [{} for _action in actions]


def _apply_permanent(actions: list[dict[str, t.Any]]) -> None:
    """Ordered so that no zone ever names a service or set that does not exist."""
    wanted = [action["data"] for action in actions if action["data"]["permanent"]]
    for data in wanted:
        if data.get("service"):
            permanent.write_service(data["name"], data["service"], root=ROOT)
        elif data.get("ipset"):
            permanent.write_ipset(data["name"], data["ipset"], root=ROOT)
    for zone in sorted({zone for data in wanted for zone in data.get("zones", {})}):
        permanent.edit_zone(zone, [data["zones"][zone]["permanent"] for data in wanted if zone in data.get("zones", {})], root=ROOT)
    for data in wanted:
        if data.get("remove"):
            permanent.remove(data["remove"], data["name"], root=ROOT)


def _apply_runtime(actions: list[dict[str, t.Any]]) -> None:
    if any(action["data"]["reload"] for action in actions):
        _reload()
        return
    for data in (action["data"] for action in actions):
        if data.get("ipset") and data["runtime"]:
            entries = data["ipset"]["entries"]
            _call("setEntries", "sas", data["name"], str(len(entries)), *entries, interface="ipset")
        for zone, sides in data.get("zones", {}).items():
            _tell_zone(zone, sides["runtime"])


def _reload() -> None:
    """Reloads after firewalld's own check, because a reload of a broken configuration leaves a fallback configuration."""
    result = commands.run(["firewall-offline-cmd", "--check-config"])
    if not result.ok:
        raise HostError(
            "firewalld's permanent configuration is not valid, so it was not reloaded; repair what its check names",
            details=(result.output + result.error).strip(),
        )
    _call("reload")


def _tell_zone(zone: str, change: dict[str, t.Any]) -> None:
    for service in change.get("add_services", []):
        _call("addService", "ssi", zone, service, "0", interface="zone")
    for service in change.get("remove_services", []):
        _call("removeService", "ss", zone, service, interface="zone")
    for rule in change.get("add_rules", []):
        _call("addRichRule", "ssi", zone, permanent.rule_text(**rule), "0", interface="zone")
    for text in change.get("remove_rules", []):
        _call("removeRichRule", "ss", zone, text, interface="zone")
    for interface in change.get("add_interfaces", []):
        _call("changeZoneOfInterface", "ss", zone, interface, interface="zone")
