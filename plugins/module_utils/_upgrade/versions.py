# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host side of ``versions``: which releases of programs this host has, and what its etcd, apiservers and kubelets say."""

from __future__ import annotations

import contextlib
import os
import re
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._api.client import KubeApi, Object, listed
from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client import levels
from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client.client import Access, EtcdApi, EtcdRefusal, EtcdUnreachable
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import host_lock
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import run as command
from ansible_collections.barehost.kubernetes.plugins.module_utils._upgrade import machine, removed_apis
from ansible_collections.barehost.kubernetes.plugins.module_utils._upgrade.removed_apis import told

# As component installs them: PROGRAM-VERSION, or in a directory of that name. The kernel adds a word where the file is gone.
_VERSIONED = re.compile(r"-(\d+\.\d+\.\d+)(?:/.*)?(?: \(deleted\))?$")
_RELEASE = re.compile(r"\d+\.\d+\.\d+")


def run(_step: str, payload: Object) -> Object:
    """``programs``: by name, the versions that are linked or running, each once. ``api``: see :func:`_api`; ``etcd``: see
    :func:`_etcd`. None where it is not asked.

    ``packages`` of the payload: by name of a program, the package that it comes from.
    ``machine``: see there.
    """
    with host_lock.held(changes=False):
        processes = _processes([program["unit"] for program in payload["programs"].values() if program["unit"]])
        programs = {name: _versions(program, processes) for name, program in payload["programs"].items()}
        programs.update({name: _of_package(package) for name, package in payload["packages"].items()})
    return {
        "programs": programs,
        "api": _api(payload["api"]) if payload["api"] else None,
        "machine": machine.found(payload["drop_ins"]),
        "etcd": _etcd(payload["etcd"]) if payload["etcd"] else None,
    }


def _versions(program: Object, processes: dict[str, str]) -> list[str]:
    """What a run that was killed in between has linked may not run yet."""
    found = [processes.get(program["unit"], "")]
    with contextlib.suppress(OSError):
        found.append(os.readlink(program["path"]))
    return sorted({match[1] for path in found for match in [_VERSIONED.search(path)] if match})


def _of_package(package: str) -> list[str]:
    """The version of an installed package, without its release."""
    found = command(["rpm", "--query", "--queryformat", "%{VERSION}", package])
    match = _RELEASE.match(found.output) if found.ok else None
    return [match[0]] if match else []


def _processes(units: list[str]) -> dict[str, str]:
    """By unit, the file of its main process, if it runs."""
    blocks = command(["systemctl", "show", "--property=Id,MainPID", "--", *units]).output.split("\n\n")
    shown = [dict(line.split("=", 1) for line in block.splitlines() if "=" in line) for block in blocks]
    found = {}
    for properties in shown:
        with contextlib.suppress(OSError):
            found[properties.get("Id", "")] = os.readlink(f"/proc/{int(properties.get('MainPID') or 0)}/exe")
    return found


def _etcd(asked: Object) -> t.Optional[Object]:
    """As in levels.py; None if the member does not answer."""
    api = EtcdApi(asked["url"], Access(**asked["access"]))
    try:
        return levels.of(api, api.status())
    except (EtcdRefusal, EtcdUnreachable):
        return None


def _api(asked: Object) -> Object:
    """What apiservers and kubelets of the cluster say.

    ``apiservers``: by host, its version or None if it does not answer. ``emulated``: the same, the minor version that it emulates, which
    is its own if it says no other. ``kubelets``: by Node, None if nobody answers. ``removed``: see ``removed_apis``.
    """
    apis = {host: KubeApi(server=server, **asked["access"]) for host, server in asked["servers"].items()}
    said = {host: told(_version, api) for host, api in apis.items()}
    apiservers = {host: found and found["gitVersion"] for host, found in said.items()}
    alive = [apis[host] for host, version in apiservers.items() if version is not None]
    return {
        "apiservers": apiservers,
        "emulated": {host: found and _emulated(found) for host, found in said.items()},
        "kubelets": next((nodes for api in alive if (nodes := told(_kubelets, api)) is not None), None),
        "removed": removed_apis.used(apis, apiservers, asked["removed"]),
    }


def _version(api: KubeApi) -> Object:
    return api.request("GET", "/version")


def _emulated(said: Object) -> str:
    own = said["gitVersion"].lstrip("v").split(".")
    return f"{said.get('emulationMajor') or own[0]}.{said.get('emulationMinor') or own[1]}"


def _kubelets(api: KubeApi) -> dict[str, str]:
    return {item["metadata"]["name"]: item["status"]["nodeInfo"]["kubeletVersion"] for item in listed(api, "/api/v1/nodes")}
