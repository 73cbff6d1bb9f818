# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel of guests, and its modules: built once from Debian's sources, kept in the cache like the programs.

Only the driver `guests` asks for it. It takes a quarter of an hour on two idle processors.
"""

from __future__ import annotations

import dataclasses
import fnmatch
import functools
import hashlib
import os
import pathlib
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import yaml

from barelab import built_folders, cache, rootfs, system_packages
from barelab.artifacts_progress import working
from barelab.built_folders import Progress
from barelab.errors import LabError
from barelab.process import run
from barelab.releases import LAB
from barelab.rootfs_chroot import Chroot

TABLE = LAB / "guests" / "kernel.yml"
_PATCHES = sorted((LAB / "guests").glob("*.patch"))
# The kernel is a program of this machine: it is linked with the libraries here.
_PACKAGES = {"bc", "bison", "flex", "gcc", "kmod", "libc6-dev", "libelf-dev", "make", "patch", "xz-utils"}
# Arguments: the suite of the base tree, that of the sources, their package and its version.
_FETCH = """
grep '^deb ' /etc/apt/sources.list | sed "s/ $1 / $2 /" > /etc/apt/sources.list.d/kernel.list
apt-get update --quiet --quiet
mkdir /kernel
cd /kernel
apt-get download --quiet --quiet -o APT::Sandbox::User=root "$3"
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Table:
    """What lab/guests/kernel.yml says; the fields are explained there."""

    suite: str
    package: str
    version: str
    sha256: str
    options: Mapping[str, Any]
    extra: Sequence[str]

    def wanted(self) -> dict[str, str]:
        """Option -> value, as it stands in a configuration; "n" for what must not be set."""
        found = {name: str(value) for name, value in self.options["values"].items()}
        for value in ("y", "m", "n"):
            found |= {name: value for row in self.options[value] for name in row}
        return found


@dataclasses.dataclass(frozen=True, kw_only=True)
class Kernel:
    """A finished kernel in the cache."""

    folder: pathlib.Path

    @property
    def program(self) -> pathlib.Path:
        return self.folder / "linux"

    @property
    def modules(self) -> pathlib.Path:
        """The folder that is /usr/lib/modules/RELEASE on a guest."""
        return next((self.folder / "lib/modules").iterdir())

    @property
    def release(self) -> str:
        return self.modules.name


@functools.cache
def table() -> Table:
    return Table(**yaml.safe_load(TABLE.read_text(encoding="utf-8")))


def fragment(wanted: Mapping[str, str]) -> str:
    """The lines of a configuration."""
    return "".join(f"# CONFIG_{name} is not set\n" if value == "n" else f"CONFIG_{name}={value}\n" for name, value in wanted.items())


def unmet(wanted: Mapping[str, str], configuration: str) -> list[str]:
    """What a finished configuration has otherwise: the kernel's own rules silently change what does not fit together."""
    found = dict(line.removeprefix("CONFIG_").split("=", 1) for line in configuration.splitlines() if line.startswith("CONFIG_"))
    return [f"{name} is {found.get(name, 'n')}, wanted {value}" for name, value in wanted.items() if found.get(name, "n") != value]


def is_extra(path: str, patterns: Iterable[str]) -> bool:
    """Whether a module, by its path below the kernel's folder and without a suffix, is one of EL's kernel-modules-extra."""
    return any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns)


def ensure(base_tree: pathlib.Path, progress: Progress) -> Kernel:
    """The kernel; built now if the cache has it not."""
    system_packages.require(_PACKAGES)
    folder = built_folders.ensure(kind="guest-kernel", digest=_digest(), build=lambda f: _build(f, base_tree=base_tree), progress=progress)
    return Kernel(folder=folder)


