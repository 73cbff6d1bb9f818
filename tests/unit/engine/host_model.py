# SPDX-License-Identifier: GPL-3.0-or-later
"""A host as data: what the collect step would say of it, and what each action makes of it."""

from __future__ import annotations

import copy
import hashlib
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import file_blocks
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import description
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan import planner
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.prediction import Prediction

Item = dict[str, t.Any]
NUMBERS = {"root": "0", "etcd": "998"}
# of a path that nobody describes
DEFAULT = {"owner": "root", "group": "root", "mode": "0644"}

_NOTHING = Prediction()


def ownership(data: Item) -> Item:
    """As a host keeps it, whether a name or a number was given."""
    names = {number: name for name, number in NUMBERS.items()}
    return {**{key: names.get(data[key], data[key]) for key in ("owner", "group")}, "mode": data["mode"]}


def rendered(item: Item) -> Item:
    """A described file as the renderer gives it, for files with literal content."""
    text = item["content"]
    if item["block"] and not text.endswith("\n"):
        text += "\n"
    secret = bool(item["secret"])
    return {
        **{key: item[key] for key in ("path", "owner", "group", "block", "validate")},
        "mode": item["mode"] or ("0600" if secret else "0644"),
        "text": text,
        "digest": hashlib.sha256(text.encode()).hexdigest(),
        "secret": secret,
    }


def _content(found: Item | None) -> Item | None:
    """What a stamp tells of a path: neither its owner nor its mode."""
    return found and {key: found[key] for key in ("type", "content", "target") if key in found}


def _stamp(found: Item | None) -> str:
    if found is None:
        return "missing -"
    return f"sha256 {hashlib.sha256(found['content'].encode()).hexdigest()}" if "content" in found else "other -"


