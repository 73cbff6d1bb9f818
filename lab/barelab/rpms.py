# SPDX-License-Identifier: GPL-3.0-or-later
"""The RPM repository that the lab offers to its hosts: EL's package names and paths, Debian's programs."""

from __future__ import annotations

import pathlib
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from barelab import artifacts, built_folders, releases_docker, rootfs, rootfs_rpmdb, rpms_payload, rpms_spec, rpms_table
from barelab.built_folders import Progress
from barelab.errors import LabError
from barelab.releases import VERSIONS_FILE, Artifact, architecture
from barelab.rootfs_chroot import Chroot
from barelab.rpms_table import Deb, Recipe

_HERE = pathlib.Path(__file__).parent
_WORK = "/root/rpms"  # inside the workshop


def ensure_repository(progress: Progress) -> pathlib.Path:
    """The folder to serve as an RPM repository, in the cache; built on first use, which takes about a minute."""
    recipes = rpms_table.load()
    return _ensure("rpms", tables=[rpms_table.TABLE], recipes=recipes, beside={}, programs={}, words=[], progress=progress)


def ensure_docker(version: str, progress: Progress) -> pathlib.Path:
    """The repository of this version of Docker, which is built of programs of the lab, or of Debian's if it has no parts."""
    parts = releases_docker.parts_of(version)
    folders = artifacts.ensure(parts)
    recipes = rpms_table.load_docker(version, parts={item.name: number for item, number in parts})
    programs = {
        name: (folder, artifact)
        for (item, number), folder in zip(parts, folders, strict=True)
        for artifact in item.artifacts(number, architecture())
        for name in artifact.programs()
    }
    repository = _ensure(
        f"rpms-docker/{version}",
        tables=[rpms_table.DOCKER, rpms_table.TABLE],
        recipes=recipes,
        beside=rpms_table.load(),
        programs=programs,
        words=[version, *(folder.name for folder in folders)],
        progress=progress,
    )
    if not list(repository.glob(f"docker-ce-{version}-*.rpm")):
        found = ", ".join(path.name for path in sorted(repository.glob("docker-ce-[0-9]*.rpm")))
        raise LabError(f"Docker {version} is not what Debian has, which is {found}: write its version into {VERSIONS_FILE.name}")
    return repository


def _ensure(
    kind: str,
    *,
    tables: Sequence[pathlib.Path],
    recipes: Mapping[str, Recipe],
    beside: Mapping[str, Recipe],
    programs: Mapping[str, tuple[pathlib.Path, Artifact]],
    words: Sequence[str],
    progress: Progress,
) -> pathlib.Path:
    """A repository of these recipes. ``beside``: those of another repository, which they may require."""
    base = rootfs.ensure_base_tree(progress)
    own = [folder for recipe in recipes.values() for folder in rpms_table.own_files(recipe)]
    digest = built_folders.digest_of(paths=[*tables, *own, *sorted(_HERE.glob("rpms*.py"))], words=[base.name, *words])

    def build(folder: pathlib.Path) -> None:
        started = time.monotonic()
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            workshop = _open_workshop(Chroot(tree=base, overlay=pathlib.Path(scratch)), recipes=recipes, beside=beside, progress=progress)
            _unpack_programs(workshop, programs)
            _unpack_debs(workshop, progress=progress)
            _build_rpms(workshop, progress=progress)
            workshop.chroot.run(["createrepo_c", "--quiet", f"{_WORK}/RPMS"], what="indexing the RPM repository")
            for entry in (workshop.work / "RPMS").iterdir():
                shutil.move(entry, folder / entry.name)
        folder.chmod(0o755)
        progress(f"RPM repository: {kind} is ready after {time.monotonic() - started:.0f} s")

    return built_folders.ensure(kind=kind, digest=digest, build=build, progress=progress)


@dataclass(frozen=True, kw_only=True)
class _Workshop:
    """An overlay of the base tree in which packages are unpacked and built."""

    chroot: Chroot
    recipes: Mapping[str, Recipe]
    # Those and the ones of other repositories.
    known: Mapping[str, Recipe]
    index: Mapping[str, Deb]
    base: Mapping[str, str]

    @property
    def work(self) -> pathlib.Path:
        return self.chroot.changes / _WORK.lstrip("/")

    @property
    def programs(self) -> pathlib.Path:
        return self.work / "programs"


def _open_workshop(chroot: Chroot, *, recipes: Mapping[str, Recipe], beside: Mapping[str, Recipe], progress: Progress) -> _Workshop:
    progress("RPM repository: reading Debian's package index")
    base = rootfs_rpmdb.installed(chroot)
    chroot.run(["apt-get", "update", "--quiet"], what="reading Debian's package index")
    chroot.run(["apt-get", "install", "--yes", "--no-install-recommends", "createrepo-c"], what="installing createrepo-c")
    index = rpms_table.parse_index(chroot.run(["apt-cache", "dumpavail"], what="reading Debian's package index"))
    workshop = _Workshop(chroot=chroot, recipes=recipes, known={**beside, **recipes}, index=index, base=base)
    (workshop.work / "RPMS").mkdir(parents=True)
    return workshop


