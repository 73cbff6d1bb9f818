# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The versions of a cluster: what is asked for, checked against the table of what goes together."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import older_versions, version_table
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.inputs import Reader
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.problems import Problems
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.version_table import minor_of, parse, parse_minor

PROGRAMS = ("etcd", "cri_dockerd", "cni_plugins", "flannel", "coredns", "pause")


def read_versions(reader: Reader, problems: Problems) -> dict[str, str] | None:
    """Every program's version; None when one has a fault. ``docker`` is empty for what the package repository offers, ``emulated`` for a
    control plane that is what it is."""
    kubernetes = _version(reader, "cluster_kubernetes_version", default=version_table.DEFAULT_KUBERNETES)
    if kubernetes is None:
        return None
    minor = version_table.MINORS.get(minor_of(kubernetes))
    if minor is None:
        reader.fault(
            "cluster_kubernetes_version",
            "is not a Kubernetes that this collection knows",
            f"Use one of {', '.join(version_table.MINORS)}, e.g. {version_table.DEFAULT_KUBERNETES}",
        )
        return None
    if kubernetes not in version_table.TESTED:
        problems.warn(
            f"Kubernetes {kubernetes} is not tested with this version of the collection; tested are {', '.join(version_table.TESTED)}"
        )
    emulated = older_versions.read_emulated(reader, kubernetes)
    node = older_versions.read_node(reader, _version(reader, "cluster_node_version", default=kubernetes), kubernetes, emulated)
    read = {program: _program(reader, program, minor.programs[program], kubernetes) for program in PROGRAMS}
    docker = _docker(reader, minor, kubernetes)
    usable = {program: version for program, version in read.items() if version is not None}
    if docker is None or node is None or emulated is None or len(usable) < len(read):
        return None
    return {"kubernetes": kubernetes, "node": node, "emulated": emulated, **usable, "docker": docker}


def features_of(versions: t.Mapping[str, str]) -> dict[str, t.Any]:
    """``cluster.features``; the versions are those that ``read_versions`` gave."""
    kubernetes, cri_dockerd = parse(versions["kubernetes"]), parse(versions["cri_dockerd"])
    if kubernetes is None or cri_dockerd is None:
        raise ValueError(f"not versions: {versions['kubernetes']}, {versions['cri_dockerd']}")
    return version_table.features(kubernetes=kubernetes, cri_dockerd=cri_dockerd, emulated=parse_minor(versions["emulated"]))


def _program(reader: Reader, program: str, allowed: version_table.Allowed, kubernetes: str) -> str | None:
    name = f"cluster_{program}_version"
    text = _version(reader, name, default=allowed.default)
    version = parse(text) if text is not None else None
    if version is None:
        return None
    if not allowed.takes(version):
        reader.fault(
            name,
            f"does not go with Kubernetes {kubernetes}, which takes {allowed}",
            f"Write {allowed.default}, or nothing for that default",
        )
        return None
    return text


def _docker(reader: Reader, minor: version_table.Minor, kubernetes: str) -> str | None:
    name = "cluster_docker_version"
    if reader.given(name) and reader.text(name) == "":
        return ""
    text = _version(reader, name, default="")
    version = parse(text) if text else None
    if version is None:
        return text
    if version < (parse(minor.docker_minimum) or ()):
        reader.fault(
            name,
            f"is older than {minor.docker_minimum}, the oldest Docker for Kubernetes {kubernetes}",
            "Write a newer version, or nothing to take what the package repository offers",
        )
        return None
    return text


def _version(reader: Reader, name: str, *, default: str) -> str | None:
    """A version in its full form, as text."""
    if not reader.given(name):
        return default
    value = reader.number_or_text(name)
    if value is None:
        return None
    if parse(value):
        return value
    bare = re.fullmatch(r"v?(\d+\.\d+\.\d+)", value)
    short = re.fullmatch(r"v?(\d+\.\d+)", value)
    if bare:
        reader.fault(name, "is not in the form of three plain numbers", f"Write {bare[1]}")
    elif short:
        example = (
            next((tested for tested in version_table.TESTED if tested.startswith(f"{short[1]}.")), f"{short[1]}.0")
            if "kubernetes" in name
            else f"{short[1]}.0"
        )
        reader.fault(name, "names no patch release", f'Write the full version, e.g. "{example}"')
    else:
        reader.fault(name, "is not a version", f"Write e.g. {default or '29.8.0'}")
    return None
