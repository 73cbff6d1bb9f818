# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cluster needs of a mirror: programs, the checksum files of those that nothing else proves, and images. Pure."""

from __future__ import annotations

import collections.abc as c
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror.request import COLLECT, Request
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror.signing import Signer
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.binaries import REMEDIES
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import releases
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.checksums import Checksums

# Below the directory: where images are, and the list of packages.
IMAGES, PACKAGES = "images", "packages.txt"
# Any mirror: only the paths below it are of interest.
_MIRROR = "https://mirror"


class Program(t.NamedTuple):
    """``path``: below the directory, as below ``cluster_mirror``. ``sha256`` is empty if it must be asked for at ``checksum_url``.
    ``remedy``: what to do if the file has another one. ``signer``: whose signature is verified; ``signatures``: the addresses of what
    proves it."""

    path: str
    url: str
    sha256: str
    checksum_url: str
    remedy: str
    purpose: str
    signer: Signer | None = None
    signatures: tuple[str, ...] = ()


class ChecksumFile(t.NamedTuple):
    """What hosts, or their controller, ask for. ``url`` is empty if upstream has no such file, so that it is written here."""

    path: str
    url: str
    programs: tuple[str, ...]
    purpose: str


class Image(t.NamedTuple):
    """``path``: its directory. ``reference``: repository and tag, without a registry. ``source``: from where it comes. ``signer``: whose
    signature is verified."""

    path: str
    reference: str
    source: str
    purpose: str
    signer: Signer | None = None


class Wanted(t.NamedTuple):
    """``clear_text``: what is proven by nothing but what comes over http itself. ``unsigned``: what has no signature to be verified."""

    programs: tuple[Program, ...]
    checksum_files: tuple[ChecksumFile, ...]
    images: tuple[Image, ...]
    clear_text: tuple[str, ...]
    unsigned: tuple[str, ...] = ()


def wanted(cluster: c.Mapping[str, t.Any], request: Request) -> Wanted:
    """For the cluster of this resolved spec."""
    architectures = request.architectures or (str(cluster["architecture"]),)
    programs: list[Program] = []
    files: dict[str, ChecksumFile] = {}
    clear_text: list[str] = []
    for architecture in architectures:
        found = releases.releases(cluster["versions"], architecture=architecture)
        # Upstream's own servers have no builds of anybody else. Hosts take what the inventory says.
        here = _items(cluster, found, architecture, mirror=request.source, pinned=request.step == COLLECT and not request.source)
        there = _items(cluster, found, architecture, mirror=_MIRROR)
        clear_text += releases.unproven(here)
        for release in found:
            program = _program(release, here[release.name], architecture, request)
            programs.append(program)
            asked = there[release.name].get("checksum_url")
            if asked:
                file = _checksum_file(release, program, _path(asked), source=request.source)
                before = files.get(file.path)
                files[file.path] = file._replace(programs=(*before.programs, program.path)) if before else file
    images = _images(cluster, request)
    insecure = [] if request.images.tls else [f"image {image.reference}" for image in images]
    unsigned = tuple(program.purpose for program in programs if request.signatures and not program.signer)
    return Wanted(tuple(programs), tuple(files.values()), images, (*dict.fromkeys(clear_text), *insecure), unsigned)


def _items(
    cluster: c.Mapping[str, t.Any], found: t.Sequence[releases.Release], architecture: str, *, mirror: str, pinned: bool = False
) -> dict[str, dict[str, t.Any]]:
    """As ``cluster.binaries``. ``pinned``: also where the mirror of the inventory has builds of its own."""
    given = cluster["checksums"]["given"]
    if architecture != cluster["architecture"]:
        # A digest by the name of a program is that of the cluster's architecture.
        given = {name: digest for name, digest in given.items() if name not in {release.name for release in found}}
    proofs = Checksums(given=given, own_builds=bool(cluster["checksums"]["own_builds"]) and not pinned, asked_by="", file="")
    return releases.items(found, architecture=architecture, mirror=mirror, checksums=proofs)


def _program(release: releases.Release, item: c.Mapping[str, t.Any], architecture: str, request: Request) -> Program:
    signer = request.signatures.of_program(release.name) if request.signatures else None
    return Program(
        path=_path(release.url),
        url=str(item["url"]),
        sha256=str(item.get("sha256") or "").lower(),
        checksum_url=str(item.get("checksum_url") or ""),
        remedy=REMEDIES.get(item.get("pinned_by") or "", ""),
        purpose=f"{release.name} {release.version} for {architecture}",
        signer=signer,
        signatures=tuple(f"{item['url']}{ending}" for ending in request.signatures.beside()) if request.signatures and signer else (),
    )


def _checksum_file(release: releases.Release, program: Program, path: str, *, source: str) -> ChecksumFile:
    upstream = f"{source}/{path}" if source else release.checksum
    return ChecksumFile(path=path, url=upstream, programs=(program.path,), purpose=f"proves {release.name} {release.version}")


def _path(url: str) -> str:
    return url.removeprefix(f"{_MIRROR}/").removeprefix("https://")


def _images(cluster: c.Mapping[str, t.Any], request: Request) -> tuple[Image, ...]:
    found, registry = [], request.images.name
    signer = request.signatures.of_images() if request.signatures else None
    for name, full in releases.images(cluster["versions"], registry=registry).items():
        reference = full.removeprefix(f"{registry}/")
        found.append(Image(f"{IMAGES}/{reference.replace(':', '/')}", reference, full, f"image {name}", signer))
    return tuple(found)