def _contents(workshop: _Workshop, recipe: Recipe) -> list[str]:
    return rpms_table.libraries(recipe, recipes=workshop.known, index=workshop.index, base=workshop.base)


def _unpack_programs(workshop: _Workshop, programs: Mapping[str, tuple[pathlib.Path, Artifact]]) -> None:
    workshop.programs.mkdir()
    for name, (folder, artifact) in programs.items():
        (workshop.programs / name).write_bytes(artifacts.binary(folder=folder, artifact=artifact, name=name))


def _unpack_debs(workshop: _Workshop, *, progress: Progress) -> None:
    """Every Debian package that goes into an RPM, each in a folder of its own."""
    debs = sorted({deb for recipe in workshop.recipes.values() for deb in (*recipe.debs, *_contents(workshop, recipe))})
    progress(f"RPM repository: {len(debs)} Debian packages")
    script = f"""
        set -e
        mkdir -p {_WORK}/debs {_WORK}/unpacked; cd {_WORK}/debs
        apt-get download --quiet -o APT::Sandbox::User=root "$@"
        for deb in *.deb; do dpkg-deb --extract "$deb" "{_WORK}/unpacked/${{deb%%_*}}"; done
    """
    workshop.chroot.run(["sh", "-c", script, "fetch", *debs], what="fetching Debian packages")


def _build_rpms(workshop: _Workshop, *, progress: Progress) -> None:
    builds = [_prepare(workshop, recipe=recipe, rebuild=rebuild) for recipe in workshop.recipes.values() for rebuild in recipe.rebuilds]
    progress(f"RPM repository: building {len(builds)} packages")
    _check_libraries(workshop, builds)
    # in one command: an overlay must not be mounted twice at the same time
    build = 'rpmbuild -bb --quiet --define "_topdir $1" --define "_rpmdir $0" --define "_build_name_fmt $2" "$1/package.spec"'
    name = "%%{NAME}-%%{VERSION}-%%{RELEASE}.rpm"
    script = f"""printf '%s\\n' "$@" | xargs -P 2 -I @ sh -c '{build}' {_WORK}/RPMS @ '{name}'"""
    workshop.chroot.run(["sh", "-c", script, "build", *builds], what="building RPMs")


def _check_libraries(workshop: _Workshop, builds: list[str]) -> None:
    """Every program finds its libraries in its own package or on a bare host; what `leave_out` names is not among them."""
    script = """
        for build in "$@"; do
          export LD_LIBRARY_PATH="$build/payload/usr/lib/x86_64-linux-gnu"
          find "$build/payload" -type f '(' -perm -100 -o -name '*.so*' ')' -exec ldd {} + 2>/dev/null
        done | grep -e ^/ -e 'not found' | grep -B 1 'not found' || true
    """
    missing = workshop.chroot.run(["sh", "-c", script, "check", *builds], what="looking for missing libraries")
    if missing:
        raise LabError(f"{rpms_table.TABLE.name}: these files lack libraries; add the packages that bring them to debs:\n{missing}")


def _prepare(workshop: _Workshop, *, recipe: Recipe, rebuild: int) -> str:
    """Lay out the files and the spec of one RPM; gives the folder, as the workshop sees it."""
    topdir = workshop.work / f"build-{recipe.name}-{rebuild}"
    inside = f"{_WORK}/{topdir.name}"
    unpacked = workshop.work / "unpacked"
    rpms_payload.assemble(
        topdir / "payload",
        recipe=recipe,
        own=[unpacked / deb for deb in recipe.debs],
        libraries=[unpacked / deb for deb in _contents(workshop, recipe)],
        programs={name: workshop.programs / name for name in recipe.built},
    )
    header = rpms_spec.Header(
        name=recipe.name,
        version=_version(workshop, recipe=recipe, rebuild=rebuild),
        summary=recipe.summary,
        requires=recipe.requires,
        recommends=recipe.recommends,
        provides=recipe.provides,
        obsoletes=recipe.obsoletes,
        conflicts=recipe.conflicts,
        scripts=rpms_table.scripts(recipe),
    )
    files = rpms_payload.file_entries(topdir / "payload", recipe=recipe, base=workshop.chroot.tree)
    install = f"%install\nmkdir -p %{{buildroot}}\ncp -al {inside}/payload/. %{{buildroot}}/\n"
    text = rpms_spec.PREAMBLE + rpms_spec.package(header, files=files, subpackage=False) + install
    (topdir / "package.spec").write_text(text, encoding="utf-8")
    return inside


def _version(workshop: _Workshop, *, recipe: Recipe, rebuild: int) -> rpms_spec.Version:
    source = recipe.version or recipe.debs[0]
    text = workshop.index[source].version if source in workshop.index else source
    return rpms_spec.Version.of_debian(text, rebuild=rebuild, epoch=recipe.epoch)
