# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lock, so that one program at a time changes a host.

When a controller is killed or loses its connection, the program that it started on the host runs on to its end. The next run
waits for that end: two programs would write under the same temporary names, and a plan made during the change would be outdated.
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
def held(*, changes: bool, patience: t.Optional[float] = None) -> t.Iterator[None]:
    """Holds the lock: exclusive for a step that ``changes`` the host, shared for readers. Readers never create the lock file.

    Waits at most ``patience`` seconds, or ``DEADLINE``, then raises HostError.
    """
    descriptor = _acquire(changes=changes, patience=DEADLINE if patience is None else patience)
    try:
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _acquire(*, changes: bool, patience: float) -> t.Optional[int]:
    """The descriptor of the lock; None if a reader finds no lock file, because nothing has changed this host yet."""
    end = time.monotonic() + patience
    while True:
        descriptor = _open(create=changes)
        if descriptor is None:
            return None
        if _locked(descriptor, fcntl.LOCK_EX if changes else fcntl.LOCK_SH) and _in_place(descriptor):
            return descriptor
        os.close(descriptor)
        if time.monotonic() > end:
            raise HostError(
                f"another run has been changing this host for {patience:.0f} s: `lslocks` names the process that holds {PATH}. "
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
    """Whether the locked file is still the one at PATH. A reset removes the file that it has locked; who waited must lock the new one."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(PATH))
    except FileNotFoundError:
        return False
