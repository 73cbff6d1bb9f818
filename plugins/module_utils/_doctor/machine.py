# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the machine is: processors, memory, control groups, the distribution, and what tells it from others."""

from __future__ import annotations

import hashlib
import os
import time
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.small_files import lines_of, text_of

Object = dict[str, t.Any]

ROOT = "/"
_MEMORY = ("MemTotal", "MemAvailable", "SwapTotal", "HugePages_Total", "Hugepagesize")


def look(_asked: Object) -> Object:
    """Sizes are in bytes."""
    release = dict(_pair(line, "=") for line in lines_of(_place("etc/os-release")) if "=" in line)
    return {
        "processors": len(os.sched_getaffinity(0)),
        "load": os.getloadavg()[1],
        "memory": _memory(),
        "pressure": _pressure(),
        "control_groups": _control_groups(),
        "distribution": {name: release.get(name, "").strip('"') for name in ("ID", "ID_LIKE", "VERSION_ID", "PRETTY_NAME")},
        "architecture": os.uname().machine,
        "machine_id": _digest("etc/machine-id"),
        "product_uuid": _digest("sys/class/dmi/id/product_uuid"),
        "boot": (text_of(_place("proc/sys/kernel/random/boot_id")) or "").strip(),
        "uptime": time.clock_gettime(time.CLOCK_BOOTTIME),
        "files": _numbers("proc/sys/fs/file-nr"),
        "processes": sum(1 for name in os.listdir(_place("proc")) if name.isdigit()),
        "most_processes": min(_numbers("proc/sys/kernel/pid_max") or [0]),
    }


def _place(path: str) -> str:
    return os.path.join(ROOT, path)


def _pair(line: str, sign: str) -> tuple[str, str]:
    name, _sign, value = line.partition(sign)
    return name.strip(), value.strip()


def _memory() -> dict[str, int]:
    found = dict(_pair(line, ":") for line in lines_of(_place("proc/meminfo")))
    return {name: int(found[name].split()[0]) * (1024 if found[name].endswith("kB") else 1) for name in _MEMORY if name in found}


def _pressure() -> dict[str, float]:
    """For how much of the last five minutes, in percent, some task waited for memory, a disk or a processor (PSI)."""
    found = {}
    for name in ("cpu", "io", "memory"):
        for line in lines_of(_place(f"proc/pressure/{name}"))[:1]:
            values = dict(word.split("=", 1) for word in line.split() if "=" in word)
            found[name] = float(values.get("avg300", 0))
    return found


def _control_groups() -> Object:
    """``version`` 2 is the unified hierarchy alone; 1 has a hierarchy for each controller."""
    controllers = text_of(_place("sys/fs/cgroup/cgroup.controllers"))
    if controllers is not None:
        return {"version": 2, "controllers": controllers.split()}
    place = _place("sys/fs/cgroup")
    return {"version": 1, "controllers": sorted(os.listdir(place)) if os.path.isdir(place) else []}


def _digest(path: str) -> str:
    """By which the identities of two machines are compared; they are nobody's business. Empty if there is none."""
    text = (text_of(_place(path)) or "").strip()
    return hashlib.sha256(text.encode()).hexdigest()[:16] if text else ""


def _numbers(path: str) -> list[int]:
    return [int(word) for word in (text_of(_place(path)) or "").split() if word.isdigit()]
