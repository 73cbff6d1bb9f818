# SPDX-License-Identifier: GPL-3.0-or-later
"""A mirror of small files in the place of the internet, and a cluster that is collected from it."""

from __future__ import annotations

import collections.abc as c
import pathlib
import typing as t

from binaries_mirror import Mirror, sha256
from mirror_registry import Registry
from spec_inventory import spec_of

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror import directory, manifest, wanted
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror.manifest import Manifest
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror.plan import Plan, plan
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror.request import Registry as Source
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror.request import Request, request
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import releases

# Nothing of these is pinned.
UNPINNED = {"cluster_etcd_version": "3.7.1", "cluster_cri_dockerd_version": "0.4.3", "cluster_flannel_version": "0.28.8"}
OWN_BUILDS = {"cluster_mirror": "https://mirror.example.org", "cluster_mirror_own_builds": True}


def cluster(**variables: t.Any) -> dict[str, t.Any]:
    """The spec as a playbook has it."""
    return spec_of(variables).as_dict()


def asked(folder: pathlib.Path, **options: t.Any) -> Request:
    return request({"directory": str(folder), **options})


def fill(
    mirror: Mirror, spec: c.Mapping[str, t.Any], *, architectures: c.Sequence[str] = ("amd64",), content: bytes = b""
) -> dict[str, bytes]:
    """Gives the mirror all programs of the cluster with their checksum files; the programs by path."""
    programs = {}
    for architecture in architectures:
        for release in releases.releases(spec["versions"], architecture=architecture):
            path = release.url.removeprefix("https://")
            programs[path] = mirror.files[f"/{path}"] = f"{release.name} {architecture}".encode() + content
            checksum = (release.checksum or f"{release.url}.sha256").removeprefix("https://")
            line = f"{sha256(programs[path])}  {release.file_name}\n".encode()
            mirror.files[f"/{checksum}"] = mirror.files.get(f"/{checksum}", b"") + line
    return programs


def offer(registry: Registry, spec: c.Mapping[str, t.Any]) -> dict[str, str]:
    """Gives the registry all images of the cluster; their digests by reference."""
    references = [image.reference for image in wanted.wanted(spec, Request("collect", pathlib.Path())).images]
    return {reference: registry.add(reference) for reference in references}


def source_of(registry: Registry) -> Source:
    return Source(registry.name, tls=False)


def planned(
    spec: c.Mapping[str, t.Any],
    wish: Request,
    *,
    packages: c.Sequence[str] = ("tar",),
    recorded: c.Mapping[str, str] | None = None,
) -> Plan:
    """For the directory as it is."""
    known = directory.read_manifest(wish.directory)
    needed = wanted.wanted(spec, wish)
    paths = [*(known or manifest.NOTHING).files, *(one.path for one in (*needed.programs, *needed.checksum_files)), wanted.PACKAGES]
    listed = wish.directory / wanted.PACKAGES
    return plan(
        needed,
        packages,
        manifest=known,
        found=directory.look(wish.directory, paths),
        listed=listed.read_text() if listed.exists() else "",
        recorded=recorded or {},
        prune=wish.prune,
    )


def put(folder: pathlib.Path, files: c.Mapping[str, bytes], images: c.Mapping[str, manifest.Image] | None = None) -> Manifest:
    """A mirror of these files and images, with its manifest."""
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    entries = {path: manifest.File(sha256(content), len(content), f"for {path}") for path, content in files.items()}
    whole = Manifest(entries, images or {})
    directory.write(folder / manifest.NAME, manifest.text(whole))
    return whole


def flip(path: pathlib.Path, position: int = 0, bit: int = 1) -> None:
    """Changes one bit of a file."""
    content = bytearray(path.read_bytes())
    content[position] ^= bit
    path.write_bytes(content)
