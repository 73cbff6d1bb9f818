# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which zone of firewalld a packet comes to: by its source, else by the interface, else the default zone (firewalld.zones(5))."""

from __future__ import annotations

import pathlib
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import run

# Profiles of NetworkManager and its state of devices, by which it tells firewalld the zone of an interface (nm-settings-nmcli(5)).
_PROFILES = ("etc/NetworkManager/system-connections", "run/NetworkManager/system-connections", "usr/lib/NetworkManager/system-connections")
_DEVICES = "run/NetworkManager/devices"

Zones = dict[str, dict[str, str]]


def with_address(address: str) -> list[str]:
    """The interfaces that have the IPv4 address."""
    if not address:
        return []
    lines = run(["ip", "-4", "-oneline", "address", "show", "to", f"{address}/32"]).output.splitlines()
    return sorted({line.split()[1].partition("@")[0] for line in lines if len(line.split()) > 1})


def of_running(active: dict[str, dict[str, list[str]]]) -> Zones:
    """The zones as a running firewalld has them (its method getActiveZones)."""
    return {kind: {name: zone for zone, bound in active.items() for name in bound.get(kind, [])} for kind in ("interfaces", "sources")}


def of_files(configured: dict[str, dict[str, t.Any]], *, root: pathlib.Path) -> Zones:
    """The zones as they will be when firewalld starts: by its own files, then by NetworkManager, which tells it later."""
    interfaces = {name: zone for zone, parts in configured.items() for name in parts["interfaces"]}
    sources = {name: zone for zone, parts in configured.items() for name in parts["sources"]}
    return {"interfaces": {**interfaces, **_of_network_manager(root)}, "sources": sources}


def _of_network_manager(root: pathlib.Path) -> dict[str, str]:
    devices = _devices(root)
    found = {}
    for directory in _PROFILES:
        for path in sorted((root / directory).glob("*.nmconnection")):
            profile = _section(path, "connection")
            interface = profile.get("interface-name") or devices.get(profile.get("uuid", ""))
            if profile.get("zone") and interface:
                found[interface] = profile["zone"]
    return found


def _devices(root: pathlib.Path) -> dict[str, str]:
    """The interface that uses a profile, by the profile's number: the files are named after the index of the interface."""
    found = {}
    for path in (root / _DEVICES).glob("*"):
        uuid = _section(path, "device").get("connection-uuid")
        name = next((link.parent.name for link in (root / "sys/class/net").glob("*/ifindex") if _line(link) == path.name), None)
        if uuid and name:
            found[uuid] = name
    return found


def _section(path: pathlib.Path, name: str) -> dict[str, str]:
    """A section of a key file; empty if it cannot be read."""
    import configparser  # imported here, because a firewalld that runs is asked itself

    parser = configparser.ConfigParser(interpolation=None, strict=False, delimiters=("=",), comment_prefixes=("#",))
    try:
        parser.read_string(path.read_text(encoding="utf-8", errors="replace"))
    except (OSError, configparser.Error):
        return {}
    return dict(parser[name]) if parser.has_section(name) else {}


def _line(path: pathlib.Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
