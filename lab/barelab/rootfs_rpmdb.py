# SPDX-License-Identifier: GPL-3.0-or-later
"""The RPM database of the base tree: what is installed, under EL's names, with the files that are really there.

The files come from Debian's packages, so only the database is written. `rpm -q`, `rpm -qf` and dnf's dependency solver then see
a host as they would see a minimal EL installation.
"""

from __future__ import annotations

import os
import pathlib
from collections.abc import Mapping
from typing import Any

import yaml

from barelab import rpms_spec
from barelab.errors import LabError
from barelab.rootfs_chroot import Chroot

TABLE = pathlib.Path(__file__).parent.parent / "rpms" / "base.yml"

_WORK = "root/rpmbuild"


def load_table() -> dict[str, dict[str, Any]]:
    """EL's package names, and where their files come from."""
    table: dict[str, dict[str, Any]] = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    return table


def fill(chroot: Chroot, *, table: Mapping[str, dict[str, Any]]) -> None:
    """Record the packages of the base tree in its RPM database."""
    versions = installed(chroot)
    missing = sorted({deb for entry in table.values() for deb in entry["debs"]} - set(versions))
    if missing:
        raise LabError(f"{TABLE.name} names Debian packages that the base tree does not have: {', '.join(missing)}")
    owned = {name: _files_of(chroot, entry["debs"]) for name, entry in table.items()}
    work = chroot.tree / _WORK
    work.mkdir(parents=True)
    (work / "files").write_text("".join(f".{path}\n" for paths in owned.values() for path in paths), encoding="utf-8")
    (work / "base.spec").write_text(spec(table=table, versions=versions, owned=owned), encoding="utf-8")
    chroot.run(["rpmbuild", "-bb", "--quiet", "--define", f"_topdir /{_WORK}", f"/{_WORK}/base.spec"], what="describing the base packages")
    packages = sorted(f"/{path.relative_to(chroot.tree)}" for path in work.glob("RPMS/*/*.rpm"))
    chroot.run(["rpm", "--install", "--justdb", "--nodeps", "--noscripts", *packages], what="filling the RPM database")
    chroot.run(["rm", "-r", f"/{_WORK}"], what="removing the packages' descriptions")


def installed(chroot: Chroot) -> dict[str, str]:
    """Debian packages of a tree, with their versions."""
    output = chroot.run(["dpkg-query", "--show", "--showformat", r"${Package}\t${Version}\n"], what="listing Debian packages")
    return dict(line.split("\t") for line in output.splitlines())


def _files_of(chroot: Chroot, debs: list[str]) -> list[str]:
    """The files and links of Debian packages that the tree has; documentation was not unpacked."""
    output = chroot.run(["dpkg", "--listfiles", *debs], what="listing files of Debian packages")
    paths = sorted({line for line in output.splitlines() if line.startswith("/")})
    return [path for path in paths if _is_file(f"{chroot.tree}{path}") and rpms_spec.is_literal(path)]


def _is_file(path: str) -> bool:
    return os.path.islink(path) or os.path.isfile(path)


def spec(*, table: Mapping[str, dict[str, Any]], versions: Mapping[str, str], owned: Mapping[str, list[str]]) -> str:
    """One spec file that describes all base packages; their files are ghosts: owned, but in no payload."""
    parts = [
        rpms_spec.PREAMBLE,
        "Name: base",
        "Version: 0",
        "Release: 0",
        "Summary: Packages of the base tree",
        "License: GPL-3.0-or-later",
    ]
    parts += ["", "%description", "The packages of a bare lab host.", ""]
    parts += ["%install", f"cd / && xargs -d '\\n' -a /{_WORK}/files cp -al --parents -t %{{buildroot}}", ""]
    for name, entry in table.items():
        header = rpms_spec.Header(
            name=name,
            version=_version(entry, versions),
            summary=f"{name} of a bare lab host (from Debian's {', '.join(entry['debs'])})",
            provides=entry.get("provides", ()),
            scripts=entry.get("scripts", {}),
        )
        files = [rpms_spec.file_entry(path, attribute="%ghost") for path in owned[name]]
        parts.append(rpms_spec.package(header, files=files, subpackage=True))
    return "\n".join(parts) + "\n"


def _version(entry: Mapping[str, Any], versions: Mapping[str, str]) -> rpms_spec.Version:
    return rpms_spec.Version.of_debian(entry.get("version") or versions[entry["debs"][0]])
