# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Docker and cri-dockerd: whether they answer, how they are set up, what they keep, and which networks of pods are configured."""

from __future__ import annotations

import collections
import glob
import http.client
import os
import re
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import checks, units
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import docker_api, errors
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import run
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.unit_states import RUNNING

Object = dict[str, t.Any]

_TIMEOUT = 6.0
_BIGGEST, _WARNINGS = 5, 10
_BIG = 1 << 30
_VERSION = re.compile(r"\d+\.\d+\.\d+")
# The endings by which libcni, and so cri-dockerd, knows configurations (containernetworking/cni, libcni/api.go and conf.go).
_CNI_ENDINGS = (".conf", ".conflist", ".json")


def look(asked: Object) -> Object:
    """``docker``, ``cri``: sockets; ``units``: whose they are; ``program``: cri-dockerd's; ``cni``: the directory of networks."""
    states = units.found_all(list(asked["units"].values()))
    stopped = {name: _stopped(unit, state) for (name, unit), state in zip(asked["units"].items(), states)}
    docker = {"fault": stopped["docker"]} if stopped["docker"] else _docker(asked["docker"])
    silent = stopped["cri"] or checks.probe({"socket": asked["cri"]}, timeout=_TIMEOUT) or ""
    return {
        "docker": docker,
        "cri": {"fault": silent, "version": _version(asked["program"])},
        "logs": _logs(docker.get("directory", "")),
        "cni": sorted(name for name in _names(asked["cni"]) if name.endswith(_CNI_ENDINGS)),
    }


def _stopped(unit: str, state: Object) -> str:
    """Why a program is not asked: systemd would start it for whoever connects to its socket. Empty if it runs, or if it is not known."""
    return f"{unit} is {state['active']}" if state["known"] and state["active"] not in RUNNING else ""


def _docker(path: str) -> Object:
    try:
        info, containers = docker_api.ask(path, "/info", timeout=_TIMEOUT), docker_api.ask(path, "/containers/json?all=1", timeout=_TIMEOUT)
    except (OSError, ValueError, http.client.HTTPException) as error:
        return {"fault": errors.cause(error)}
    return {
        "fault": "",
        "version": info.get("ServerVersion", ""),
        "cgroup_driver": info.get("CgroupDriver", ""),
        "store": info.get("Driver", ""),
        "directory": info.get("DockerRootDir", ""),
        "live_restore": bool(info.get("LiveRestoreEnabled")),
        "warnings": [str(text)[:200] for text in info.get("Warnings") or []][:_WARNINGS],
        "states": dict(collections.Counter(str(one.get("State", "")) for one in containers)),
        "images": int(info.get("Images", 0)),
    }


def _version(program: str) -> str:
    match = _VERSION.search(run([program, "--version"], timeout=_TIMEOUT).output)
    return match[0] if match else ""


def _logs(directory: str) -> list[Object]:
    """The largest logs of containers above a size."""
    sizes = []
    for path in glob.iglob(os.path.join(glob.escape(directory), "containers", "*", "*-json.log")) if directory else ():
        try:
            sizes.append((os.path.getsize(path), path))
        except OSError:
            continue
    return [{"path": path, "size": size} for size, path in sorted(sizes, reverse=True)[:_BIGGEST] if size > _BIG]


def _names(directory: str) -> list[str]:
    try:
        return os.listdir(directory)
    except OSError:
        return []
