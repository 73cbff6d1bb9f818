# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of an RPM: chosen from unpacked Debian packages, put where EL has them, with the lab's own beside them."""

from __future__ import annotations

import os
import pathlib
import shutil
from collections.abc import Mapping, Sequence

from barelab import rpms_spec, rpms_table
from barelab.errors import LabError
from barelab.rpms_table import Recipe

# Documentation, and what only Debian's own machinery reads.
_DEBIAN_ONLY = (
    "etc/apparmor.d",
    "etc/cron.d",
    "etc/default",
    "etc/init.d",
    "etc/logrotate.d",
    "etc/network",
    "etc/ppp",
    "usr/lib/systemd/system",
    "usr/share/bash-completion/completions",
    "usr/share/bug",
    "usr/share/doc",
    "usr/share/doc-base",
    "usr/share/info",
    "usr/share/lintian",
    "usr/share/locale",
    "usr/share/man",
)


def assemble(
    payload: pathlib.Path,
    *,
    recipe: Recipe,
    own: Sequence[pathlib.Path],
    libraries: Sequence[pathlib.Path],
    programs: Mapping[str, pathlib.Path],
) -> None:
    """Fill the folder that becomes the RPM's contents. ``programs``: those that the lab has built, by name."""
    payload.mkdir(parents=True)
    payload.chmod(0o755)
    if recipe.take is None:
        libraries = [*own, *libraries]
    else:
        for pattern, destination in recipe.take.items():
            _take(payload, recipe=recipe, sources=own, pattern=pattern, destination=destination)
    for source in libraries:
        for file in _files(source):
            if _of_use(file.relative_to(source)):
                _copy(file, payload / file.relative_to(source))
    _add_own(payload, recipe=recipe, programs=programs)
    for path, destination in recipe.links.items():
        (payload / path).parent.mkdir(parents=True, exist_ok=True)
        (payload / path).symlink_to(destination)
    for path in recipe.directories:
        (payload / path.lstrip("/")).mkdir(parents=True, exist_ok=True)


def _add_own(payload: pathlib.Path, *, recipe: Recipe, programs: Mapping[str, pathlib.Path]) -> None:
    for name, path in recipe.built.items():
        _copy(programs[name], payload / path)
        (payload / path).chmod(0o755)
    for folder in rpms_table.own_files(recipe):
        for file in _files(folder):
            target = payload / file.relative_to(folder)
            _copy(file, target)
            target.chmod(0o755 if file.stat().st_mode & 0o100 else 0o644)


def _take(payload: pathlib.Path, *, recipe: Recipe, sources: Sequence[pathlib.Path], pattern: str, destination: str | None) -> None:
    found = [(source, file) for source in sources for file in sorted(source.glob(pattern)) if file.is_symlink() or file.is_file()]
    if not found:
        raise LabError(f"{recipe.name}: Debian's {', '.join(recipe.debs)} have no {pattern}: what is it called now?")
    for source, file in found:
        if destination is None:
            target = file.relative_to(source)
        else:
            target = pathlib.Path(destination) / file.name if destination.endswith("/") else pathlib.Path(destination)
        _copy(file, payload / target)


def _files(folder: pathlib.Path) -> list[pathlib.Path]:
    return sorted(path for path in folder.rglob("*") if path.is_symlink() or path.is_file())


def _of_use(path: pathlib.Path) -> bool:
    return not str(path).startswith(tuple(f"{prefix}/" for prefix in _DEBIAN_ONLY))


def _copy(source: pathlib.Path, target: pathlib.Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target, follow_symlinks=False)


def file_entries(payload: pathlib.Path, *, recipe: Recipe, base: pathlib.Path) -> list[str]:
    """%files for all of the payload, and for those of its directories that the base tree has not."""
    entries = []
    for path in sorted(payload.rglob("*")):
        name = f"/{path.relative_to(payload)}"
        attribute = _attribute(recipe.directories.get(name) or recipe.modes.get(name))
        if path.is_symlink() or not path.is_dir():
            configuration = "%config(noreplace)" if name.startswith("/etc/") else ""
            entries.append(rpms_spec.file_entry(name, attribute=f"{configuration} {attribute}".strip()))
        elif name in recipe.directories or not os.path.lexists(f"{base}{name}"):
            entries.append(rpms_spec.file_entry(name, attribute=f"%dir {attribute}".strip()))
    return entries


def _attribute(wanted: dict[str, str] | None) -> str:
    if not wanted:
        return ""
    return f"%attr({wanted.get('mode', '-')}, {wanted.get('owner', 'root')}, {wanted.get('group', wanted.get('owner', 'root'))})"
