#!/usr/bin/env python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Adds the sha256 of releases to the table of pins, and tells what is pinned.

usage: release_digests.py add PROGRAM VERSION                     by upstream's own checksum files
       release_digests.py add PROGRAM VERSION FILE NAME[=PLACE]   by a file of which NAME is a source; PLACE says where a new one is
       release_digests.py show                                    what is pinned of that which tested versions install

PROGRAM is kubernetes, etcd, cri-dockerd, cni-plugins or flannel. FILE has lines "<sha256>  <path or address>", as sha256sum prints and
upstream's SHA256SUMS has them; or it is GitHub's description of a release, or a list of kops or of kubespray. Its paths end as upstream's
addresses do, and have the version and the architecture. A digest that is in the table already gets one more source. Another one for the
same file is an error, and nothing is written. The table is plugins/plugin_utils/_spec/release_digests.py.
"""

from __future__ import annotations

import collections.abc as c
import json
import pathlib
import re
import runpy
import sys
import typing as t

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / ".collections"))

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import binary_checksums  # noqa: E402
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError  # noqa: E402
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import releases, version_table  # noqa: E402

TARGET = ROOT / "plugins" / "plugin_utils" / "_spec" / "release_digests.py"
PROGRAMS = ("kubernetes", "etcd", "cri-dockerd", "cni-plugins", "flannel")
UPSTREAM = "upstream"
HEAD = '''\
# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""sha256 of the files that upstream publishes. Written by tools/release_digests.py; do not edit.

``DIGESTS``: by program, version and architecture, the digest and the names of those that give it. ``SOURCES``: where these are.
"""

from __future__ import annotations

import typing as t

