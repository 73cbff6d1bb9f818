# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans the way back to a bare host, from the host's record of what it was like before. Pure.

The order: units stop (in the reverse order of their notes), the network, trees and files, what the kernel was set to, units that ran
before, the firewall, packages, the record itself. A plan that was carried out in part is simply planned again.
"""

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import atomic
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.unit_states import RUNNING_OR_STARTING
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan import firewall, selinux_booleans
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlanContext, PlannedAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.attributes import attributes_text
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.component_table import FIREWALLD

Entry = dict[str, t.Any]

_NEW = "it was not there before"


@dataclasses.dataclass
class Reset:
    """The ``actions`` in order, and a line for the operator for each thing that stays on the host."""

    actions: list[PlannedAction] = dataclasses.field(default_factory=list)
    left: list[str] = dataclasses.field(default_factory=list)


def plan(state: Entry, *, packages: bool) -> Reset:
    """Plans the reset. ``packages``: whether to remove the packages that the collection installed."""
    entries: list[Entry] = state["entries"]
    reset = Reset()
    by_kind = {kind: [entry for entry in entries if entry["kind"] == kind] for kind in {entry["kind"] for entry in entries}}

    def of(kind: str) -> list[Entry]:
        return by_kind.get(kind, [])

    reset.actions += _stops(of("unit"), of("leftover_container"))
    reset.actions += _network(of)
    reset.actions += _trees(of("leftover_path"), reset.left)
    reset.actions += _files(of("path"), reset.left) + _blocks(of("block"))
    reset.actions += _directories(entries, reset)
    reset.actions += _users(of("user"), of("group"))
    reset.actions += _kernel(of)
    reset.actions += _returns(of("unit"), reset.actions)
    if state["firewall"] is not None:
        reset.actions += _firewall(state["firewall"], of)
    reset.actions += _packages(of("package"), reset.left) + _selinux_modules(of("leftover_selinux_module")) if packages else []
    reset.actions += [PlannedAction("record", "forget", path, "what the collection remembers") for path in state["remains"] if entries]
    return reset


def _stops(units: list[Entry], containers: list[Entry]) -> list[PlannedAction]:
    """Stops units in reverse order of the record, and removes containers before the unit that runs them."""
    actions = []
    running = {entry["target"]: entry["now"] for entry in containers if entry["now"]}
    for entry in reversed(units):
        name, now, found = entry["target"], entry["now"], entry["found"]
        if name in running:
            ids = running[name]
            data = {"containers": ids}
            actions.append(
                PlannedAction("containers", "remove", name, f"{len(ids)} containers", before="".join(f"{one}\n" for one in ids), data=data)
            )
        before = f"{now['active']}, {now['enabled'] or 'absent'}\n"
        if now["active"] in RUNNING_OR_STARTING and found["active"] not in RUNNING_OR_STARTING:
            actions.append(PlannedAction("unit", "stop", name, "it did not run before", before=before, after="stopped\n"))
        if now["enabled"] == "enabled" and found["enabled"] != "enabled":
            data = {"runtime": False}
            actions.append(
                PlannedAction("unit", "disable", name, "it was not enabled before", before=before, after="disabled\n", data=data)
            )
    return actions


def _network(of: c.Callable[[str], list[Entry]]) -> list[PlannedAction]:
    interfaces = [entry["target"] for entry in of("leftover_interface") if not entry["found"]]
    actions = []
    ours = [entry for entry in of("leftover_chain") if not entry["found"]]
    chains = sorted({chain for entry in ours for chain in entry["now"]})
    if chains:
        data = {"prefixes": [entry["target"] for entry in ours], "interfaces": interfaces}
        text = "".join(f"{chain}\n" for chain in chains)
        actions.append(
            PlannedAction("chains", "remove", "iptables", f"{len(chains)} chains of the cluster's programs", before=text, data=data)
        )
    for entry in of("leftover_table"):
        if entry["now"] and not entry["found"]:
            actions.append(PlannedAction("table", "delete", entry["target"], _NEW, before=f"table {entry['target']}\n"))
    for entry in of("leftover_interface"):
        if entry["now"] and not entry["found"]:
            actions.append(PlannedAction("interface", "delete", entry["target"], _NEW, before=f"interface {entry['target']}\n"))
    return actions


def _trees(entries: list[Entry], left: list[str]) -> list[PlannedAction]:
    actions = []
    for entry in entries:
        path, now = entry["target"], entry["now"]
        if now["contents"] == "absent":
            continue
        if entry["found"] == "used":
            left.append(f"{path}: it was in use before")
        elif entry["found"] == "empty" or now["mount"]:
            if now["contents"] == "used":
                actions.append(PlannedAction("tree", "empty", path, "it was empty before", before=_tree_text(path, now)))
        else:
            actions.append(PlannedAction("tree", "remove", path, _NEW, before=_tree_text(path, now)))
    return actions


def _tree_text(path: str, now: Entry) -> str:
    return f"{path}\n" + "".join(f"mounted: {point}\n" for point in now["mounts"])


def _files(entries: list[Entry], left: list[str]) -> list[PlannedAction]:
    actions = []
    for entry in reversed(entries):
        path, found, now = entry["target"], entry["found"], entry["now"]
        if found["type"] == "absent":
            if now["type"] == "directory":
                left.append(f"{path}: it is a directory, and was put there by somebody else")
            elif now["type"] != "absent":
                actions.append(PlannedAction("file", "remove", path, _NEW, before=_text(now)))
        elif found["type"] in ("file", "link"):
            actions += _restored(path, found, now)
        elif now["type"] == "absent":
            left.append(f"{path}: a {found['type']} was there before, which cannot be brought back")
    return actions


def _restored(path: str, found: Entry, now: Entry) -> list[PlannedAction]:
    before, after = _text(now), _text(found)
    same = now["same"] if found["type"] == "file" else now.get("target") == found["target"]
    if now["type"] != found["type"] or not same:
        return [PlannedAction("file", "restore", path, "it was another before", before=before, after=after, data={"found": found})]
    if before != after:
        return [
            PlannedAction(
                "file", "set-attributes", path, f"it was {attributes_text(found)}", before=before, after=after, data={"found": found}
            )
        ]
    return []


def _text(described: Entry) -> str:
    return "" if described["type"] == "absent" else f"{described['type']} {attributes_text(described)}\n"


def _blocks(entries: list[Entry]) -> list[PlannedAction]:
    return [
        PlannedAction(
            "file",
            "remove-block",
            entry["path"],
            f"its block {entry['block']} was not there before",
            before=f"block {entry['block']}\n",
            data={"path": entry["path"], "block": entry["block"], "created": entry["found"]["type"] == "absent"},
        )
        for entry in entries
        if entry["now"]
    ]


def _directories(entries: list[Entry], reset: Reset) -> list[PlannedAction]:
    """Removes directories, the deepest first. A directory with files that are not ours stays."""
    gone = {action.target for action in reset.actions if action.operation == "remove"}
    gone |= {entry["target"] for entry in entries if entry["kind"] == "path" and entry["found"]["type"] == "absent"}
    actions = []
    for entry in sorted((entry for entry in entries if entry["kind"] == "directory"), key=lambda entry: entry["target"], reverse=True):
        path, found, now = entry["target"], entry["found"], entry["now"]
        if path in gone or now["type"] != "directory":
            continue
        if found["type"] != "absent":
            actions += _restored(path, {**found, "target": ""}, {**now, "same": True})
            continue
        others = [name for name in now["names"] if not _goes(f"{path}/{name}", gone)]
        if others:
            reset.left.append(f"{path}: it holds {', '.join(others)}")
            continue
        gone.add(path)
        actions.append(PlannedAction("directory", "remove", path, _NEW, before=_text(now)))
    return actions


def _goes(path: str, gone: set[str]) -> bool:
    """Whether a path is removed, or was left by a killed run beside one that is: it is then removed with that one."""
    left = {name for other in gone for name in (f"{other}.new", atomic.beside(other), atomic.beside(f"{other}.new"))}
    return path in gone or path in left


def _users(users: list[Entry], groups: list[Entry]) -> list[PlannedAction]:
    actions = []
    for entry in users:
        name, found, now = entry["target"], entry["found"], entry["now"]
        if now["exists"] and not found["exists"]:
            actions.append(PlannedAction("user", "remove", name, _NEW, before=f"user {name}\n"))
        elif now["exists"]:
            wanted = {key: value for key, value in found.items() if key != "exists" and value != now[key]}
            if wanted:
                text = ", ".join(f"{key} was {value}" for key, value in wanted.items())
                actions.append(PlannedAction("user", "restore", name, text, data={"wanted": wanted}))
    for entry in groups:
        name, found, now = entry["target"], entry["found"], entry["now"]
        if now["exists"] and not found["exists"]:
            actions.append(PlannedAction("group", "remove", name, _NEW, before=f"group {name}\n"))
        elif now["exists"] and now["gid"] != found["gid"]:
            actions.append(PlannedAction("group", "restore", name, f"gid was {found['gid']}", data={"gid": found["gid"]}))
    return actions


def _kernel(of: c.Callable[[str], list[Entry]]) -> list[PlannedAction]:
    actions = []
    for entry in of("sysctl"):
        name, found, now = entry["target"], entry["found"], entry["now"]
        if found["exists"] and now["exists"] and now["value"] != found["value"]:
            before, after = (f"{name} = {side['value']}\n" for side in (now, found))
            reason, data = f"it was {found['value']}", {"value": found["value"]}
            actions.append(PlannedAction("sysctl", "restore", name, reason, before=before, after=after, data=data))
    actions += [
        PlannedAction("kernel_module", "unload", entry["target"], "it was not loaded before")
        for entry in of("kernel_module")
        if entry["now"]
    ]
    for entry in of("fstab"):
        if entry["now"]:
            before, after = ("".join(f"{mark}{line}\n" for line in entry["now"]) for mark in ("# ", ""))
            data = {"lines": entry["now"]}
            actions.append(
                PlannedAction("swap", "restore", entry["target"], "swap was there before", before=before, after=after, data=data)
            )
    actions += [PlannedAction("swap", "unmask", entry["target"], "it was not masked before") for entry in of("swap_unit") if entry["now"]]
    actions += [PlannedAction("swap", "switch-on", entry["target"], "it was active before") for entry in of("swap") if not entry["now"]]
    for entry in of("selinux"):
        actions += _selinux(entry["target"], entry["found"], entry["now"])
    for entry in of("selinux_boolean"):
        if entry["found"]["value"] is not None and entry["now"]["value"] is not None:
            wanted = {"name": entry["target"], "value": entry["found"]["value"]}
            actions += selinux_booleans.plan(wanted, entry["now"], PlanContext(component="reset", now=0))
    for entry in of("selinux_port"):
        actions += _selinux_port(entry["target"], entry["found"]["type"], entry["now"])
    return actions


def _selinux_modules(entries: list[Entry]) -> list[PlannedAction]:
    """They protect what packages have brought, and go with these."""
    return [
        PlannedAction("selinux_module", "remove", entry["target"], _NEW, before=f"module {entry['target']}\n")
        for entry in entries
        if entry["now"] and not entry["found"]
    ]


def _selinux_port(port: str, found: str | None, now: Entry) -> list[PlannedAction]:
    """Without its program, which somebody has removed, the type of a port cannot be changed."""
    if not (now["enabled"] and now["tool"]) or now["type"] == found:
        return []
    before, after = (f"{kind or 'the type of the policy'}\n" for kind in (now["type"], found))
    operation, data = ("set", {"type": found}) if found else ("remove", {})
    return [PlannedAction("selinux_port", operation, port, "as it was before", before=before, after=after, data=data)]


def _selinux(operation: str, found: Entry, now: Entry) -> list[PlannedAction]:
    """Restores SELinux. ``operation`` is what the collection did: set-config or set-live."""
    side, target = ("config", "/etc/selinux/config") if operation == "set-config" else ("kernel", "kernel")
    if now[side] == found[side] or not found[side]:
        return []
    before, after = f"{now[side]}\n", f"{found[side]}\n"
    return [PlannedAction("selinux", operation, target, f"it was {found[side]}", before=before, after=after, data={"state": found[side]})]


def _returns(units: list[Entry], planned: list[PlannedAction]) -> list[PlannedAction]:
    """Restarts units that ran before, on the configuration that they had then."""
    if not planned:
        return []
    again = [entry for entry in units if entry["found"]["active"] in RUNNING_OR_STARTING and entry["target"] != FIREWALLD.unit]
    names = [entry["target"] for entry in units]
    actions = [PlannedAction("unit", "daemon-reload", "systemd", "unit files are gone", data={"units": names})]
    for entry in again:
        reason = "its configuration is again what it was"
        actions.append(
            PlannedAction("unit", "reload-or-restart", entry["target"], reason, before=f"{entry['now']['active']}\n", after="active\n")
        )
    return actions


def _firewall(state: Entry, of: c.Callable[[str], list[Entry]]) -> list[PlannedAction]:
    """Removes all our entries, then the interfaces that we added to zones, and zone files that only our entries made."""
    actions = firewall.plan({"zone": "", "services": [], "trusted_interfaces": []}, state, PlanContext(component="reset", now=0))
    zones: dict[str, list[str]] = {}
    for entry in of("firewall_interface"):
        if entry["interface"] in state["permanent"]["zones"].get(entry["zone"], {"interfaces": []})["interfaces"]:
            zones.setdefault(entry["zone"], []).append(entry["interface"])
    for zone, interfaces in sorted(zones.items()):
        data = {
            "permanent": True,
            "runtime": True,
            "reload": True,
            "zones": {zone: {"permanent": {"remove_interfaces": interfaces}, "runtime": {}}},
        }
        target = f"zone {zone}: {', '.join(interfaces)}"
        actions.append(PlannedAction("firewall", "remove", target, _NEW, before="".join(f"{name}\n" for name in interfaces), data=data))
    for zone in state["made"]:
        reason = "it is the shipped zone without our entries"
        actions.append(PlannedAction("firewall", "remove-file", f"zone {zone}", reason, before=f"zone {zone}\n", data={"zone": zone}))
    return actions


def _packages(entries: list[Entry], left: list[str]) -> list[PlannedAction]:
    """Removes packages in one step, as they depend on each other. A package that others need now stays."""
    going = []
    for entry in entries:
        if entry["now"]:
            left.append(f"package {entry['target']}: {entry['now']} needs it")
        elif entry["now"] is not None:
            going.append(entry["target"])
    return [PlannedAction("package", "remove", name, "it was not installed before", before=f"{name}\n") for name in going]