def _digest() -> str:
    """Names all that decides what comes out: sources, configuration, patches, and the compiler and library of this machine."""
    wanted = table()
    compiler = run(["gcc", "-dumpfullversion", "-dumpmachine"]).stdout
    words = [wanted.sha256, fragment(wanted.wanted()), compiler, str(os.confstr("CS_GNU_LIBC_VERSION"))]
    return built_folders.digest_of(paths=_PATCHES, words=words)


def _build(folder: pathlib.Path, *, base_tree: pathlib.Path) -> None:
    scratch = cache.root() / "scratch"
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=scratch) as temporary:
        place = pathlib.Path(temporary)
        with working("fetching the sources of the guests' kernel"):
            sources = _unpacked(_fetched(place, base_tree=base_tree), place)
        for patch in _PATCHES:
            run(["patch", "--strip=1", f"--directory={sources}", f"--input={patch}"])
        objects = place / "objects"
        objects.mkdir()
        _configure(sources, objects)
        with working("building the guests' kernel"):
            _make(sources, objects, f"-j{os.cpu_count() or 1}", "linux", "modules")
            _make(sources, objects, f"INSTALL_MOD_PATH={folder}", "INSTALL_MOD_STRIP=1", "modules_install")
        for name, target in (("linux", "linux"), (".config", "config")):
            shutil.copy2(objects / name, folder / target)
        for link in ("build", "source"):
            (Kernel(folder=folder).modules / link).unlink(missing_ok=True)


def _fetched(place: pathlib.Path, *, base_tree: pathlib.Path) -> pathlib.Path:
    """The Debian package of the sources: from where the base tree has its packages, and exactly the one of the table."""
    wanted = table()
    chroot = Chroot(tree=base_tree, overlay=place / "chroot")
    command = ["sh", "-euc", _FETCH, "fetch", rootfs.SUITE, wanted.suite, f"{wanted.package}={wanted.version}"]
    chroot.run(command, what=f"fetching {wanted.package} {wanted.version} of {wanted.suite} (as {TABLE.name} says)")
    found = next((chroot.changes / "kernel").glob("*.deb"))
    with found.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != wanted.sha256:
        raise LabError(f"{found.name} has the digest {digest}, wanted is {wanted.sha256} ({TABLE.name})")
    return found


def _unpacked(deb: pathlib.Path, place: pathlib.Path) -> pathlib.Path:
    """The folder of the sources. The Debian package is an archive with an archive in it."""
    run(["dpkg-deb", "--extract", str(deb), str(place / "package")])
    archive = next((place / "package/usr/src").glob("*.tar.xz"))
    run(["tar", "--extract", f"--file={archive}", f"--directory={place}"])
    return place / archive.name.removesuffix(".tar.xz")


def _configure(sources: pathlib.Path, objects: pathlib.Path) -> None:
    wanted = table().wanted()
    _make(sources, objects, "x86_64_defconfig")
    configuration = objects / ".config"
    with configuration.open("a", encoding="utf-8") as file:
        file.write(fragment(wanted))
    _make(sources, objects, "olddefconfig")
    if problems := unmet(wanted, configuration.read_text(encoding="utf-8")):
        raise LabError(f"{TABLE.name}: these options do not go together in {table().package}: {'; '.join(problems)}")


def _make(sources: pathlib.Path, objects: pathlib.Path, *arguments: str) -> None:
    run(["make", f"--directory={sources}", f"O={objects}", "ARCH=um", "--silent", *arguments])


def check_extra(kernel: Kernel) -> None:
    """Each pattern of the table names a module: a name that has changed would be found out on a host, if at all."""
    paths = [module_path(line) for line in (kernel.modules / "modules.dep").read_text(encoding="utf-8").splitlines()]
    unused = [pattern for pattern in table().extra if not any(is_extra(path, [pattern]) for path in paths)]
    if unused:
        raise LabError(f"{TABLE.name}: there are no modules of the names {', '.join(unused)}")


def module_path(line: str) -> str:
    """The path of a module in a line of modules.dep, without its suffix."""
    return line.partition(":")[0].partition(".ko")[0]
