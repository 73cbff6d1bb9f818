# SPDX-License-Identifier: GPL-3.0-or-later
"""Kills a whole run of Ansible at its N-th connection, with every process that it has started. Python imports this file by its name.

BAREHOST_KILL_AT: N, and perhaps after it a plus and seconds: so long after the connection was begun, else right before.
BAREHOST_KILL_RUN: a file of this run alone, which counts the connections; it also marks the run's processes.
"""

from __future__ import annotations

import os
import pathlib
import signal
import sys
import threading
import time
import typing as t

RUN = os.environ.get("BAREHOST_KILL_RUN", "")


def processes(run: str) -> list[int]:
    """All processes that have the run's name in their environment."""
    found = []
    for directory in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            environment = (directory / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if f"BAREHOST_KILL_RUN={run}".encode() in environment:
            found.append(int(directory.name))
    return found


def kill_all(run: str) -> None:
    """Oneself last."""
    for pid in sorted(processes(run), key=lambda pid: pid == os.getpid()):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def _connections() -> int:
    descriptor = os.open(RUN, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(descriptor, b".")
    size = os.fstat(descriptor).st_size
    os.close(descriptor)
    return size


def _watch(event: str, arguments: tuple[t.Any, ...]) -> None:
    if event != "subprocess.Popen" or os.path.basename(os.fsdecode(arguments[1][0])) != "ssh" or len(arguments[1]) < 5:
        return
    number, _plus, later = os.environ["BAREHOST_KILL_AT"].partition("+")
    # Several processes may count at once, so that none of them sees the number itself.
    if _connections() < int(number):
        return
    if later:
        threading.Thread(target=lambda: (time.sleep(float(later)), kill_all(RUN)), daemon=True).start()
    else:
        kill_all(RUN)


if RUN and os.environ.get("BAREHOST_KILL_AT"):
    sys.addaudithook(_watch)