class ModelHost:
    """Files, packages, users, kernel and units of a host; ``apply`` is what the host side promises to do."""

    def __init__(self, found: dict[str, t.Any]) -> None:
        self.paths: dict[str, Item] = found.get("paths", {})
        self.packages: dict[str, str] = found.get("packages", {})
        self.groups: dict[str, int] = found.get("groups", {})
        self.users: dict[str, Item] = found.get("users", {})
        self.modules: set[str] = found.get("modules", set())
        self.sysctls: dict[str, str] = found.get("sysctls", {})
        self.swap: Item = found.get("swap", {"active": [], "fstab": [], "units": []})
        self.selinux: Item = found.get("selinux", {"kernel": "enforcing", "config": "enforcing"})
        self.booleans: dict[str, bool] = found.get("booleans", {})
        self.ports: dict[str, str] = found.get("ports", {})
        self.trusts: bool = found.get("trusts", True)
        self.trusted: dict[str, Item] = {}
        self.units: dict[str, Item] = found.get("units", {})

    def collect(self, items: dict[str, list[Item]]) -> dict[str, list[Item]]:
        return {kind: [copy.deepcopy(getattr(self, f"_see_{kind}")(item)) for item in items[kind]] for kind in items if items[kind]}

    def apply(self, actions: t.Iterable[PlannedAction]) -> None:
        for action in actions:
            getattr(self, f"_do_{action.kind}")(action)

    # -- paths

    def _see_directory(self, item: Item) -> Item:
        return self._look(item["path"])

    def _look(self, path: str) -> Item:
        found = self.paths.get(path)
        return {**found, "uid": NUMBERS[found["owner"]], "gid": NUMBERS[found["group"]]} if found else {"type": "absent"}

    def _do_directory(self, action: PlannedAction) -> None:
        self.paths[action.target] = {"type": "directory", **ownership(action.data)}

    def _see_file(self, item: Item) -> Item:
        found = self._look(item["path"])
        content = found.get("content")
        ours = file_blocks.extract(content, item["block"]) if item["block"] and content is not None else content
        same = ours is not None and hashlib.sha256(ours.encode()).hexdigest() == item["digest"]
        return {**found, "same": same, "text": None if same or item["secret"] else content}

    def _do_file(self, action: PlannedAction) -> None:
        found = self.paths.get(action.target, {"type": "absent"})
        content = found.get("content", "")
        if action.operation == "write":
            block, text = action.data["block"], action.data["text"]
            content = file_blocks.merge(content, block, text) if block else text
            self._is_newer(action.target)
        self.paths[action.target] = {"type": "file", "content": content, **ownership(action.data)}

    def _is_newer(self, path: str) -> None:
        """Of a reload the host keeps the moment and no digests: what is written later is a reason for another, whatever it says."""
        for unit in self.units.values():
            read = self._digests(list(self.paths)) if unit["read"] is None else unit["read"]
            unit["read"] = {name: digest for name, digest in read.items() if name != path}

    _see_early_file, _do_early_file = _see_file, _do_file

    def _see_absent(self, item: Item) -> Item:
        found = self._look(item["path"])
        return {**found, "ours": found["type"] == "file"} if item.get("ours") else found

    def _do_absent(self, action: PlannedAction) -> None:
        del self.paths[action.target]

    # -- packages, groups, users

    def _see_package(self, item: Item) -> Item:
        version = self.packages.get(item["name"])
        return {"installed": version is not None, "versions": [] if version is None else [f"0:{version}-1.el10"]}

    def _do_package(self, action: PlannedAction) -> None:
        self.packages[action.target] = action.data["specification"].removeprefix(f"{action.target}-") or "1"

    def _see_group(self, item: Item) -> Item:
        return {"exists": item["name"] in self.groups, "gid": self.groups.get(item["name"])}

    def _do_group(self, action: PlannedAction) -> None:
        self.groups[action.target] = action.data["gid"] or 999

    def _see_user(self, item: Item) -> Item:
        found = self.users.get(item["name"])
        return {"exists": False} if found is None else {"exists": True, **found}

    def _do_user(self, action: PlannedAction) -> None:
        new = {"uid": 999, "group": action.target, "groups": [], "home": "/", "shell": "/bin/sh", "comment": ""}
        self.users[action.target] = {**self.users.get(action.target, new), **action.data["wanted"]}

    # -- kernel

    def _see_kernel_module(self, item: Item) -> Item:
        return {"loaded": item["name"] in self.modules, "denied": None, "lacking": None}

    def _do_kernel_module(self, action: PlannedAction) -> None:
        self.modules.add(action.target)

    def _see_sysctl(self, item: Item) -> Item:
        value = self.sysctls.get(item["name"])
        return {"exists": value is not None, "value": value}

    def _do_sysctl(self, action: PlannedAction) -> None:
        self.sysctls[action.target] = action.data["value"]

    def _see_swap(self, item: Item) -> Item:
        return self.swap

    def _do_swap(self, action: PlannedAction) -> None:
        if action.operation == "disable":
            self.swap["fstab"] = []
        elif action.operation == "mask":
            self.swap["units"].remove(action.target)
        else:
            self.swap["active"].remove(action.target)

    def _see_selinux(self, item: Item) -> Item:
        return self.selinux

    def _do_selinux(self, action: PlannedAction) -> None:
        self.selinux["kernel" if action.operation == "set-live" else "config"] = action.data["state"]

    def _see_selinux_boolean(self, item: Item) -> Item:
        return {"enabled": self.selinux["kernel"] != "disabled", "value": self.booleans.get(item["name"])}

    def _do_selinux_boolean(self, action: PlannedAction) -> None:
        self.booleans[action.target] = action.data["value"]

    def _see_selinux_port(self, item: Item) -> Item:
        return {"enabled": self.selinux["kernel"] != "disabled", "tool": True, "type": self.ports.get(item["port"])}

    def _do_selinux_port(self, action: PlannedAction) -> None:
        self.ports[action.target] = action.data["type"]

    def _see_trusted_programs(self, item: Item) -> Item:
        missing = [path for path in item["paths"] if path in self.paths and self.trusted.get(path) != self.paths[path]]
        return {"enabled": self.trusts, "missing": missing if self.trusts else []}

    def _do_trusted_programs(self, action: PlannedAction) -> None:
        self.trusted.update({path: copy.deepcopy(self.paths[path]) for path in action.data["paths"]})

    # -- units

    def _see_unit(self, item: Item) -> Item:
        unknown = {"active": "inactive", "enabled": "", "masked": False, "needs_daemon_reload": False, "with": None, "read": None}
        unit = self.units.get(item["name"], unknown)
        known = item["name"] in self.units or any(path.endswith(f"/{item['name']}") and path in self.paths for path in item["definition"])
        running = unit["active"] in ("active", "reloading")
        changed = self._changed(item["inputs"], unit["with"]) if running and item["inputs"] else []
        return {
            **{key: unit[key] for key in ("active", "enabled", "masked", "needs_daemon_reload")},
            "known": known,
            "changed_inputs": changed,
            "started_with": {path: _stamp(unit["with"][path]) for path in changed or [] if path in unit["with"]},
            "changed_reload_inputs": (self._changed(item["reload_on"], unit["read"]) or []) if running else [],
            "unproven": False,
        }

    def _changed(self, inputs: list[str], then: dict[str, t.Any] | None) -> list[str] | None:
        now = self._digests(inputs)
        return None if then is None else [path for path in inputs if then.get(path) != now[path]]

    def _digests(self, paths: list[str]) -> dict[str, t.Any]:
        return {path: _content(self.paths.get(path)) for path in paths}

    def _do_unit(self, action: PlannedAction) -> None:
        new = {"active": "inactive", "enabled": "disabled", "masked": False, "needs_daemon_reload": False, "with": None, "read": None}
        unit = self.units.setdefault(action.target, new)
        changes: dict[str, Item] = {
            "daemon-reload": {"needs_daemon_reload": False},
            "unmask": {"masked": False, "enabled": "disabled"},
            "enable": {"enabled": "enabled"},
            "disable": {"enabled": "disabled"},
            "stop": {"active": "inactive"},
            "reset-failed": {"active": "inactive"},
            "start": {"active": "active"},
            "restart": {"active": "active"},
            "reload": {},
        }
        unit.update(changes[action.operation])
        if action.operation in ("start", "restart"):
            unit["with"] = self._digests(action.data["inputs"])
        if action.operation in ("start", "restart", "reload"):
            unit["read"] = self._digests(list(self.paths))


def parse(args: dict[str, t.Any]) -> tuple[description.Component, dict[str, list[Item]]]:
    component = description.parse_description(args)
    files = {kind: [rendered(item) for item in component.items[kind]] for kind in ("early_file", "file")}
    return component, {**component.items, **files}


def plan(
    component: description.Component, items: dict[str, list[Item]], host: ModelHost, prediction: Prediction = _NOTHING
) -> list[PlannedAction]:
    state = host.collect(items)
    return planner.plan(component=component.name, items=items, state=state, requires=component.requires, prediction=prediction, now=0.0)
