# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parses the description of a component: checks it, adds the defaults, and splits it into items of the resource kinds."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import schema as s
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import DescriptionError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.plain_data import plain
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import unit_files

CHECK_KINDS = ("unit", "socket", "file", "tcp", "http", "command", "etcd", "stale_lease", "missing")

_PACKAGE = s.Record({"name": s.text, "version": (s.name, None)}, short="name")
_EVR = re.compile(r"(?P<name>.+)-(?P<version>\d+:[^-:]+(-[^-]+)?)")


def _package(value: t.Any, where: str, faults: list[str]) -> dict[str, t.Any]:
    """A package; the name may be the form that dnf takes with an epoch, name-epoch:version."""
    item = _PACKAGE(value, where, faults)
    match = _EVR.fullmatch(str(item.get("name", "")))  # what is no text is a fault already
    return {**item, **match.groupdict()} if match and item["version"] is None else item


_CHECK = s.Record(
    {
        "unit": (s.text, None),
        "socket": (s.path, None),
        "file": (s.path, None),
        "tcp": (s.text, None),
        "http": (s.text, None),
        "command": (s.list_of(s.name), None),
        "etcd": (s.text, None),
        "stale_lease": (s.text, None),
        "missing": (s.path, None),
        "lease_file": (s.path, None),
        "ca": (s.path, None),
        "cert": (s.path, None),
        "key": (s.path, None),
        "status": (s.whole, 200),
        "contains": (s.text, None),
        "environment": (s.mapping, None),
        "deadline": (s.seconds, 60.0),
        "message": (s.text, None),
    }
)
_SOURCE_FIELDS: dict[str, t.Any] = {
    "template": (s.text, None),
    "content": (s.any_text, None),
    "yaml": (s.anything, None),
    "json": (s.anything, None),
    "pki": (s.text, None),
    "source": (s.text, None),
    "vars": (s.mapping, {}),
}
_FILE = s.Record(
    {
        "path": s.path,
        **_SOURCE_FIELDS,
        "owner": (s.name, "root"),
        "group": (s.name, "root"),
        "mode": (s.mode, None),
        "secret": (s.flag, None),
        "block": (s.text, None),
        "keep": (s.text, None),
        "validate": (s.text, None),
        "early": (s.flag, False),
        "state": (s.one_of("present", "ignored"), "present"),
    }
)
_DROP_IN = s.Record({"name": s.text, **_SOURCE_FIELDS})
_UNIT_CHECKS = ("health", "restart_health", "restart_if")
_DEPENDENT = s.Record({"name": s.text, "health": (s.list_of(_CHECK), [])})
_UNIT = s.Record(
    {
        "name": s.text,
        **_SOURCE_FIELDS,
        "drop_ins": (s.list_of(_DROP_IN), []),
        "enabled": (s.flag, None),
        "state": (s.one_of("started", "stopped", "unmanaged"), "started"),
        "inputs": (s.list_of(s.path), None),
        "reload_on": (s.list_of(s.path), []),
        "restart_on": (s.list_of(s.path), []),
        "health": (s.list_of(_CHECK), []),
        "restart_health": (s.list_of(_CHECK), []),
        "restart_if": (s.list_of(_CHECK), []),
        "dependents": (s.list_of(_DEPENDENT), []),
        "defer_start": (s.flag, False),
        "direct": (s.flag, False),
        "block": (s.flag, True),
    }
)
_CERTIFICATE = s.Record(
    {
        "name": s.text,
        "authority": s.one_of("kubernetes", "etcd", "front-proxy"),
        "path": s.path,
        "key": s.path,
        "owner": (s.name, "root"),
        "group": (s.name, None),
        "mode": (s.mode, "0644"),
        "key_mode": (s.mode, "0600"),
        "common_name": s.text,
        "organizations": (s.list_of(s.text), []),
        "dns": (s.list_of(s.text), []),
        "ips": (s.list_of(s.text), []),
        "usages": (s.list_of(s.one_of("server", "client")), ["server", "client"]),
        "days": (s.whole, 365),
        "renew_before_days": (s.whole, None),
        "state": (s.one_of("present", "ignored"), "present"),
    }
)
_ABSENT = s.Record(
    {
        "path": s.path,
        "recursive": (s.flag, False),
        "ours": (s.flag, False),
        "authority": (s.one_of("kubernetes", "etcd", "front-proxy", "node"), None),
        "certificates": (s.list_of(s.path), []),
    },
    short="path",
)
_BINARY = s.Record(
    {
        "name": s.text,
        "version": s.name,
        "url": s.text,
        "sha256": (s.text, None),
        "checksum_url": (s.text, None),
        "pinned_by": (s.one_of("inventory", "collection"), None),
        "store": (s.path, None),
        "install": s.list_of(s.Record({"member": (s.text, None), "path": s.path, "also": (s.path, None)})),
    }
)
_SWAP = s.Record({"state": (s.one_of("off", "unmanaged"), "off")}, short="state")
_SELINUX = s.Record({"state": s.one_of("enforcing", "permissive", "disabled", "unmanaged")}, short="state")

