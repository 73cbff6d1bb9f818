# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders that are built once, from inputs with a digest, and then only read.

A folder is built under another name and renamed when it is whole, so that a killed build leaves nothing that could be
taken for finished; a lock makes a second process wait for the first instead of building the same.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import pathlib
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator

from barelab import cache, state

Progress = Callable[[str], None]


def digest_of(*, paths: Iterable[pathlib.Path], words: Iterable[str] = ()) -> str:
    """A digest of files (name, mode and contents; folders with all that is in them) and of further words."""
    total = hashlib.sha256()
    for word in words:
        total.update(f"word {len(word)} {word}\n".encode())
    for path in paths:
        for file in sorted(_files(path)):
            information = file.lstat()
            content = os.readlink(file).encode() if stat.S_ISLNK(information.st_mode) else file.read_bytes()
            # git keeps nothing of the mode but the execute bit, so two checkouts differ in the rest
            kind = f"{stat.S_IFMT(information.st_mode):o} {bool(information.st_mode & stat.S_IXUSR)}"
            total.update(f"file {file.relative_to(path.parent)} {kind} {len(content)}\n".encode() + content)
    return total.hexdigest()


def _files(path: pathlib.Path) -> Iterator[pathlib.Path]:
    if path.is_dir() and not path.is_symlink():
        yield from (file for file in path.rglob("*") if (file.is_symlink() or not file.is_dir()) and "__pycache__" not in file.parts)
    else:
        yield path


@contextlib.contextmanager
def lock(path: pathlib.Path, *, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold an exclusive lock; ``waiting`` is called once if somebody else has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


# Locks of folders, which the system takes back when this process ends.
_held: list[int] = []


def there(*, kind: str, digest: str) -> pathlib.Path | None:
    """The folder of this kind and digest, if there is one. It stays for as long as this process runs.

    By then, what has been made of it shows that it is used, such as a mount or a link.
    """
    folder = cache.root() / kind / digest[:16]
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return None
    fcntl.flock(handle, fcntl.LOCK_SH)
    with contextlib.suppress(FileNotFoundError):  # another process has just removed it
        if os.path.samestat(os.fstat(handle), os.stat(folder)):
            _held.append(handle)
            return folder
    os.close(handle)
    return None


def ensure(*, kind: str, digest: str, build: Callable[[pathlib.Path], None], progress: Progress) -> pathlib.Path:
    """The folder of this kind and digest; ``build`` fills a new one if there is none yet."""
    store = cache.root() / kind
    final = store / digest[:16]
    if found := there(kind=kind, digest=digest):
        return found
    with lock(store / "lock", waiting=lambda: progress(f"waiting for another process that builds in {store}")):
        if there(kind=kind, digest=digest) is None:
            partial = _partial(final)
            for leftover in store.glob(".*.partial"):
                shutil.rmtree(leftover)
            partial.mkdir()
            try:
                build(partial)
                partial.rename(final)
            except BaseException:
                shutil.rmtree(partial, ignore_errors=True)
                raise
            there(kind=kind, digest=digest)
            _forget_others(store=store, keep=final)
    return final


def _partial(final: pathlib.Path) -> pathlib.Path:
    return final.with_name(f".{final.name}.partial")


def _forget_others(*, store: pathlib.Path, keep: pathlib.Path) -> None:
    """Each is hundreds of megabytes; one that a lab of another checkout uses must stay."""
    for folder in list(store.iterdir()):
        if not folder.is_dir() or folder == keep:
            continue
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            # First the lock: who had it may have ended by now, and what it made of the folder is there to be seen.
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not _is_used(folder):
                # Under the name of what is not whole, or one that is removed in part would be taken for finished.
                shutil.rmtree(folder.rename(_partial(folder)))
        except BlockingIOError:
            pass
        finally:
            os.close(handle)


def _is_used(folder: pathlib.Path) -> bool:
    mounted = any(str(folder) in mounts for mounts in _mounts_of_all_processes())
    return mounted or any(path.is_relative_to(folder) for path in state.used_by_labs())


def _mounts_of_all_processes() -> Iterator[str]:
    for table in pathlib.Path("/proc").glob("[0-9]*/mounts"):
        with contextlib.suppress(OSError):  # the process has ended
            yield table.read_text(encoding="utf-8", errors="replace")
