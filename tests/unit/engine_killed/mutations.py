# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts what a process is about to change, and kills it at a chosen one, so that every moment of a run can be its last.

An audit hook of the interpreter sees each change before it happens, so the tested code needs to know nothing of it. Where the N-th
change is the moment of death, N - 1 changes are done: before the first of them, between any two, and, with ``end()``, after the last.
Used on the controller and on lab hosts: the standard library alone, Python 3.9.
"""

from __future__ import annotations

import os
import signal
import stat
import threading
import time
import typing as t

_CALLS = frozenset(
    f"os.{name}" for name in ("chmod", "chown", "link", "mkdir", "remove", "rename", "rmdir", "setxattr", "symlink", "truncate", "utime")
)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
# Programs that only look, by their name and first argument.
_READERS = (
    ("systemctl", ("show", "is-active")),
    ("openssl", ("pkey", "req", "genpkey")),
    ("rpm", ("--query",)),
    ("journalctl", ("",)),
    ("firewall-offline-cmd", ("--check-config",)),
)
_READING_CALLS = ("get", "list", "NameHasOwner")
COMMAND = "run "


def mutation(event: str, arguments: tuple[t.Any, ...]) -> str | None:
    """What is about to be changed; None if nothing is."""
    if event in _CALLS:
        if event == "os.remove" and not os.path.lexists(arguments[0]):
            return None
        return f"{event[3:]} {' '.join(str(argument) for argument in arguments if isinstance(argument, (str, bytes)))}".rstrip()
    if event == "open":
        path, _mode, flags = arguments
        return f"open {path}" if isinstance(flags, int) and flags & _WRITING and _is_kept(path) else None
    if event == "subprocess.Popen":
        words = [os.fspath(word) for word in arguments[1]]
        return None if _only_looks(words) else COMMAND + " ".join(words)
    return None


def _is_kept(opened: t.Any) -> bool:
    """Whether what is written to it stays; a pipe and /dev/null keep nothing."""
    if isinstance(opened, int):
        return stat.S_ISREG(os.fstat(opened).st_mode)
    return os.fspath(opened) not in (os.devnull, os.devnull.encode())


def _only_looks(words: list[str]) -> bool:
    name, arguments = os.path.basename(words[0]), words[1:]
    if name == "busctl":
        return any(word.startswith(_READING_CALLS) for word in arguments)
    return any(name == reader and arguments[:1] and arguments[0].startswith(starts) for reader, starts in _READERS)


class Executioner:
    """The audit hook. ``kill_at`` 0 only counts; with ``later`` the process dies that many seconds after the mutation began.

    The process dies with its group, and so with the command that it runs: it must have a group of its own.
    """

    def __init__(self, report: t.Callable[[str], None], *, kill_at: int, later: float = 0.0) -> None:
        self._report = report
        self._kill_at = kill_at
        self._later = later
        self._count = 0
        self._lock = threading.Lock()

    def __call__(self, event: str, arguments: tuple[t.Any, ...]) -> None:
        what = mutation(event, arguments)
        if what is not None:
            self._count_one(what)

    def end(self) -> None:
        """After the last mutation, and before anybody hears of the outcome."""
        self._count_one("the end")

    def _count_one(self, what: str) -> None:
        with self._lock:
            self._count += 1
            self._report(what)
            if self._count != self._kill_at:
                return
            if not self._later:
                _die()
        threading.Thread(target=self._die_later, daemon=True).start()

    def _die_later(self) -> None:
        time.sleep(self._later)
        _die()


def _die() -> None:
    os.killpg(os.getpgrp(), signal.SIGKILL)
