# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans firewalld: its permanent and its runtime configuration must both hold exactly our services."""

from __future__ import annotations

import dataclasses
import ipaddress
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds.firewall_xml import OURS
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlanContext, PlannedAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.firewall_wanted import SIDES, TRUSTED, Wanted, entry, resolve

KIND = "firewall"


def plan(item: dict[str, t.Any], state: dict[str, t.Any], context: PlanContext) -> list[PlannedAction]:
    """The actions that bring both sides to the item. If firewalld does not run, only the permanent side is known."""
    wanted = resolve(item, state)
    sides = {side: state[side] for side in SIDES if state[side] is not None}
    return [
        *_plan_definitions("service", wanted.services, sides),
        *_plan_definitions("ipset", wanted.ipsets, sides),
        *_plan_zones(wanted, sides),
        *_plan_interfaces(wanted, sides),
        *_plan_removals("service", wanted.services, sides),
        *_plan_removals("ipset", wanted.ipsets, sides),
    ]


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


def _plan_zones(wanted: Wanted, sides: dict[str, t.Any]) -> list[PlannedAction]:
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


def _plan_interfaces(wanted: Wanted, sides: dict[str, t.Any]) -> list[PlannedAction]:
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
    complete = {zone: {side: edits.get(side, {}) for side in SIDES} for zone, edits in zones.items()}
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
    entries = sorted({_entry_text(text) for text in definition["entries"]})
    return _lines([f"type: {definition['type']}", *options, "entries:", *(f"  {entry}" for entry in entries)])


def _entry_text(text: str) -> str:
    try:
        return entry(ipaddress.ip_network(text, strict=False))
    except ValueError:
        return text
