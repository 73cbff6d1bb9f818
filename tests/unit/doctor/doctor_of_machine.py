# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts and faults of the group ``machine``."""

from __future__ import annotations

import typing as t

from doctor_situation import Fault, Situation

GIB = 1 << 30
FAULTS: dict[str, Fault] = {
    "machine-memory-small": Fault(lambda s: _memory(s, MemTotal=int(1.5 * GIB), MemAvailable=GIB), "1.50 GiB", "more memory"),
    "machine-memory-gone": Fault(lambda s: _memory(s, MemAvailable=60 << 20), "60 MiB", "ps -eo rss,comm"),
    "machine-memory-low": Fault(lambda s: _memory(s, MemAvailable=GIB // 5), "0.20 GiB of 4.00 GiB", "ps -eo rss,comm"),
    "machine-processors-few": Fault(lambda s: _of(s, "m1").update(processors=1), "1", "second processor", host="m1"),
    "machine-cgroup-v1": Fault(lambda s: _of(s)["control_groups"].update(version=1), "version 1", "grubby"),
    "machine-cgroup-controllers": Fault(lambda s: _of(s)["control_groups"]["controllers"].remove("memory"), "missing: memory", "cmdline"),
    "machine-distribution": Fault(
        lambda s: _of(s)["distribution"].update(ID="debian", ID_LIKE="", PRETTY_NAME="Debian 12"), "Debian 12", "install one"
    ),
    "machine-id-twice": Fault(lambda s: _of(s).update(machine_id="id-m1"), "the same on m1, w1", "systemd-machine-id-setup", host=""),
    "machine-files-many": Fault(lambda s: _of(s).update(files=[900, 0, 1000]), "900 of 1000", "lsof"),
    "machine-processes-many": Fault(lambda s: _of(s).update(processes=30_000, most_processes=32_768), "30000 of 32768", "ps"),
    "machine-load-high": Fault(lambda s: _of(s).update(load=30.0), "30.0 with 4 processors", "top"),
    "machine-disk-waits": Fault(lambda s: _of(s)["pressure"].update(io=70.0), "70 % of the time", "iotop"),
    "machine-booted-lately": Fault(lambda s: _of(s).update(uptime=180.0), "3 minutes ago", "journalctl --boot=-1"),
}


def healthy(host: str) -> dict[str, t.Any]:
    return {
        "machine": {
            "processors": 4,
            "load": 0.5,
            "memory": {"MemTotal": 4 * GIB, "MemAvailable": 2 * GIB, "SwapTotal": 0},
            "pressure": {"cpu": 1.0, "io": 0.5, "memory": 0.0},
            "control_groups": {"version": 2, "controllers": ["cpu", "cpuset", "io", "memory", "pids"]},
            "distribution": {"ID": "centos", "ID_LIKE": "rhel fedora", "VERSION_ID": "10", "PRETTY_NAME": "CentOS Stream 10"},
            "architecture": "x86_64",
            "machine_id": f"id-{host}",
            "boot": "b",
            "uptime": 90_000.0,
            "files": [2000, 0, 1_000_000],
            "processes": 200,
            "most_processes": 4_194_304,
        }
    }


def _of(situation: Situation, host: str = "w1") -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", situation.groups[host]["machine"])


def _memory(situation: Situation, **sizes: int) -> None:
    _of(situation)["memory"].update(sizes)
