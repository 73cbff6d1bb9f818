# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Docker that somebody else has set up: its settings, its directory, and what runs in it. And containers of another image store."""

from __future__ import annotations

import json
import os
import re
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import docker_api
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import cause

_TIMEOUT = 10.0
_PASSWORD = re.compile(r"://[^/\s\"@]*@")
_SHOWN = 5

# Where the root of a running container is mounted below Docker's data directory, by image store.
_ROOTS = {
    "graph-driver": re.compile(r"/[\w-]+/[0-9a-f]{64}/merged"),
    "containerd": re.compile(r"/rootfs/[\w-]+/[0-9a-f]{64}"),
}

Finding = dict[str, t.Any]


def find_other_store(wanted: dict[str, str], *, mounts: str) -> list[Finding]:
    """Whether containers run whose image store is not the ``store`` with which Docker is to run, from ``data_directory``.

    Docker would not know them after its next start. Read from the mounts, since Docker knows only those of the store that it runs with.
    """
    found = []
    for store, root in _ROOTS.items():
        places = [place for place in map(_mount_point, mounts.splitlines()) if place.startswith(wanted["data_directory"] + "/")]
        count = sum(1 for place in places if root.fullmatch(place, len(wanted["data_directory"])))
        if count and store != wanted["store"]:
            text = f"{count} containers run with the image store {store}, wanted is {wanted['store']}"
            found.append({"name": f"image-store:{store}", "sort": "image-store", "found": text})
    return found


def _mount_point(line: str) -> str:
    return line.partition(" ")[2].partition(" ")[0]


def find(wanted: dict[str, t.Any], *, root: str) -> list[Finding]:
    """``wanted`` has the ``unit``, its ``configuration`` (a path), ``settings``, ``socket`` and ``data_directory`` (the default one)."""
    found = _settings(wanted, root)
    if _is_up(root):
        found += _running(wanted, root, told=bool(found))
    return found


def _settings(wanted: dict[str, t.Any], root: str) -> list[Finding]:
    path = wanted["configuration"]
    try:
        with open(_place(path, root), encoding="utf-8") as stream:
            text = stream.read()
        given = json.loads(text) if text.strip() else {}
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        return [{"name": path, "sort": "settings", "found": f"{path} cannot be read ({cause(error)})"}]
    if not isinstance(given, dict):
        return [{"name": path, "sort": "settings", "found": f"{path} is no JSON object"}]
    lost = {key: value for key, value in given.items() if key not in wanted["settings"] or wanted["settings"][key] != value}
    if not lost:
        return []
    shown = _PASSWORD.sub("://(hidden)@", json.dumps(lost, sort_keys=True))
    return [{"name": path, "sort": "settings", "found": f"{path} has settings that would be lost: {shown}"}]


def _is_up(root: str) -> bool:
    """Looked up by its process: to connect to the socket would make systemd start it."""
    try:
        with open(_place("/run/docker.pid", root), encoding="utf-8") as stream:
            return os.path.exists(f"/proc/{int(stream.read())}")
    except (OSError, ValueError):
        return False


def _running(wanted: dict[str, t.Any], root: str, *, told: bool) -> list[Finding]:
    import http.client  # imported here, because a host that is ours has no use for it

    unit, place = wanted["unit"], _place(wanted["socket"], root)
    try:
        information, containers = (
            docker_api.ask(place, "/info", timeout=_TIMEOUT),
            docker_api.ask(place, "/containers/json", timeout=_TIMEOUT),
        )
    except (OSError, ValueError, http.client.HTTPException) as error:
        return [{"name": unit, "sort": "containers", "found": f"{unit} runs, but does not say what runs in it ({cause(error)})"}]
    found = []
    if containers and not information.get("LiveRestoreEnabled"):
        names = ", ".join(sorted(container["Names"][0].lstrip("/") for container in containers[:_SHOWN]))
        more = f" and {len(containers) - _SHOWN} more" if len(containers) > _SHOWN else ""
        found.append({"name": unit, "sort": "containers", "found": f"a restart of {unit} would kill the containers {names}{more}"})
    directory = str(information.get("DockerRootDir", ""))
    if not told and directory != wanted["settings"].get("data-root", wanted["data_directory"]):
        found.append({"name": directory, "sort": "data-root", "found": f"the data of {unit} is in {directory}"})
    return found


def _place(path: str, root: str) -> str:
    return os.path.join(root, path.lstrip("/"))