_LOOK_KINDS = ("unit", "service", "port", "file", "interface", "cni", "docker", "image_store", "line", "packages")
_LOOK = s.Record(
    {
        "unit": (s.text, None),
        "written": (s.flag, True),
        "service": (s.text, None),
        "port": (s.port, None),
        "file": (s.path, None),
        "interface": (s.text, None),
        "cni": (s.path, None),
        "docker": (s.mapping, None),
        "image_store": (s.mapping, None),
        "line": (s.mapping, None),
        "packages": (s.mapping, None),
        "of": (s.list_of(s.text), []),
        "remedy": (s.text, None),
    }
)
_FOREIGN = s.Record({"looks": s.list_of(_LOOK), "accepted": (s.list_of(s.text), []), "variable": (s.text, "foreign.accepted")})

# What programs make while they run and a reset removes.
_LEFTOVERS = s.Record(
    {
        "paths": (s.list_of(s.path), []),
        "units": (s.list_of(s.text), []),
        "sysctls": (s.list_of(s.text), []),
        "interfaces": (s.list_of(s.text), []),
        "tables": (s.list_of(s.text), []),
        "chains": (s.list_of(s.text), []),
        "containers": (s.list_of(s.text), []),
        "selinux_modules": (s.list_of(s.text), []),
    }
)

_COMPONENT = s.Record(
    {
        "name": s.text,
        "packages": (s.list_of(_package), []),
        "groups": (s.list_of(s.Record({"name": s.text, "gid": (s.whole, None), "system": (s.flag, False)}, short="name")), []),
        "users": (
            s.list_of(
                s.Record(
                    {
                        "name": s.text,
                        "uid": (s.whole, None),
                        "group": (s.name, None),
                        "groups": (s.list_of(s.name), []),
                        "system": (s.flag, False),
                        "home": (s.path, None),
                        "shell": (s.path, None),
                        "comment": (s.text, None),
                    },
                    short="name",
                )
            ),
            [],
        ),
        "directories": (
            s.list_of(
                s.Record(
                    {"path": s.path, "owner": (s.name, "root"), "group": (s.name, "root"), "mode": (s.mode, "0755")},
                    short="path",
                )
            ),
            [],
        ),
        "binaries": (s.list_of(_BINARY), []),
        "certificates": (s.list_of(_CERTIFICATE), []),
        "files": (s.list_of(_FILE), []),
        "absent": (s.list_of(_ABSENT), []),
        "kernel_modules": (s.list_of(s.Record({"name": s.text, "evidence": (s.path, None), "load": (s.flag, True)}, short="name")), []),
        "sysctls": (s.list_of(s.Record({"name": s.text, "value": s.name, "file": (s.path, None)})), []),
        "swap": (_SWAP, None),
        "selinux": (_SELINUX, None),
        "selinux_booleans": (s.list_of(s.Record({"name": s.text, "value": (s.flag, True)}, short="name")), []),
        "selinux_ports": (s.list_of(s.Record({"port": s.port, "type": s.name})), []),
        "firewall": (s.mapping, None),
        "foreign": (_FOREIGN, None),
        "requires": (s.list_of(_CHECK), []),
        "units": (s.list_of(_UNIT), []),
        "leftovers": (_LEFTOVERS, {}),
        "gate": (s.list_of(_CHECK), []),
        "rolling": (s.flag, False),
        "show_secrets": (s.flag, False),
        "pki": (s.text, None),
    }
)

