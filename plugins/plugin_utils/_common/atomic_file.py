# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Atomic writes of files on the controller. A host has its own, with owners and SELinux labels: module_utils/_runtime/atomic.py.

Several runs, also of several controllers, may write the same file at once, on a disk that they share. So each writer has a temporary
file of its own name, and holds a lock on it while it writes. One that nobody holds is of a killed run, and the next writer removes it.
Where locks do not work between controllers, as on an NFS mount with ``nolock``, a writer may lose its temporary file to another: it
fails then, and the file at its place stays whole.
"""

from __future__ import annotations

import collections.abc as c
import contextlib
import errno
import fcntl
import os
import pathlib
import secrets
import time
import typing as t

_ATTEMPTS = 20


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
    with _temporary(path, mode=mode) as (temporary, file):
        yield file
        _complete(file, mode=mode)
        temporary.rename(path)
    _sync(path.parent)


def create(path: pathlib.Path, text: str, *, mode: int) -> bool:
    """Makes a file that nobody has made yet, as a whole; False, and nothing is changed, if somebody was faster.

    No lock decides that, but ``link``, which fails if the name exists. It is atomic on the server of a network file system, whatever
    its clients know of each other's locks, and whatever they remember of the directory. A file is never replaced.
    """
    for attempt in range(_ATTEMPTS):
        try:
            with _temporary(path, mode=mode) as (temporary, file):
                file.write(text.encode("utf-8"))
                _complete(file, mode=mode)
                os.link(temporary, path)
        except FileExistsError:
            return False
        except OSError as error:
            if exists(path):
                return False
            # Another controller, which does not see our lock, took our temporary file for the leftover of a killed run.
            if error.errno not in (errno.ENOENT, errno.ESTALE) or attempt + 1 == _ATTEMPTS:
                raise
            time.sleep(secrets.randbelow(50) / 1000)
        else:
            _sync(path.parent)
            return True
    raise AssertionError("the last attempt returns or raises")


def exists(path: pathlib.Path) -> bool:
    """Whether the file is there, also when another controller has just made it.

    A client of NFS remembers for a while that a name was not there. To open the directory makes it ask the server.
    """
    if path.exists():
        return True
    try:
        os.close(os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY))
    except OSError:
        return False
    return path.exists()


def remove_leftovers(path: pathlib.Path) -> None:
    """Removes the temporary files that killed runs have left beside this file."""
    prefix = f".{path.name}."
    # The first is that of earlier releases, which had one name for all runs.
    for name in sorted(os.listdir(path.parent)):
        if name == f"{prefix}tmp" or (name.startswith(prefix) and name.endswith(".tmp") and len(name) == len(_name(path))):
            _remove_unless_held(path.with_name(name))


def _name(path: pathlib.Path) -> str:
    return f".{path.name}.{secrets.token_hex(4)}.tmp"


@contextlib.contextmanager
def _temporary(path: pathlib.Path, *, mode: int | None) -> c.Iterator[tuple[pathlib.Path, t.IO[bytes]]]:
    remove_leftovers(path)
    temporary, descriptor = _opened(path, 0o666 if mode is None else 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield temporary, file
    finally:
        temporary.unlink(missing_ok=True)


def _opened(path: pathlib.Path, mode: int) -> tuple[pathlib.Path, int]:
    """A temporary file that is locked, which no other writer has removed before it was."""
    while True:
        temporary = path.with_name(_name(path))
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
        # A file system without locks has none to respect either.
        if _locked(descriptor) is not False and os.fstat(descriptor).st_nlink:
            return temporary, descriptor
        os.close(descriptor)


def _locked(descriptor: int) -> bool | None:
    """Takes the lock; False if another holds it, None if the file system has no locks."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _complete(file: t.IO[bytes], *, mode: int | None) -> None:
    file.flush()
    if mode is not None:
        os.fchmod(file.fileno(), mode)
    os.fsync(file.fileno())


def _sync(folder: pathlib.Path) -> None:
    directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _remove_unless_held(temporary: pathlib.Path) -> None:
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return
    except OSError:
        # no file of ours, e.g. a link, or one that may not be opened
        temporary.unlink(missing_ok=True)
        return
    try:
        if _locked(descriptor):
            temporary.unlink(missing_ok=True)
    finally:
        os.close(descriptor)
