# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""firewalld's permanent configuration: its XML files, read and written.

Whole files are ours when their name begins with ``PREFIX`` (services, ipsets); of a zone's file only the
entries that name such a service or set are, everything else in it is kept as it stands.
"""

from __future__ import annotations

import pathlib
import re
import typing as t
import xml.etree.ElementTree as ET

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import atomic
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

PREFIX = "barehost-"
OURS = re.compile(rf'\b(?:ipset|name)="({PREFIX}[^"]*)"')
CONFIGURED = "etc/firewalld"
SHIPPED = "usr/lib/firewalld"
_OWNERSHIP = atomic.Ownership("root", "root", "0644")


def rule_text(*, family: str, service: str, ipset: str = "") -> str:
    """The rich rule in firewalld's own spelling, so that texts can be compared."""
    source = f'source ipset="{ipset}" ' if ipset else ""
    return f'rule family="{family}" {source}service name="{service}" accept'


def read_permanent(*, root: pathlib.Path) -> dict[str, t.Any]:
    """The permanent configuration: our services and sets, and for each zone our entries and all interfaces."""
    configured = root / CONFIGURED
    return {
        "services": {path.stem: _read_service(path) for path in sorted(configured.glob(f"services/{PREFIX}*.xml"))},
        "ipsets": {path.stem: _read_ipset(path) for path in sorted(configured.glob(f"ipsets/{PREFIX}*.xml"))},
        "zones": {path.stem: _read_zone(path) for path in sorted(configured.glob("zones/*.xml"))},
    }


def zone_names(*, root: pathlib.Path) -> list[str]:
    """The names of all zones, shipped or configured."""
    return sorted({path.stem for base in (CONFIGURED, SHIPPED) for path in (root / base).glob("zones/*.xml")})


def default_zone(*, root: pathlib.Path) -> str:
    """The configured default zone; firewalld's own default if none is configured."""
    try:
        text = (root / CONFIGURED / "firewalld.conf").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return "public"
    found = re.findall(r"^\s*DefaultZone\s*=\s*(\S+)", text, flags=re.MULTILINE)
    return found[-1] if found else "public"


def write_service(name: str, service: dict[str, t.Any], *, root: pathlib.Path) -> None:
    """Write the service's file."""
    element = ET.Element("service")
    ET.SubElement(element, "short").text = service["short"]
    ET.SubElement(element, "description").text = service["description"]
    for port in service["ports"]:
        number, protocol = port.split("/")
        ET.SubElement(element, "port", {"port": number, "protocol": protocol})
    for protocol in service["protocols"]:
        ET.SubElement(element, "protocol", {"value": protocol})
    _write(root / CONFIGURED / "services" / f"{name}.xml", element)


def write_ipset(name: str, ipset: dict[str, t.Any], *, root: pathlib.Path) -> None:
    """Write the set's file."""
    element = ET.Element("ipset", {"type": ipset["type"]})
    ET.SubElement(element, "short").text = name
    for key, value in sorted(ipset["options"].items()):
        ET.SubElement(element, "option", {"name": key, "value": value})
    for entry in ipset["entries"]:
        ET.SubElement(element, "entry").text = entry
    _write(root / CONFIGURED / "ipsets" / f"{name}.xml", element)


def remove(directory: str, name: str, *, root: pathlib.Path) -> None:
    """Removes one of our files and firewalld's backup of it (.old)."""
    for suffix in (".xml", ".xml.old"):
        (root / CONFIGURED / directory / f"{name}{suffix}").unlink(missing_ok=True)


def edit_zone(zone: str, changes: list[dict[str, t.Any]], *, root: pathlib.Path) -> None:
    """Apply the changes to the zone's file, which begins as a copy of the shipped one.

    A change may hold ``add_services``, ``remove_services``, ``add_interfaces``, ``remove_interfaces`` (names),
    ``add_rules`` (arguments of ``rule_text``) and ``remove_rules`` (texts).
    """
    path = root / CONFIGURED / "zones" / f"{zone}.xml"
    source = path if path.exists() else root / SHIPPED / "zones" / f"{zone}.xml"
    if not source.exists():
        raise HostError(f"firewalld has no zone {zone!r}: neither {path} nor {source} exists; create it or choose another zone")
    element = _parse(source)
    for change in changes:
        for tag in ("service", "interface"):
            _edit_names(element, tag, add=change.get(f"add_{tag}s", []), remove_names=change.get(f"remove_{tag}s", []))
        _edit_rules(element, add=change.get("add_rules", []), remove_texts=change.get("remove_rules", []))
    _write(path, element)


