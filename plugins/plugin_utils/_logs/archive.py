# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The archive: what hosts have given, what the controller adds, and the list of all of it. One text is in memory at a time, in parts."""

from __future__ import annotations

import base64
import collections.abc as c
import contextlib
import dataclasses
import io
import json
import os
import pathlib
import re
import tarfile
import tempfile
import time
import typing as t
import urllib.parse
import zlib

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import key_material
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.shown import shown

Object = dict[str, t.Any]

CONTENTS = "contents.txt"
_PART = 1 << 16
# Of one text, unpacked.
_LONGEST = 64 << 20
# What a host may call a text: below its own folder.
_NAME = re.compile(r"[A-Za-z0-9@_][A-Za-z0-9@_.-]*(/[A-Za-z0-9@_][A-Za-z0-9@_.-]*)*")
_PREFIX, _SUFFIX = ".barehost-logs-", ".tmp"
_A_DAY = 86400.0
# What a header and the padding of a text take, at most, where its compressed size is counted.
_HEADER = 1024


def store(directory: pathlib.Path, host: str, answer: Object) -> None:
    """Keeps what a host has given until the archive is made. ``directory`` is Ansible's own of this run, for its user alone."""
    path = _stored(directory, host)
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(answer, file)
    except OSError as error:
        raise ComponentError(f"{path} cannot be written: {error.strerror}. Make room there") from None


def _stored(directory: pathlib.Path, host: str) -> pathlib.Path:
    return directory / f"barehost-logs-{urllib.parse.quote(host, safe='')}.json"


def taken(directory: pathlib.Path, host: str) -> list[Object]:
    """What a host has given, and no more of it is kept."""
    path = _stored(directory, host)
    try:
        found: Object = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    finally:
        path.unlink(missing_ok=True)
    return list(found["files"])


def _parts(data: bytes) -> c.Iterator[bytes]:
    """The text of a compressed one, in parts of bounded size. Raises zlib.error for what is none."""
    unpacker = zlib.decompressobj()
    waiting = data
    while waiting and not unpacker.eof:
        part = unpacker.decompress(waiting, _PART)
        waiting = unpacker.unconsumed_tail
        if part:
            yield part
    rest = unpacker.flush()
    if rest:
        yield rest


def _length(data: bytes) -> int:
    """Of the text; -1 if it is none, or longer than any host may give."""
    size = 0
    try:
        for part in _parts(data):
            size += len(part)
            if size > _LONGEST:
                return -1
    except zlib.error:
        return -1
    return size


class _Reader(io.RawIOBase):
    """Reads the parts."""

    def __init__(self, parts: c.Iterator[bytes]) -> None:
        self._parts, self._rest = parts, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: t.Any) -> int:
        self._rest = self._rest or next(self._parts, b"")
        part, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)