'''
_DIGEST = r"[0-9a-f]{64}"
_LINE = re.compile(rf"^({_DIGEST})[ \t]+\*?(\S+)[ \t]*$", re.MULTILINE)
# A list of kops.
_NAMED = re.compile(rf"name:[ \t]*(\S+)\s+sha256:[ \t]*({_DIGEST})\b")
# The names that a list of kubespray has for programs.
_OF_KUBESPRAY = {
    "kubelet": "kubelet_checksums",
    "kubectl": "kubectl_checksums",
    "etcd": "etcd_binary_checksums",
    "cri-dockerd": "cri_dockerd_archive_checksums",
    "cni-plugins": "cni_binary_checksums",
}

# By program, version and architecture: the digest, and the names of its sources.
Digests = dict[str, dict[str, dict[str, tuple[str, ...]]]]
Sources = dict[str, str]
Wanted = tuple[releases.Release, str]


class Fault(Exception):
    """What keeps a digest out of the table."""


def wanted(program: str, version: str) -> list[Wanted]:
    """The downloads of one version, with their architecture."""
    versions = dict.fromkeys(("kubernetes", "node", "etcd", "cri_dockerd", "cni_plugins", "flannel"), version)
    names = releases.KUBERNETES_PROGRAMS if program == "kubernetes" else (program,)
    found = {architecture: releases.releases(versions, architecture=architecture) for architecture in releases.ARCHITECTURES}
    return [(release, architecture) for architecture, every in found.items() for release in every if release.name in names]


def asked(downloads: c.Iterable[Wanted]) -> dict[str, str]:
    """By address, what upstream's checksum files say."""
    found = {}
    for release, _architecture in downloads:
        try:
            found[release.url] = binary_checksums.fetch_checksum(release.checksum_source, release.file_name)
        except HostError as error:
            raise Fault(error.message) from None
    return found


def told(downloads: c.Iterable[Wanted], text: str) -> dict[str, str]:
    """By address, what a file says. Of what it does not name, nothing."""
    if "_checksums:" in text:
        return _of_kubespray(downloads, yaml.safe_load(text))
    pairs = _pairs(text)
    found: dict[str, str] = {}
    for release, architecture in downloads:
        for name, digest in pairs:
            whole = release.url == name or release.url.endswith("/" + name.removeprefix("./"))
            if not (whole and architecture in name and release.version in name):
                continue
            if found.setdefault(release.url, digest) != digest:
                raise Fault(f"{name} is there twice, with {found[release.url]} and {digest}")
    return found


def _pairs(text: str) -> list[tuple[str, str]]:
    if text.lstrip().startswith("{"):
        assets = json.loads(text)["assets"]
        return [(asset["name"], asset["digest"].removeprefix("sha256:")) for asset in assets if asset.get("digest")]
    return [(name, digest) for digest, name in _LINE.findall(text)] + _NAMED.findall(text)


def _of_kubespray(downloads: c.Iterable[Wanted], lists: c.Mapping[str, t.Any]) -> dict[str, str]:
    found = {}
    for release, architecture in downloads:
        versions = lists.get(_OF_KUBESPRAY.get(release.name, ""), {}).get(architecture, {})
        if release.version in versions:
            found[release.url] = str(versions[release.version]).removeprefix("sha256:")
    return found


def read() -> tuple[Sources, Digests]:
    """The table that is there."""
    if not TARGET.is_file():
        return {}, {}
    space = runpy.run_path(str(TARGET))
    return dict(space["SOURCES"]), {
        program: {version: dict(digests) for version, digests in versions.items()} for program, versions in space["DIGESTS"].items()
    }


def merged(digests: Digests, downloads: c.Iterable[Wanted], found: c.Mapping[str, str], source: str) -> Digests:
    """With what a source says. Raises Fault if it contradicts what is there."""
    merged: Digests = {program: {version: dict(by) for version, by in versions.items()} for program, versions in digests.items()}
    for release, architecture in downloads:
        digest = found.get(release.url)
        if digest is None:
            continue
        if not re.fullmatch(_DIGEST, digest):
            raise Fault(f"{release.url}: {source} gives {digest[:80]!r}, which is not a sha256")
        by_architecture = merged.setdefault(release.name, {}).setdefault(release.version, {})
        known, *names = by_architecture.get(architecture, (digest,))
        if known != digest:
            raise Fault(f"{release.url}: {source} gives {digest}, and {', '.join(names)} gave {known}. Find out which is right")
        by_architecture[architecture] = (digest, *sorted({*names, source}))
    return merged


def written(sources: Sources, digests: Digests) -> str:
    """The module as text."""
    lines = [HEAD, "SOURCES: t.Mapping[str, str] = {\n"]
    lines += [f'    "{name}": "{place}",\n' for name, place in sorted(sources.items())]
    lines.append("}\nDIGESTS: t.Mapping[str, t.Mapping[str, t.Mapping[str, tuple[str, ...]]]] = {\n")
    for program, versions in sorted(digests.items()):
        lines.append(f'    "{program}": {{\n')
        for version in sorted(versions, key=lambda text: tuple(map(int, text.split(".")))):
            lines.append(f'        "{version}": {{\n')
            for architecture, entry in sorted(versions[version].items()):
                lines.append(f'            "{architecture}": ({", ".join(json.dumps(part) for part in entry)}),\n')
            lines.append("        },\n")
        lines.append("    },\n")
    lines.append("}\n")
    return "".join(lines)


def installed() -> list[tuple[str, str]]:
    """Programs and versions that tested versions of Kubernetes install by default, the newest first."""
    found: dict[tuple[str, str], None] = {("kubernetes", version): None for version in version_table.TESTED}
    for name in PROGRAMS[1:]:
        for version in version_table.TESTED:
            minor = version_table.MINORS[".".join(version.split(".")[:2])]
            found[name, minor.programs[name.replace("-", "_")].default] = None
    return list(found)


def pinned(digests: Digests) -> list[tuple[str, str, str, tuple[str, ...]]]:
    """Of each download of tested versions: program, version, architecture and the sources of its pin; none if it is not pinned."""
    downloads = [one for program, version in installed() for one in wanted(program, version)]
    return [
        (release.name, release.version, architecture, digests.get(release.name, {}).get(release.version, {}).get(architecture, ("",))[1:])
        for release, architecture in downloads
    ]


def add(program: str, version: str, file: str = "", source: str = UPSTREAM) -> str:
    """Writes the table with what is found, and tells how much that is."""
    if program not in PROGRAMS or version_table.parse(version) is None:
        raise Fault(f"{program} {version}: write one of {', '.join(PROGRAMS)}, and a version such as 1.37.1")
    name, _equals, place = source.partition("=")
    sources, digests = read()
    sources |= {name: place} if place else {UPSTREAM: "upstream's checksum files, asked by tools/release_digests.py"} if not file else {}
    if name not in sources:
        raise Fault(f"{name} is no source that the table knows. Write {name}=<where it is>")
    downloads = wanted(program, version)
    found = told(downloads, pathlib.Path(file).read_text(encoding="utf-8")) if file else asked(downloads)
    if not found:
        raise Fault(f"{file} has no digest of {program} {version}")
    TARGET.write_text(written(sources, merged(digests, downloads, found, name)), encoding="utf-8")
    return f"{program} {version}: {len(found)} of {len(downloads)} files are pinned by {name}"


def main(arguments: list[str]) -> int:
    command, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if command == "show" and not rest:
        for name, version, architecture, names in pinned(read()[1]):
            print(f"{name} {version} {architecture}: {', '.join(names) or 'not pinned'}")
        return 0
    if command != "add" or len(rest) not in (2, 4):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        print(add(*rest))
    except (Fault, OSError, ValueError) as error:
        print(f"release_digests: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
