# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One program at a time on a host.

Where a controller was killed or lost its connection, the program that it started on the host goes on to its end. The next run
waits for that: two at once would write under the same temporary names, and what was planned beside the other would be outdated.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import locations
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

PATH = os.path.join(locations.RUN_DIRECTORY, "lock")
# As long as the start of a unit may take.
DEADLINE = 900.0
_PAUSE = 0.1


@contextlib.contextmanager
def alone(*, changes: bool) -> t.Iterator[None]:
    """Waits until no other program changes this host. While this one ``changes`` it, no other begins; who only looks leaves no trace."""
    descriptor = _held(changes=changes)
    try:
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _held(*, changes: bool) -> t.Optional[int]:
    """The lock; None where nobody has changed anything so far, and a look needs none."""
    end = time.monotonic() + DEADLINE
    while True:
        descriptor = _open(create=changes)
        if descriptor is None:
            return None
        if _locked(descriptor, fcntl.LOCK_EX if changes else fcntl.LOCK_SH) and _in_place(descriptor):
            return descriptor
        os.close(descriptor)
        if time.monotonic() > end:
            raise HostError(
                f"another run has been changing this host for {DEADLINE:.0f} s: `lslocks` names the process that holds {PATH}. "
                "Wait for its end, or end it if nothing can come of it, and run again"
            )
        time.sleep(_PAUSE)


def _open(*, create: bool) -> t.Optional[int]:
    while create:
        os.makedirs(os.path.dirname(PATH), mode=0o755, exist_ok=True)
        # a reset may remove the directory in between
        with contextlib.suppress(FileNotFoundError):
            return os.open(PATH, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        return os.open(PATH, os.O_RDONLY)
    except FileNotFoundError:
        return None


def _locked(descriptor: int, how: int) -> bool:
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _in_place(descriptor: int) -> bool:
    """A reset removes the lock that it holds: who has waited for it has the lock of nobody then, and asks for the new one."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(PATH))
    except FileNotFoundError:
        return False
