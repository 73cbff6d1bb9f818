# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The description of a firewalld service, as users write it in ``firewall_services`` and as the port matrix yields it."""

from __future__ import annotations

import ipaddress
import re
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds.firewall_xml import PREFIX

FIELDS = ("name", "description", "ports", "protocols", "sources")
_PORT = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?/(tcp|udp|sctp|dccp)", re.ASCII)
_HIGHEST = 65535


class Ports(t.NamedTuple):
    """A port, or several that follow each other; ``low`` and ``high`` are among them."""

    protocol: str
    low: int
    high: int


def fault(service: t.Any) -> str:
    """What is wrong with a service; empty if nothing is."""
    if not isinstance(service, dict):
        return f"firewall service {service!r} is not a map; write one with {', '.join(FIELDS)}"
    name = service.get("name")
    if not isinstance(name, str) or not name.startswith(PREFIX):
        return f"firewall service {name!r}: its name must begin with {PREFIX!r}, which marks what this collection may remove again"
    return _field_fault(service) or _port_fault(service) or _source_fault(service)


def _field_fault(service: dict[str, t.Any]) -> str:
    subject = f"firewall service {service['name']!r}"
    unknown = [key for key in service if key not in FIELDS]
    if unknown:
        return f"{subject}: {', '.join(map(repr, unknown))} is not a field; there are {', '.join(FIELDS)}"
    for key in ("ports", "protocols", "sources"):
        if not isinstance(service.get(key) or [], list):
            return f"{subject}: {key} is {service[key]!r}, which is not a list"
    if not service.get("ports") and not service.get("protocols"):
        return f"{subject} has neither ports nor protocols; name what it is to let in, or leave it out"
    return ""


def _port_fault(service: dict[str, t.Any]) -> str:
    wrong = [port for port in service.get("ports") or [] if ports(port) is None]
    if wrong:
        return f"firewall service {service['name']!r}: {', '.join(map(repr, wrong))} is not a port; write 6443/tcp or 30000-32767/udp"
    return ""


def ports(text: t.Any) -> Ports | None:
    """What a text such as ``9100/tcp`` or ``9000-9010/udp`` names; None if it is none."""
    match = _PORT.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    low = int(match[1])
    high = int(match[2] or low)
    return Ports(match[3], low, high) if 1 <= low <= high <= _HIGHEST else None


def _source_fault(service: dict[str, t.Any]) -> str:
    for source in service.get("sources") or []:
        try:
            ipaddress.ip_network(source if isinstance(source, str) else "")
        except ValueError as error:
            return f"firewall service {service['name']!r}: source {source!r} is not a network ({error})"
    return ""