def is_as_shipped(zone: str, *, without_interfaces: t.Collection[str], root: pathlib.Path) -> bool:
    """Whether a zone's file equals the shipped one after our entries and these interfaces are removed."""
    configured, shipped = (root / base / "zones" / f"{zone}.xml" for base in (CONFIGURED, SHIPPED))
    if not (configured.exists() and shipped.exists()):
        return False
    element = _parse(configured)
    ours = [name for name in _names(element, "service") if name.startswith(PREFIX)]
    _edit_names(element, "service", add=[], remove_names=ours)
    _edit_names(element, "interface", add=[], remove_names=list(without_interfaces))
    _edit_rules(element, add=[], remove_texts=[text for text in map(_element_text, element.findall("rule")) if OURS.search(text)])
    return _canonical(element) == _canonical(_parse(shipped))


def _canonical(element: ET.Element) -> str:
    return ET.canonicalize(ET.tostring(element, encoding="unicode"), strip_text=True)


def _edit_names(zone: ET.Element, tag: str, *, add: list[str], remove_names: list[str]) -> None:
    for child in zone.findall(tag):
        if child.get("name") in (*remove_names, *add):
            zone.remove(child)
    for name in add:
        ET.SubElement(zone, tag, {"name": name})


def _edit_rules(zone: ET.Element, *, add: list[dict[str, str]], remove_texts: list[str]) -> None:
    gone = {*remove_texts, *(rule_text(**rule) for rule in add)}
    for child in zone.findall("rule"):
        if _element_text(child) in gone:
            zone.remove(child)
    for rule in add:
        element = ET.SubElement(zone, "rule", {"family": rule["family"]})
        if rule.get("ipset"):
            ET.SubElement(element, "source", {"ipset": rule["ipset"]})
        ET.SubElement(element, "service", {"name": rule["service"]})
        ET.SubElement(element, "accept")


def _read_service(path: pathlib.Path) -> dict[str, t.Any]:
    element = _parse_own(path)
    return {
        "short": _text(element, "short"),
        "description": _text(element, "description"),
        "ports": [f"{port.get('port')}/{port.get('protocol')}" for port in element.findall("port")],
        "protocols": [protocol.get("value") for protocol in element.findall("protocol")],
        "other": _others(element, {"short", "description", "port", "protocol"}),
    }


def _read_ipset(path: pathlib.Path) -> dict[str, t.Any]:
    element = _parse_own(path)
    return {
        "type": element.get("type", ""),
        "options": {option.get("name"): option.get("value") or "" for option in element.findall("option")},
        "entries": [(entry.text or "").strip() for entry in element.findall("entry")],
    }


def _read_zone(path: pathlib.Path) -> dict[str, t.Any]:
    element = _parse(path)
    rules = [_element_text(rule) for rule in element.findall("rule")]
    return {
        "services": [name for name in _names(element, "service") if name.startswith(PREFIX)],
        "target": element.get("target", ""),
        "interfaces": _names(element, "interface"),
        "sources": [source.get("address", "") for source in element.findall("source") if source.get("address")],
        "rules": [rule for rule in rules if OURS.search(rule)],
    }


def _names(element: ET.Element, tag: str) -> list[str]:
    return [child.get("name", "") for child in element.findall(tag)]


def _text(element: ET.Element, tag: str) -> str:
    return (element.findtext(tag) or "").strip()


def _others(element: ET.Element, known: set[str]) -> list[str]:
    return [ET.tostring(child, encoding="unicode").strip() for child in element if child.tag not in known]


def _element_text(rule: ET.Element) -> str:
    """The rich rule's text if it has the form that we write; else its XML, which never equals a wanted rule."""
    tags = {child.tag: child.attrib for child in rule}
    service = tags.get("service", {}).get("name", "")
    ipset = tags.get("source", {}).get("ipset", "")
    ours: dict[str, dict[str, str]] = {"service": {"name": service}, "accept": {}}
    if ipset:
        ours["source"] = {"ipset": ipset}
    if tags == ours and len(rule) == len(tags) and set(rule.attrib) == {"family"}:
        return rule_text(family=rule.attrib["family"], service=service, ipset=ipset)
    return re.sub(r">\s+<", "><", ET.tostring(rule, encoding="unicode").strip())


def _parse(path: pathlib.Path) -> ET.Element:
    try:
        return ET.parse(path).getroot()
    except ET.ParseError as error:
        raise HostError(f"{path} is not valid XML ({error}), so firewalld cannot read it either: repair or remove it") from error


def _parse_own(path: pathlib.Path) -> ET.Element:
    """A file of ours that cannot be read counts as different, so it is written again."""
    try:
        return ET.parse(path).getroot()
    except ET.ParseError as error:
        broken = ET.Element("broken")
        ET.SubElement(broken, "description").text = f"(not valid XML: {error})"
        return broken


def _write(path: pathlib.Path, element: ET.Element) -> None:
    """Writes the XML in firewalld's own format. A text or attribute never holds a bare ``>``, so only tags change."""
    ET.indent(element)
    text = ET.tostring(element, encoding="unicode").replace(" />", "/>")
    content = f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'.encode()
    atomic.write(str(path), content, ownership=_OWNERSHIP)
