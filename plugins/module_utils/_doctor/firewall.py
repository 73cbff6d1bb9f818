# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""firewalld: what the collection wants of it, what else it lets in, and who else makes rules."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import firewall
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import nftables, system_bus
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import run
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.small_files import text_of

Object = dict[str, t.Any]

CONFIGURATION = "/etc/firewalld/firewalld.conf"
_TIMEOUT = 5.0
# Others that write rules of the same kernel.
_OTHERS = ("nftables.service", "iptables.service", "ip6tables.service", "ebtables.service", "ufw.service")
_SETTING = re.compile(r"^\s*(StrictForwardPorts|FirewallBackend|DefaultZone)\s*=\s*(\S+)", re.MULTILINE)


def look(asked: Object) -> Object:
    """``items``: those of the kind ``firewall``; ``unit``: firewalld's; ``filter_table``: the collection's own table of nftables."""
    gaps: list[str] = []
    states = firewall.collect(asked["items"])
    running = firewall.is_running()
    return {
        "items": asked["items"],
        "states": states,
        "running": running,
        "settings": dict(_SETTING.findall(text_of(CONFIGURATION) or "")),
        "others": _active(_OTHERS),
        "zones": _zones(gaps) if running else {},
        "nftables": _nftables(asked["filter_table"]),
        "panic": running and _ask("queryPanicMode", gaps) is True,
        "gaps": gaps,
    }


def _active(units: t.Sequence[str]) -> list[str]:
    states = run(["systemctl", "is-active", "--", *units], timeout=_TIMEOUT).output.split()
    return [unit for unit, state in zip(units, states) if state == "active"]


def _zones(gaps: list[str]) -> Object:
    """By zone with interfaces or sources, what of others it lets in."""
    found = {}
    active = _ask("getActiveZones", gaps, interface="zone") or {}
    for name, bound in active.items():
        settings = _ask("getZoneSettings2", gaps, name, interface="zone") or {}
        found[name] = {
            "interfaces": list(bound.get("interfaces", [])),
            "sources": list(bound.get("sources", [])),
            "target": settings.get("target", ""),
            "services": list(settings.get("services", [])),
            "ports": [f"{port}/{protocol}" for port, protocol in settings.get("ports", [])],
        }
    return found


def _nftables(own: str) -> Object:
    """The tables, why they cannot be listed (empty if they can), and whether our own one, whose rules refuse something, has none."""
    tables, fault = nftables.tables(_TIMEOUT)
    return {"tables": tables, "fault": fault, "emptied": own in tables and _is_emptied(own)}


def _is_emptied(table: str) -> bool:
    done = run(["nft", "list", "table", *table.split()], timeout=_TIMEOUT)
    return done.ok and "reject" not in done.output  # one that cannot be listed is not called empty


def _ask(method: str, gaps: list[str], *names: str, interface: str = "") -> t.Any:
    target = f"{firewall.BUS_NAME}.{interface}" if interface else firewall.BUS_NAME
    try:
        (answer,) = system_bus.ask(firewall.BUS_NAME, firewall.BUS_PATH, target, method, *names)
    except (system_bus.NotAnswered, ValueError) as error:
        gaps.append(f"firewalld does not answer {method}: {error}")
        return None
    return answer
