# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which run of Ansible this is, so that a host can remember who works on it, and whether that one still does."""

from __future__ import annotations

import os
import pathlib
import socket

_PROC = pathlib.Path("/proc")


def name() -> str:
    """Machine, process and its start. Tasks run in children of the process that runs the playbook."""
    return f"{socket.gethostname()}:{os.getppid()}:{started(os.getppid())}"


def process_of(run: str) -> int:
    """The process of a run that is at work on this machine; 0 if it has ended. Of a run on another machine nothing is known: 0."""
    machine, _colon, rest = run.rpartition(":")[0].rpartition(":")
    process, start = int(rest or 0) if rest.isdecimal() else 0, run.rpartition(":")[2]
    return process if machine == socket.gethostname() and start and started(process) == start else 0


def started(process: int) -> str:
    """When a process began, in ticks since the boot; empty if there is none."""
    try:
        return (_PROC / str(process) / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
