# SPDX-License-Identifier: GPL-3.0-or-later
"""The RPM repository that the lab offers to its hosts: EL's package names and paths, Debian's programs."""

from __future__ import annotations

import pathlib
import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass

from barelab import rootfs, rootfs_rpmdb, rootfs_store, rpms_payload, rpms_spec, rpms_table
from barelab.errors import LabError
from barelab.rootfs_chroot import Chroot
from barelab.rootfs_store import Progress
from barelab.rpms_table import Deb, Recipe

_HERE = pathlib.Path(__file__).parent
_WORK = "/root/rpms"  # inside the workshop


def ensure_repository(progress: Progress) -> pathlib.Path:
    """The folder to serve as an RPM repository, in the cache; built on first use, which takes about a minute."""
    base = rootfs.ensure_base_tree(progress)
    sources = [rpms_table.TABLE.parent, *sorted(_HERE.glob("rpms*.py"))]
    digest = rootfs_store.digest_of(paths=sources, words=[base.name])
    return rootfs_store.ensure(
        kind="rpms", digest=digest, build=lambda folder: _build(folder, base=base, progress=progress), progress=progress
    )


@dataclass(frozen=True, kw_only=True)
class _Workshop:
    """An overlay of the base tree in which packages are unpacked and built."""

    chroot: Chroot
    recipes: Mapping[str, Recipe]
    index: Mapping[str, Deb]
    base: Mapping[str, str]

    @property
    def work(self) -> pathlib.Path:
        return self.chroot.changes / _WORK.lstrip("/")


def _build(folder: pathlib.Path, *, base: pathlib.Path, progress: Progress) -> None:
    started = time.monotonic()
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        workshop = _open_workshop(Chroot(tree=base, overlay=pathlib.Path(scratch)), progress=progress)
        _unpack_debs(workshop, progress=progress)
        _build_rpms(workshop, progress=progress)
        workshop.chroot.run(["createrepo_c", "--quiet", f"{_WORK}/RPMS"], what="indexing the RPM repository")
        for entry in (workshop.work / "RPMS").iterdir():
            shutil.move(entry, folder / entry.name)
    folder.chmod(0o755)
    progress(f"RPM repository: ready after {time.monotonic() - started:.0f} s")


def _open_workshop(chroot: Chroot, *, progress: Progress) -> _Workshop:
    progress("RPM repository: reading Debian's package index")
    base = rootfs_rpmdb.installed(chroot)
    chroot.run(["apt-get", "update", "--quiet"], what="reading Debian's package index")
    chroot.run(["apt-get", "install", "--yes", "--no-install-recommends", "createrepo-c"], what="installing createrepo-c")
    index = rpms_table.parse_index(chroot.run(["apt-cache", "dumpavail"], what="reading Debian's package index"))
    workshop = _Workshop(chroot=chroot, recipes=rpms_table.load(), index=index, base=base)
    (workshop.work / "RPMS").mkdir(parents=True)
    return workshop


def _contents(workshop: _Workshop, recipe: Recipe) -> list[str]:
    return rpms_table.libraries(recipe, recipes=workshop.recipes, index=workshop.index, base=workshop.base)


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
    )
    header = rpms_spec.Header(
        name=recipe.name,
        version=_version(workshop, recipe=recipe, rebuild=rebuild),
        summary=recipe.summary,
        requires=recipe.requires,
        provides=recipe.provides,
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