# The key of the description that has the items of a kind.
_LISTS = {
    "early_file": "early_files",
    "package": "packages",
    "group": "groups",
    "user": "users",
    "directory": "directories",
    "binary": "binaries",
    "certificate": "certificates",
    "file": "files",
    "absent": "absent",
    "kernel_module": "kernel_modules",
    "sysctl": "sysctls",
    "selinux_boolean": "selinux_booleans",
    "selinux_port": "selinux_ports",
}
_SINGLES = ("foreign", "swap", "selinux", "firewall")


@dataclasses.dataclass(frozen=True)
class Component:
    """A component for the planner: its items by kind, with all defaults. Files do not have their text yet."""

    name: str
    items: dict[str, list[dict[str, t.Any]]]
    requires: tuple[dict[str, t.Any], ...]
    gate: tuple[dict[str, t.Any], ...]
    rolling: bool
    show_secrets: bool
    pki: str | None
    leftovers: tuple[dict[str, str], ...] = ()


def parse_description(args: dict[str, t.Any]) -> Component:
    """The component that the options describe. Raises DescriptionError with every fault found."""
    faults: list[str] = []
    given = _COMPONENT(_with_swap_text(plain(args)), "", faults)
    name = str(args.get("name") or "?")
    if faults:
        raise DescriptionError(name, [fault.lstrip(".") for fault in faults])
    _check_sources(given, faults)
    _check_checks(given, faults)
    _check_kept(given, faults)
    _check_looks(given, faults)
    _check_absent(given, faults)
    _check_releases(given, faults)
    for key in ("certificates", "files"):
        given[key] = [item for item in given[key] if item["state"] == "present"]
    files, units = unit_files.spread(given, faults)
    given["files"] = [_complete_file(item) for item in [*given["files"], *files]]
    _check_paths(given, faults)
    if faults:
        raise DescriptionError(name, faults)
    given["early_files"] = [item for item in given["files"] if item["early"]]
    given["files"] = [item for item in given["files"] if not item["early"]]
    items = {kind: given[key] for kind, key in _LISTS.items()}
    items |= {kind: [given[kind]] if given[kind] else [] for kind in _SINGLES}
    items["unit"] = units
    programs = _programs(given)
    items["trusted_programs"] = [{"paths": programs}] if programs else []
    return Component(
        name=name,
        items=items,
        requires=tuple(given["requires"]),
        gate=tuple(given["gate"]),
        rolling=given["rolling"],
        show_secrets=given["show_secrets"],
        pki=given["pki"],
        leftovers=tuple(
            {"kind": f"leftover_{key[:-1]}", "target": target} for key, targets in given["leftovers"].items() for target in targets
        ),
    )


def _programs(given: dict[str, t.Any]) -> list[str]:
    """What the component brings to be run, and rpm does not know."""
    released = [entry["path"] for release in given["binaries"] for entry in release["install"]]
    return released + [item["path"] for item in given["files"] if item["mode"] and int(item["mode"], 8) & 0o100]


def _with_swap_text(args: dict[str, t.Any]) -> dict[str, t.Any]:
    """YAML reads an unquoted `off` as false."""
    swap = args.get("swap")
    if isinstance(swap, dict) and swap.get("state") is False:
        args["swap"] = {**swap, "state": "off"}
    return args


def _check_sources(given: dict[str, t.Any], faults: list[str]) -> None:
    places = [(f"files[{index}]", item, False) for index, item in enumerate(given["files"])]
    for index, unit in enumerate(given["units"]):
        places.append((f"units[{index}]", unit, True))
        places += [(f"units[{index}].drop_ins[{number}]", item, False) for number, item in enumerate(unit["drop_ins"])]
    for where, item, may_lack in places:
        found = [source for source in unit_files.SOURCES if item[source] is not None]
        if len(found) > 1 or (not found and not may_lack):
            faults.append(f"{where}: has {' and '.join(found) or 'no source'}; give exactly one of {', '.join(unit_files.SOURCES)}")


