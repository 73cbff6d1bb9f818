# SPDX-License-Identifier: GPL-3.0-or-later
"""The releases that the lab's mirror offers: upstream's own where they can be reached, else built from modules.

Each is a folder of the cache that holds files at upstream's paths, with upstream's checksum files.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import hashlib
import os
import pathlib
import sys
import tempfile
import typing as t

from barelab import artifacts_archive, artifacts_upstream, builds, built_folders, offers, releases_docker
from barelab.artifacts_progress import report, working
from barelab.errors import LabError
from barelab.releases import Artifact, Program, architecture
from barelab.releases import program as named


def ensure(releases: t.Sequence[tuple[Program, str]]) -> list[pathlib.Path]:
    """The folders of these releases; made now if the cache has them not."""
    probe = artifacts_upstream.Probe()
    # Kubernetes is most of the work. Its build does not keep two processors busy all the time (downloads, links): the others use the rest.
    lanes = [[item for item in releases if (item[0].name == "kubernetes") is is_kubernetes] for is_kubernetes in (True, False)]

    def work(lane: list[tuple[Program, str]]) -> dict[tuple[str, str], pathlib.Path]:
        return {(program.name, version): _ensure_one(program=program, version=version, probe=probe) for program, version in lane}

    with concurrent.futures.ThreadPoolExecutor(max_workers=len(lanes)) as pool:
        folders = {key: folder for done in pool.map(work, lanes) for key, folder in done.items()}
    return [folders[program.name, version] for program, version in releases]


def ensure_program(*, name: str, version: str) -> pathlib.Path:
    """The folder of one program."""
    return _ensure_one(program=named(name), version=version, probe=artifacts_upstream.Probe())


def _ensure_one(*, program: Program, version: str, probe: artifacts_upstream.Probe) -> pathlib.Path:
    kind = f"programs/{program.name}-{version}"
    fetched = hashlib.sha256(f"upstream {architecture()}".encode()).hexdigest()
    if found := built_folders.there(kind=kind, digest=fetched):
        return found
    built = hashlib.sha256(builds.inputs(program=program, version=version).encode()).hexdigest()
    if found := built_folders.there(kind=kind, digest=built):
        return found
    if probe.reachable():
        try:
            return built_folders.ensure(kind=kind, digest=fetched, build=lambda f: _fetch(program, version, f), progress=report)
        except LabError as error:
            report(f"{program.name} {version} could not be fetched from upstream ({error}); building it")
    return built_folders.ensure(kind=kind, digest=built, build=lambda f: _build(program, version, f), progress=report)


def _fetch(program: Program, version: str, folder: pathlib.Path) -> None:
    with working(f"fetching {program.name} {version}"):
        for artifact in program.artifacts(version, architecture()):
            artifacts_upstream.fetch(artifact=artifact, folder=folder)
            write_checksum(artifact=artifact, folder=folder)


def _build(program: Program, version: str, folder: pathlib.Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".build-") as temporary, working(f"building {program.name} {version}"):
        binaries = pathlib.Path(temporary)
        builds.build(program=program, version=version, output=binaries)
        for artifact in program.artifacts(version, architecture()):
            target = folder / artifact.path
            target.parent.mkdir(parents=True, exist_ok=True)
            if artifact.members:
                artifacts_archive.write(target=target, members={name: binaries / source for name, source in artifact.members.items()})
            else:
                (binaries / artifact.programs()[0]).rename(target)
            write_checksum(artifact=artifact, folder=folder)


def write_checksum(*, artifact: Artifact, folder: pathlib.Path) -> None:
    """The checksum file in upstream's form, of the file that is there."""
    digest = artifacts_archive.sha256(folder / artifact.path)
    text = digest if artifact.checksum_style == "bare" else f"{digest}  {artifact.path.rsplit('/', 1)[1]}\n"
    (folder / artifact.checksum_path).write_text(text, encoding="ascii")


def binary(*, folder: pathlib.Path, artifact: Artifact, name: str) -> bytes:
    """One program out of a release's folder."""
    if not artifact.members:
        return (folder / artifact.path).read_bytes()
    member = next(member for member, program in artifact.members.items() if program == name)
    return artifacts_archive.read(folder / artifact.path, member=member)


def main(arguments: t.Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m barelab.artifacts", description="Fill the lab's cache.")
    parser.add_argument("command", choices=["ensure"])
    parser.add_argument("--version", action="append", default=[], metavar="[PROGRAM=]VERSION", help="as for lab/lab up")
    parser.add_argument("--no-images", action="store_true", help="the programs only")
    options = parser.parse_args(arguments)
    try:
        releases = offers.wanted(options.version)
        parts = [part for item, version in releases if item.is_packed for part in releases_docker.parts_of(version)]
        folders = ensure([*(release for release in releases if not release[0].is_packed), *parts])
        if not options.no_images:
            from barelab import images

            folders += [image.folder for image in images.ensure(releases)]
    except LabError as error:
        report(f"artifacts: {error}")
        return 1
    print(*folders, sep=os.linesep)
    return 0


if __name__ == "__main__":
    sys.exit(main())
