# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resource kind ``foreign``: what others have set up on this host that would win over ours or would be lost. It only looks.

A finding has a ``name`` (by which it can be accepted), a ``sort``, and what was ``found``; ``harmless`` ones are only told of.
"""

from __future__ import annotations

import fnmatch
import os
import socket
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import foreign_docker, foreign_lines, foreign_ports, foreign_units
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import listeners, ours
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import run
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.unit_states import RUNNING_OR_STARTING

ROOT = "/"
# The endings by which libcni, and so cri-dockerd, knows configurations (containernetworking/cni, libcni/api.go and conf.go).
_CNI_ENDINGS = (".conf", ".conflist", ".json")

Look = dict[str, t.Any]
Finding = dict[str, t.Any]


def collect(items: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """For each item the findings of its looks, in order. A look with ``of`` ends where one of these units is ours."""
    return [_collect(item["looks"]) for item in items]


def _collect(looks: list[Look]) -> dict[str, t.Any]:
    over = [any(map(ours.runs, look.get("of", []))) for look in looks]
    asked = [look.get("unit") or look.get("service") for look, ended in zip(looks, over) if not ended]
    systemd = _systemd([name for name in asked if name])
    return {"findings": [[] if ended else _find(look, systemd) for look, ended in zip(looks, over)]}


def apply(actions: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """Nothing is ever planned: the kind refuses, or lets the run go on."""
    return [{} for _action in actions]


def _systemd(names: list[str]) -> dict[str, dict[str, str]]:
    """ActiveState and UnitFileState of units, asked for at once."""
    if not names:
        return {}
    output = run(["systemctl", "show", "--property=Id,ActiveState,UnitFileState", "--", *names]).output
    blocks = [dict(line.split("=", 1) for line in block.splitlines() if "=" in line) for block in output.split("\n\n") if block.strip()]
    return dict(zip(names, blocks)) if len(blocks) == len(names) else {}


def _find(look: Look, systemd: dict[str, dict[str, str]]) -> list[Finding]:
    if look.get("unit"):
        return foreign_units.find(look["unit"], written=look["written"], runs=_runs(systemd.get(look["unit"], {})), root=ROOT)
    if look.get("service"):
        return _service(look["service"], systemd.get(look["service"], {}))
    return next(find(look[kind]) for kind, find in _FINDERS.items() if look.get(kind))


def _runs(properties: dict[str, str]) -> bool:
    return properties.get("ActiveState") in RUNNING_OR_STARTING


def _service(name: str, properties: dict[str, str]) -> list[Finding]:
    states = [word for word, holds in (("runs", _runs(properties)), ("is enabled", properties.get("UnitFileState") == "enabled")) if holds]
    return [{"name": name, "sort": "service", "found": f"{name} {' and '.join(states)}"}] if states else []


def _file(path: str) -> list[Finding]:
    return [{"name": path, "sort": "file", "found": f"{path} is there"}] if os.path.lexists(_place(path)) else []


def _cni(path: str) -> list[Finding]:
    """The configurations in the directory of ours that come before it, by which the network of pods would be theirs."""
    directory, own = os.path.split(path)
    place = _place(directory)
    names = sorted(os.listdir(place)) if os.path.isdir(place) else []
    found = [f"{directory}/{name}" for name in names if name.endswith(_CNI_ENDINGS) and name < own]
    return [{"name": name, "sort": "cni", "found": f"{name} comes before the configuration of this cluster's network"} for name in found]


def _interface(pattern: str) -> list[Finding]:
    names = [name for _index, name in socket.if_nameindex() if fnmatch.fnmatchcase(name, pattern)]
    return [{"name": name, "sort": "interface", "found": f"the interface {name} is there"} for name in names]


def _place(path: str) -> str:
    return os.path.join(ROOT, path.lstrip("/"))


_FINDERS: dict[str, t.Callable[[t.Any], list[Finding]]] = {
    "docker": lambda wanted: foreign_docker.find(wanted, root=ROOT),
    "image_store": lambda wanted: foreign_docker.find_other_store(wanted, mounts=listeners.text("self/mounts")),
    "line": lambda wanted: foreign_lines.find(wanted, root=ROOT),
    "packages": foreign_lines.find_packages,
    "port": foreign_ports.find,
    "file": _file,
    "cni": _cni,
    "interface": _interface,
}
