# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Atomic writes of files on the controller. A host has its own, with owners and SELinux labels: module_utils/_runtime/atomic.py."""

from __future__ import annotations

import collections.abc as c
import contextlib
import os
import pathlib
import typing as t


def write(path: pathlib.Path, text: str, *, mode: int | None) -> None:
    """Replaces a file as a whole; see ``replacing``."""
    with replacing(path, mode=mode) as file:
        file.write(text.encode("utf-8"))


@contextlib.contextmanager
def replacing(path: pathlib.Path, *, mode: int | None) -> c.Iterator[t.IO[bytes]]:
    """A file to write to, which replaces the one at ``path`` when the block ends. If the block fails, nothing changes.

    With a ``mode``, nobody else can open the file while it is incomplete, and it then gets exactly this mode. None leaves the mode to the
    umask, for files without secrets.
    """
    # There is only one temporary name, so a killed run leaves at most one such file, and the next run removes it.
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666 if mode is None else 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            if mode is not None:
                os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        temporary.rename(path)
    finally:
        temporary.unlink(missing_ok=True)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
