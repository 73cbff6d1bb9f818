# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Splits a unit into the files that define it and one item that tells how it must run."""

from __future__ import annotations

import pathlib
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.ours import INPUTS_DIRECTORY

UNIT_DIRECTORY = "/etc/systemd/system"
STAMP_HELPER = "/usr/local/libexec/barehost/stamp"
STAMP_DROP_IN = "10-barehost.conf"
_STAMP_SOURCE = pathlib.Path(__file__).with_name("stamp.sh")
# The section that takes ExecStartPre=, by the kind of unit. Other kinds have no stamp: the time of their start counts.
_STAMP_SECTIONS = {".service": "Service", ".socket": "Socket"}
# Empty, and not unset by UnsetEnvironment=, so that a drop-in of somebody else can set them.
_NO_PROXIES = " ".join(f"{name}=" for proxy in ("http_proxy", "https_proxy", "all_proxy") for name in (proxy.upper(), proxy))
# The options that give a file its text.
SOURCES = ("template", "content", "yaml", "json", "pki", "source")

Item = dict[str, t.Any]


def spread(given: dict[str, t.Any], faults: list[str]) -> tuple[list[Item], list[Item]]:
    """The files and the unit items of a checked description."""
    files: list[Item] = []
    units: list[Item] = []
    for index, unit in enumerate(given["units"]):
        suffix = pathlib.PurePosixPath(unit["name"]).suffix
        if not suffix or "/" in unit["name"]:
            faults.append(f"units[{index}].name: {unit['name']!r} is not a unit; write it with its kind, such as {unit['name']}.service")
            continue
        definition = _definition(unit)
        inputs = _default_inputs(given) if unit["inputs"] is None else list(unit["inputs"])
        inputs = [path for path in dict.fromkeys([*inputs, *(item["path"] for item in definition)]) if path not in unit["reload_on"]]
        stamped = bool(inputs) and unit["state"] == "started" and suffix in _STAMP_SECTIONS
        files += definition
        if stamped:
            definition = [*definition, _stamp_drop_in(unit["name"], section=_STAMP_SECTIONS[suffix], direct=unit["direct"])]
            files += [definition[-1], _inputs_list(unit["name"], inputs)]
        units.append(_item(unit, inputs=inputs, definition=[item["path"] for item in definition], stamped=stamped))
    if any(unit["stamped"] for unit in units):
        files.append(_generated(STAMP_HELPER, _STAMP_SOURCE.read_text(encoding="utf-8"), mode="0755"))
    return files, units


def _item(unit: Item, *, inputs: list[str], definition: list[str], stamped: bool) -> Item:
    enabled = unit["enabled"]
    if enabled is None and unit["state"] != "unmanaged":
        enabled = unit["state"] == "started"
    return {
        "name": unit["name"],
        "enabled": enabled,
        "state": unit["state"],
        "inputs": inputs,
        "reload_on": unit["reload_on"],
        "restart_on": unit["restart_on"],
        "health": unit["health"],
        "restart_health": unit["restart_health"],
        "restart_if": unit["restart_if"],
        "dependents": unit["dependents"],
        "defer_start": unit["defer_start"],
        "block": unit["block"],
        "definition": definition,
        "stamped": stamped,
    }


def _definition(unit: Item) -> list[Item]:
    """The unit file, if the description has a source for it, and the drop-ins, as items of `files`."""
    places = [(f"{UNIT_DIRECTORY}/{unit['name']}", unit)] if any(unit[source] is not None for source in SOURCES) else []
    places += [(f"{UNIT_DIRECTORY}/{unit['name']}.d/{drop_in['name']}", drop_in) for drop_in in unit["drop_ins"]]
    return [{"path": path, "vars": item["vars"], **{source: item[source] for source in SOURCES}} for path, item in places]


def _default_inputs(given: dict[str, t.Any]) -> list[str]:
    paths = [item["path"] for item in given["files"] if not item["early"]]
    for certificate in given["certificates"]:
        paths += [certificate["path"], certificate["key"]]
    for release in given["binaries"]:
        paths += [entry["path"] for entry in release["install"]]
    return paths


def _stamp_drop_in(unit: str, *, section: str, direct: bool) -> Item:
    """It does not count as an input: a unit that runs gets it with its next start."""
    text = f"# Records what the unit is started with, in /run/barehost.\n[{section}]\nExecStartPre=-+{STAMP_HELPER} {unit}\n"
    if direct:
        text += f"# No proxy of systemd's DefaultEnvironment: this program reaches the hosts of the cluster.\nEnvironment={_NO_PROXIES}\n"
    return _generated(f"{UNIT_DIRECTORY}/{unit}.d/{STAMP_DROP_IN}", text)


def _inputs_list(unit: str, inputs: list[str]) -> Item:
    return _generated(f"{INPUTS_DIRECTORY}/{unit}", "".join(f"{path}\n" for path in inputs))


def _generated(path: str, text: str, *, mode: str = "0644") -> Item:
    return {"path": path, "mode": mode, "vars": {}, **dict.fromkeys(SOURCES), "content": text}
