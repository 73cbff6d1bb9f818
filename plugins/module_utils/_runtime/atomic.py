# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Atomic changes of the file system: each is complete or has not happened."""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import stat
import threading
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import selinux_labels
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError, trouble

# At the end of the name: who reads all *.conf or *.xml of a directory, and hidden ones too, must not take it for one of them.
TEMPORARY_SUFFIX = ".barehost-new"
# Downloads run in parallel, and may make the same directory.
_MAKING = threading.RLock()


class Ownership(t.NamedTuple):
    """Owner, group and mode as they are described: names and an octal text."""

    owner: str
    group: str
    mode: str

    def numbers(self, path: str) -> tuple[int, int, int]:
        return _uid(self.owner, path), _gid(self.group, path), int(self.mode, 8)


def _uid(name: str, path: str) -> int:
    try:
        return int(name) if name.isdigit() else pwd.getpwnam(name).pw_uid
    except KeyError:
        raise HostError(f"{path}: its owner {name!r} does not exist on this host; add the user to `users`") from None


def _gid(name: str, path: str) -> int:
    try:
        return int(name) if name.isdigit() else grp.getgrnam(name).gr_gid
    except KeyError:
        raise HostError(f"{path}: its group {name!r} does not exist on this host; add the group to `groups`") from None


def file_state(path: str) -> dict[str, t.Any]:
    """What is at a path, without following a link: type (absent, file, directory, link, other), owners and their numbers, mode, target."""
    try:
        found = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return {"type": "absent"}
    except OSError as error:
        raise HostError(f"{path}: cannot be looked at: {trouble(error)}") from error
    return {
        "type": _type(found.st_mode),
        "owner": _owner_name(found.st_uid),
        "group": _group_name(found.st_gid),
        "uid": str(found.st_uid),
        "gid": str(found.st_gid),
        "mode": f"{stat.S_IMODE(found.st_mode):04o}",
        "target": os.readlink(path) if stat.S_ISLNK(found.st_mode) else "",
    }


def _type(mode: int) -> str:
    if stat.S_ISREG(mode):
        return "file"
    if stat.S_ISDIR(mode):
        return "directory"
    return "link" if stat.S_ISLNK(mode) else "other"


def _owner_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _group_name(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def make_directory(path: str, *, ownership: Ownership) -> None:
    """Makes one directory and its missing parents (root:root 0755), each labelled; an existing one gets owner and mode."""
    make_parents(path)
    with _MAKING:
        if os.path.isdir(path):
            set_ownership(path, ownership=ownership)
        else:
            _new_directory(path, ownership=ownership)


def make_parents(path: str) -> None:
    parent = os.path.dirname(path)
    with _MAKING:
        if os.path.isdir(parent):
            return
        if os.path.lexists(parent):
            raise HostError(f"{parent} is not a directory, but {path} is to be put there; move it away")
        make_parents(parent)
        _new_directory(parent, ownership=Ownership("root", "root", "0755"))


def _new_directory(path: str, *, ownership: Ownership) -> None:
    """It appears with owner, mode and label: one that a killed run left without them would look like somebody's choice."""
    uid, gid, mode = ownership.numbers(path)
    temporary = cleared_beside(path)
    os.mkdir(temporary, 0o700)
    os.chown(temporary, uid, gid)
    os.chmod(temporary, mode)  # after chown, which clears the set-id bits
    selinux_labels.apply(temporary, as_path=path)
    os.rename(temporary, path)
    sync_directory(os.path.dirname(path))


def set_ownership(path: str, *, ownership: Ownership) -> None:
    uid, gid, mode = ownership.numbers(path)
    found = os.lstat(path)
    if (found.st_uid, found.st_gid) != (uid, gid):
        os.chown(path, uid, gid, follow_symlinks=False)
    os.chmod(path, mode)  # after chown, which clears the set-id bits


def beside(path: str) -> str:
    """The one name beside a path under which its next version is made."""
    return os.path.join(os.path.dirname(path), f".{os.path.basename(path)}{TEMPORARY_SUFFIX}")


def cleared_beside(path: str) -> str:
    """The same, with what a killed run left there removed."""
    temporary = beside(path)
    try:
        os.unlink(temporary)
    except FileNotFoundError:
        pass
    except IsADirectoryError:
        os.rmdir(temporary)
    return temporary


def write(
    path: str,
    content: bytes,
    *,
    ownership: Ownership,
    check: t.Callable[[str], None] | None = None,
) -> None:
    """Replaces a file as ``replacing`` does; raises HostError if that fails."""
    try:
        with replacing(path, ownership=ownership, check=check) as file:
            file.write(content)
    except OSError as error:
        raise HostError(f"{path}: cannot be written: {trouble(error)}") from error


@contextlib.contextmanager
def replacing(path: str, *, ownership: Ownership, check: t.Callable[[str], None] | None = None) -> t.Iterator[t.IO[bytes]]:
    """A file to write to, which replaces the one at ``path`` when the block ends. If the block fails, nothing changes.

    It has mode 0600 until it is complete. Then ``check`` may refuse it, and it appears with its owner, mode and label.
    """
    uid, gid, mode = ownership.numbers(path)
    make_parents(path)
    temporary = cleared_beside(path)
    handle = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fchown(stream.fileno(), uid, gid)
            os.fchmod(stream.fileno(), mode)
            os.fsync(stream.fileno())
        if check is not None:
            check(temporary)
        selinux_labels.apply(temporary, as_path=path)
        os.rename(temporary, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
    sync_directory(os.path.dirname(path))


def link(path: str, target: str) -> None:
    """Makes ``path`` a symbolic link to ``target``, replacing what was there at once."""
    make_parents(path)
    temporary = cleared_beside(path)
    os.symlink(target, temporary)
    try:
        selinux_labels.apply(temporary, as_path=path)
        os.rename(temporary, path)
    except OSError as error:
        os.unlink(temporary)
        raise HostError(f"{path}: cannot be made a link to {target}: {error.strerror}") from error
    sync_directory(os.path.dirname(path))


def sync_directory(path: str) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
