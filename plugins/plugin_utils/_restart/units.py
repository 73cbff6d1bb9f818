# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must be well on a host after its restart, and which packages an upgrade must not touch. Pure."""

from __future__ import annotations

import collections.abc as c
import re
import typing as t

Object = c.Mapping[str, t.Any]

_OF_MASTERS = ("kube_apiserver", "kube_controller_manager", "kube_scheduler")
_OF_NODES = ("docker", "cri_dockerd_socket", "cri_dockerd", "kubelet", "kube_proxy", "flanneld")
# The engine, and what has its version or runs its containers.
_DOCKER = ("docker-ce", "docker-ce-cli", "docker-ce-rootless-extras", "containerd.io")
_KERNEL = re.compile(r"kernel(-.+)?")
# name-version, name-version-release, with an epoch before the version or without
_VERSIONED = re.compile(r"(?P<name>.+?)-(?:\d+:)?\d[^-:]*(?:-[^-:]+)?")


def required(cluster: Object, host: str) -> dict[str, list[dict[str, t.Any]]]:
    """The units that the roles of a host need, with their health checks, in the order in which they depend on each other."""
    names = [
        *(["etcd"] if host in cluster["etcd_hosts"] else []),
        *(_OF_MASTERS if host in cluster["masters"] else []),
        *(_OF_NODES if host in cluster["node_hosts"] else []),
    ]
    return {cluster["components"][name]["unit"]: [dict(check) for check in cluster["components"][name].get("health", ())] for name in names}


def known(cluster: Object) -> list[str]:
    """All units of the collection. Those that run before a restart must run after it."""
    return list(dict.fromkeys(component["unit"] for component in cluster["components"].values() if component.get("unit")))


def excluded(docker_version: str, *descriptions: c.Iterable[t.Any]) -> list[str]:
    """The packages whose version the inventory decides."""
    names = [match["name"] for text in (str(item) for items in descriptions for item in items) if (match := _VERSIONED.fullmatch(text))]
    return list(dict.fromkeys([*(_DOCKER if docker_version or any(name in _DOCKER for name in names) else ()), *names]))


def named(packages: c.Sequence[str], *, extra_modules: bool) -> list[str]:
    """The packages that are upgraded, by name. A kernel does not come without the modules that the present one has."""
    extra = ["kernel-modules-extra"] if extra_modules and any(_KERNEL.fullmatch(name) for name in packages) else []
    return list(dict.fromkeys([*packages, *extra]))
