# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must be known of a host before it is restarted: whether it has to be, what runs on it, and what an earlier run left there."""

from __future__ import annotations

import os
import re
import time
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import kernel_library, packages
from ansible_collections.barehost.kubernetes.plugins.module_utils._restart import kernels, marks
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import host_lock
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import run as command

Object = dict[str, t.Any]

PROC = "/proc"
# As dnf-plugins-core 4 has them in needs_restarting.py. The program itself is not on every host, and reads the repositories first.
CORE = (
    "kernel",
    "kernel-core",
    "kernel-rt",
    "glibc",
    "linux-firmware",
    "systemd",
    "dbus",
    "dbus-broker",
    "dbus-daemon",
    "microcode_ctl",
)
FURTHER = "/etc/dnf/plugins/needs-restarting.d"


def run(_step: str, payload: Object) -> Object:
    """Documented in plugins/modules/restart_node.py. Raises HostError."""
    # a program that a killed run has left behind may still change the host
    with host_lock.held(changes=False):
        found = {
            "units": active(payload["units"]),
            "holds_address": holds(payload["virtual_address"]),
            "absent": absent(payload["packages"]),
        }
        return {**state(), **found}


def state() -> Object:
    """Of the boot and the kernel; and the mark of an earlier run."""
    found, following = kernel_library.running(), kernel_library.to_boot()
    return {
        "boot": boot_id(),
        "booted": booted(),
        "kernel": found,
        "kernel_to_boot": following,
        # what runs now has what it needs
        "lacking": kernels.lacking(following) if following != found else [],
        "updated": updated(),
        "extra_modules": command(["rpm", "--query", "kernel-modules-extra"]).ok,
        "mark": marks.read(),
    }


def boot_id() -> str:
    with open(f"{PROC}/sys/kernel/random/boot_id", encoding="ascii") as file:
        return file.read().strip()


def booted() -> float:
    """When the first process of this host began, by the clock of today: the clock of that moment may have been wrong.

    A container has the kernel of another machine, which began earlier.
    """
    with open(f"{PROC}/1/stat", encoding="utf-8") as file:
        ticks = int(file.read().rpartition(")")[2].split()[19])
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + ticks / os.sysconf("SC_CLK_TCK")


def updated() -> list[str]:
    """Packages that only a reboot brings into use, and that were installed since the last one."""
    names = [*CORE, *_further()]
    done = command(["rpm", "--query", "--whatprovides", "--queryformat", "%{NAME}\t%{INSTALLTIME}\n", "--", *names])
    since = booted()
    found = (line.partition("\t") for line in done.output.splitlines())
    return sorted({name for name, tab, moment in found if tab and moment.isdecimal() and float(moment) > since})


def _further() -> list[str]:
    """What the administrator of the host has added to that list."""
    try:
        files = sorted(name for name in os.listdir(FURTHER) if name.endswith(".conf"))
    except OSError:
        return []
    found = []
    for name in files:
        with open(os.path.join(FURTHER, name), encoding="utf-8", errors="replace") as file:
            found += [line.strip() for line in file if re.fullmatch(r"[\w.+-]+", line.strip())]
    return found


def absent(names: t.Sequence[str]) -> list[str]:
    """Which of these packages are not installed. What a pattern means is known to dnf alone."""
    named = [name for name in names if "*" not in name]
    return (
        [name for name, found in zip(named, packages.collect([{"name": name} for name in named])) if not found["installed"]]
        if named
        else []
    )


def active(units: t.Sequence[str]) -> list[str]:
    """Which of these units run."""
    states = command(["systemctl", "is-active", "--", *units]).output.split()
    return [unit for unit, found in zip(units, states) if found == "active"]


def holds(address: str) -> bool:
    """Whether this host has the address; no host has none."""
    if not address:
        return False
    shown = command(["ip", "-oneline", "address", "show"]).output
    return re.search(rf"\s{re.escape(address)}/", shown) is not None
