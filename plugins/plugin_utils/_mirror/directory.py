# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The directory of a mirror as it is on the disk: what its files are, and the manifest in it."""

from __future__ import annotations

import collections.abc as c
import concurrent.futures
import contextlib
import fcntl
import os
import pathlib
import stat
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.digests import sha256_of_file
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import atomic_file
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror import manifest
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror.manifest import Manifest
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror.wanted import IMAGES

# What is downloaded or copied at the moment, or was when a run was killed.
PARTIAL = ".partial"
# The directories that a mirror consists of.
TREES = ("dl.k8s.io", "github.com", IMAGES)
# A web server of another user reads what is here; it holds no secret.
MODE, FILE_MODE = 0o755, 0o644
_AT_ONCE = 4


class Found(t.NamedTuple):
    """A file that is there; ``size`` in bytes. ``sha256`` is empty for what is no regular file, or cannot be read."""

    sha256: str
    size: int


def look(directory: pathlib.Path, paths: c.Iterable[str]) -> dict[str, Found]:
    """Those of the files that are there, by path."""
    wanted = sorted(set(paths))
    with concurrent.futures.ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        found = pool.map(lambda path: _look(directory / path), wanted)
    return {path: one for path, one in zip(wanted, found, strict=True) if one is not None}


def _look(path: pathlib.Path) -> Found | None:
    try:
        information = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not stat.S_ISREG(information.st_mode):
        return Found("", 0)
    try:
        return Found(sha256_of_file(str(path)), information.st_size)
    except OSError:
        return Found("", information.st_size)


def paths_in(directory: pathlib.Path, tree: str) -> list[str]:
    """All files below one of its directories, links too, as paths below ``directory``."""
    return sorted(
        str(pathlib.Path(folder, name).relative_to(directory))
        for folder, _folders, names in os.walk(directory / tree)
        for name in [*names, *(one for one in _folders if os.path.islink(os.path.join(folder, one)))]
    )


def strangers(directory: pathlib.Path, known: Manifest) -> list[str]:
    """Files that a web server would serve with the mirror's, and that the manifest does not have."""
    return [path for tree in TREES for path in paths_in(directory, tree) if path not in known.files]


def read_manifest(directory: pathlib.Path) -> Manifest | None:
    """None if there is none. Raises ComponentError if it is not as it was written."""
    path = directory / manifest.NAME
    try:
        return manifest.parse(path.read_bytes(), path=str(path))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ComponentError(f"{path} cannot be read ({error.strerror}). Give it to the user of this run") from None


def write(path: pathlib.Path, text: str) -> None:
    """Replaces a file as a whole. Raises OSError."""
    atomic_file.write(path, text, mode=FILE_MODE)


def make_parents(directory: pathlib.Path, path: str) -> None:
    """Makes the directories above a file. Others can read them, whatever the umask is. Raises OSError."""
    for parent in reversed((directory / path).parents[: len(pathlib.PurePath(path).parts) - 1]):
        with contextlib.suppress(FileExistsError):
            parent.mkdir()
            parent.chmod(MODE)


def remove(directory: pathlib.Path, paths: c.Iterable[str]) -> None:
    """Removes files, and directories that are empty then. Raises OSError."""
    for path in paths:
        (directory / path).unlink(missing_ok=True)
        for parent in (directory / path).parents:
            if parent == directory:
                break
            with contextlib.suppress(OSError):
                parent.rmdir()


@contextlib.contextmanager
def alone(directory: pathlib.Path) -> c.Iterator[None]:
    """Makes the directory if it is missing, and keeps other runs out. Raises ComponentError if there is one."""
    if not directory.is_dir():
        directory.mkdir()
        directory.chmod(MODE)
    lock = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ComponentError(f"{directory}: another run is at work there. Wait for its end, and run again") from None
        yield
    finally:
        os.close(lock)
