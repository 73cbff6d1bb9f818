# SPDX-License-Identifier: GPL-3.0-or-later
"""Archives that come out the same, byte for byte, from the same contents."""

from __future__ import annotations

import gzip
import hashlib
import io
import pathlib
import tarfile
import typing as t

from barelab.errors import LabError

# On fast links and few cores, what counts is how long packing and unpacking take.
_COMPRESSION = 1


def sha256(path: pathlib.Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def compress(data: bytes) -> bytes:
    return gzip.compress(data, compresslevel=_COMPRESSION, mtime=0)


def write(*, target: pathlib.Path, members: t.Mapping[str, pathlib.Path]) -> None:
    """A gzipped tar of programs, with the folders that they are in."""
    with (
        target.open("wb") as raw,
        gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=_COMPRESSION, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as archive,
    ):
        for folder in sorted({str(pathlib.PurePosixPath(name).parent) for name in members} - {"."}):
            archive.addfile(entry(folder, mode=0o755, kind=tarfile.DIRTYPE))
        for name, source in sorted(members.items()):
            item = entry(name, mode=0o755, size=source.stat().st_size)
            with source.open("rb") as handle:
                archive.addfile(item, handle)


def entry(name: str, *, mode: int, size: int = 0, kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    """A member that belongs to root and to no moment."""
    item = tarfile.TarInfo(name)
    item.type, item.mode, item.size, item.mtime = kind, mode, size, 0
    item.uname = item.gname = "root"
    return item


def read(path: pathlib.Path, *, member: str) -> bytes:
    with tarfile.open(path) as archive:
        for item in archive:
            if item.name.removeprefix("./") == member.removeprefix("./"):
                return t.cast("io.BufferedReader", archive.extractfile(item)).read()
    raise LabError(f"{path} has no member {member}")