@dataclasses.dataclass
class Archive:
    """An archive that is being written. ``room``: bytes that it may still have."""

    top: str
    room: int
    moment: float
    tar: tarfile.TarFile
    lines: list[str] = dataclasses.field(default_factory=list)
    left_out: int = 0

    def add(self, name: str, text: str) -> None:
        """A text of the controller, without lines that may hold a secret."""
        kept = "".join(f"{line}\n" for line in key_material.without(text.splitlines()))
        data = kept.encode(errors="replace")
        self._write(name, data=io.BytesIO(data), size=len(data), packed=len(zlib.compress(data, 6)), notes=[])

    def add_data(self, name: str, data: t.Any) -> None:
        """The same for data, as JSON."""
        self.add(name, json.dumps(_cleaned(data), indent=1, ensure_ascii=False))

    def add_given(self, host: str, file: Object) -> None:
        """A text that a host has given. One that nobody of ours would give is told, and is not in the archive."""
        name, fault = str(file.get("name", "")), shown(file.get("fault", ""))
        place = f"hosts/{host}/{name.lstrip('/')}"
        if not _NAME.fullmatch(name):
            self._tell(f"hosts/{host}: a text is called {shown(name)!r}, and is left out")
            return
        try:
            data = base64.b64decode(file["data"], validate=True)
            counts = {key: int(file[key]) for key in ("withheld", "dropped")}
        except (LookupError, TypeError, ValueError):
            self._tell(f"{place}: it cannot be read, and is left out")
            return
        if not data:
            self._tell(f"{place}: not there: {fault or 'it is empty'}")
            return
        notes = [fault] if fault else []
        notes += [f"{counts['withheld']} lines may hold a secret and are left out"] if counts["withheld"] else []
        notes += [f"the oldest {counts['dropped']} lines are left out"] if counts["dropped"] else []
        size = _length(data)
        if size < 0:
            self._tell(f"{place}: it cannot be read, and is left out")
            return
        self._write(place, data=io.BufferedReader(_Reader(_parts(data))), size=size, packed=len(data), notes=notes)

    def note(self, line: str) -> None:
        """A line for the list of contents."""
        self._tell(shown(line))

    def close(self, head: c.Sequence[str]) -> None:
        """Writes the list of contents, for which there is always room."""
        text = "\n".join([*head, "", *self.lines, *([f"{self.left_out} more texts had no room"] if self.left_out else [])]) + "\n"
        data = text.encode(errors="replace")
        self.tar.addfile(self._entry(CONTENTS, len(data)), io.BytesIO(data))

    def _tell(self, line: str) -> None:
        self.lines.append(line)

    def _write(self, name: str, *, data: t.Any, size: int, packed: int, notes: list[str]) -> None:
        if packed + _HEADER > self.room:
            self.left_out += 1
            self._tell(f"{name}: no room")
            return
        self.room -= packed + _HEADER
        self.tar.addfile(self._entry(name, size), data)
        self._tell("; ".join([f"{name}: {size} bytes", *notes]))

    def _entry(self, name: str, size: int) -> tarfile.TarInfo:
        entry = tarfile.TarInfo(f"{self.top}/{name}")
        entry.size, entry.mode, entry.mtime = size, 0o600, int(self.moment)
        return entry


def _cleaned(data: t.Any) -> t.Any:
    """Data without the texts that may hold a secret."""
    if isinstance(data, str):
        return next(key_material.without([data])) if "\n" not in data else "\n".join(key_material.without(data.split("\n")))
    if isinstance(data, c.Mapping):
        return {str(key): _cleaned(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_cleaned(value) for value in data]
    return data


def make_folder(folder: pathlib.Path) -> None:
    """Where archives are, for its owner alone; and nothing there of a run that was killed a day ago."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ComponentError(f"{folder} cannot be made: {error.strerror}. Give another path in collect_logs_file") from None


@contextlib.contextmanager
def writing(path: pathlib.Path, *, top: str, size: int, moment: float) -> c.Iterator[Archive]:
    """An archive that takes the place of ``path`` when it is whole, with mode 0600 from its first byte."""
    _remove_old(path.parent)
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=_PREFIX, suffix=_SUFFIX, dir=path.parent)
    except OSError as error:
        raise ComponentError(f"nothing can be written to {path.parent}: {error.strerror}. Give another path in collect_logs_file") from None
    try:
        with open(descriptor, "wb") as file, tarfile.open(fileobj=file, mode="w:gz", format=tarfile.PAX_FORMAT, compresslevel=6) as tar:
            yield Archive(top, size, moment, tar)
        pathlib.Path(temporary).replace(path)
    except OSError as error:
        raise ComponentError(f"{path} cannot be written: {error.strerror or error}. Make room, or give another path") from None
    finally:
        pathlib.Path(temporary).unlink(missing_ok=True)


def _remove_old(folder: pathlib.Path) -> None:
    """What runs have left that were killed. One that is at work is younger."""
    for path in folder.glob(f"{_PREFIX}*{_SUFFIX}"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > _A_DAY:
                path.unlink()
