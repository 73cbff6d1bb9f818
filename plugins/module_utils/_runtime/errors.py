# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exception root of the host side, and the words of other exceptions."""

from __future__ import annotations

import errno
import os


class HostError(Exception):
    """Something on the host is not as it must be.

    The message says what was found, what was wanted and what the operator can do; ``details`` adds
    evidence such as the last journal lines. Neither may hold a secret.
    """

    def __init__(self, message: str, *, details: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.details = details


def cause(error: BaseException) -> str:
    """Why an operation of Python's library failed, in words for the end of a message."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


_REMEDIES = {
    errno.EROFS: "the file system is mounted read-only: `findmnt --target {place}` names it, and the kernel's log why it became so",
    errno.ENOSPC: "free some space there: `df {place}` and, for inodes, `df -i {place}` show what is full",
    errno.EDQUOT: "free some space there, or raise the quota",
    errno.ENOEXEC: "it is a program for another kind of processor, or none at all: compare `file {place}` with `uname -m`",
    errno.EIO: "the disk has failed to read or write: see the kernel's log",
}
_AS_ROOT = "the program runs as user {user}, wanted is root: set `ansible_become: true`"
_AS_USUAL = "`findmnt --target {place}` shows its mount (such as noexec), `ls -ldZ {place}` and `lsattr -d {place}` who may do what"


def remedy(error: OSError) -> str:
    """What the operator can do about a failure of the operating system; empty if nothing is known."""
    place = error.filename if isinstance(error.filename, str) else "."
    if error.errno in (errno.EACCES, errno.EPERM):
        return (_AS_ROOT if os.geteuid() else _AS_USUAL).format(place=place, user=os.geteuid())
    return _REMEDIES.get(error.errno or 0, "").format(place=place)


def trouble(error: OSError) -> str:
    """The cause of a failure of the operating system, and what to do about it."""
    return "; ".join(part for part in (cause(error), remedy(error)) if part)


def of_system(error: OSError) -> HostError:
    """The error for the operator, for a failure that nothing nearer has explained."""
    names = [name for name in (error.filename, error.filename2) if isinstance(name, str)]
    return HostError(
        f"{' and '.join(names) or 'the operating system'}: {trouble(error)}. Mend it and run again; a run goes on where it ended"
    )