def _check_checks(given: dict[str, t.Any], faults: list[str]) -> None:
    places = [(f"{key}[{index}]", check) for key in ("requires", "gate") for index, check in enumerate(given[key])]
    for index, unit in enumerate(given["units"]):
        places += [(f"units[{index}].{key}[{number}]", check) for key in _UNIT_CHECKS for number, check in enumerate(unit[key])]
        for turn, dependent in enumerate(unit["dependents"]):
            where = f"units[{index}].dependents[{turn}].health"
            places += [(f"{where}[{number}]", check) for number, check in enumerate(dependent["health"])]
    for where, check in places:
        found = [kind for kind in CHECK_KINDS if check[kind]]
        if len(found) != 1:
            faults.append(f"{where}: has {' and '.join(found) or 'no check'}; give exactly one of {', '.join(CHECK_KINDS)}")
        if check["tcp"] and not check["tcp"].rpartition(":")[2].isdigit():
            faults.append(f"{where}.tcp: {check['tcp']!r} has no port; write host:port")
        for kind in [kind for kind, value in check.items() if value is None]:
            del check[kind]


def _check_kept(given: dict[str, t.Any], faults: list[str]) -> None:
    for index, item in enumerate(given["files"]):
        if item["keep"] is None:
            continue
        if item["block"]:
            faults.append(f"files[{index}]: has block and keep; a file with a block of ours keeps all else anyhow, so give one of them")
        try:
            re.compile(item["keep"])
        except re.error as error:
            faults.append(f"files[{index}].keep: {item['keep']!r} is no regular expression: {error}")


def _check_looks(given: dict[str, t.Any], faults: list[str]) -> None:
    for index, look in enumerate(given["foreign"]["looks"] if given["foreign"] else []):
        found = [kind for kind in _LOOK_KINDS if look[kind]]
        if len(found) != 1:
            faults.append(f"foreign.looks[{index}]: has {' and '.join(found) or 'no look'}; give exactly one of {', '.join(_LOOK_KINDS)}")


def _check_absent(given: dict[str, t.Any], faults: list[str]) -> None:
    for index, item in enumerate(given["absent"]):
        if bool(item["authority"]) != bool(item["certificates"]):
            faults.append(f"absent[{index}]: give both authority and certificates, or neither of them")


def _check_releases(given: dict[str, t.Any], faults: list[str]) -> None:
    for index, release in enumerate(given["binaries"]):
        if bool(release["sha256"]) == bool(release["checksum_url"]):
            faults.append(f"binaries[{index}]: give exactly one of sha256, checksum_url")
        for key in [key for key in ("sha256", "checksum_url", "pinned_by", "store") if release[key] is None]:
            del release[key]


def _complete_file(item: dict[str, t.Any]) -> dict[str, t.Any]:
    return {"early": False, "block": None, "validate": None, "secret": None, "owner": "root", "group": "root", "mode": None, **item}


def _check_paths(given: dict[str, t.Any], faults: list[str]) -> None:
    """Adds a fault for each path that two resources want."""
    seen: dict[str, str] = {}
    places = [(f"absent {item['path']}", item["path"]) for item in given["absent"]]
    places += [(f"directory {item['path']}", item["path"]) for item in given["directories"]]
    for item in given["files"]:
        key = f"{item['path']}#{item['block']}" if item["block"] else item["path"]
        places.append((f"file {item['path']}", key))
    for item in given["certificates"]:
        places += [(f"certificate {item['name']}", item["path"]), (f"key of certificate {item['name']}", item["key"])]
    for item in given["binaries"]:
        paths = [path for entry in item["install"] for path in (entry["path"], entry["also"]) if path]
        places += [(f"program of release {item['name']}", path) for path in paths]
    for what, key in places:
        if key in seen:
            faults.append(f"{key}: wanted twice, by {seen[key]} and by {what}; remove one of them")
        seen[key] = what
