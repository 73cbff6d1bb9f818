# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which run of Ansible this is, so that hosts can remember who works on the cluster, and whether that one still does."""

from __future__ import annotations

import os
import pathlib
import socket
import typing as t

_PROC = pathlib.Path("/proc")

ENDED, HERE, ELSEWHERE = "ended", "here", "elsewhere"


def name() -> str:
    """Machine, process and its start. Tasks run in children of the process that runs the playbook."""
    return f"{socket.gethostname()}:{os.getppid()}:{started(os.getppid())}"


def marks() -> dict[str, str]:
    """The name of this run, and where processes have the numbers that it means: machines and containers may have the same name."""
    return {"run": name(), **_processes_of()}


def state(claim: t.Mapping[str, t.Any]) -> str:
    """Whether the run of these marks has ENDED, or is at work HERE. Of one ELSEWHERE nothing is known."""
    where = _processes_of()
    if not all(where.values()) or any(claim.get(key) != value for key, value in where.items()):
        return ELSEWHERE
    _machine, process, start = str(claim["run"]).rsplit(":", 2)
    found = started(int(process))
    if found:
        return HERE if found == start else ENDED
    return ELSEWHERE if _is_hidden(int(process)) else ENDED


def started(process: int) -> str:
    """When a process began, in ticks since the boot; empty if there is none, or only what its parent has not taken notice of."""
    try:
        fields = (_PROC / str(process) / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return "" if fields[0] in ("Z", "X") else fields[19]
    except (OSError, IndexError):
        return ""


def _is_hidden(process: int) -> bool:
    """Whether there is such a process of another user, of which this one sees nothing more (``hidepid``)."""
    try:
        os.kill(process, 0)
    except PermissionError:
        return True
    except OSError:
        return False
    return False


def _processes_of() -> dict[str, str]:
    """The boot of the kernel, and its set of process numbers; empty where they cannot be read."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return {"boot": boot, "processes": os.readlink(_PROC / "self/ns/pid")}
    except OSError:
        return {"boot": "", "processes": ""}
