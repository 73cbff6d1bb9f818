# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits of this machine's kernel that are too low for the hosts of a lab, by driver."""

from __future__ import annotations

import pathlib
import sys

# All hosts share it, as root's processes on each are root's here. systemd, dbus, the kubelet and others each take some; 128, the kernel's
# default, is too few for the seven hosts of inventories/ha.
OF_CONTAINERS = {pathlib.Path("/proc/sys/fs/inotify/max_user_instances"): 1024}
# User Mode Linux maps the memory of a guest's process piece by piece. An apiserver of 424 MB had reached the kernel's default, 65530, and
# faulted for ever at the same address; the guest's kernel did not say why.
OF_GUESTS = {pathlib.Path("/proc/sys/vm/max_map_count"): 1 << 20}


def raise_to(wanted: dict[pathlib.Path, int]) -> None:
    """Raise what is lower, until this machine boots again, and say so."""
    for path, value in wanted.items():
        found = int(path.read_text(encoding="ascii"))
        if found < value:
            path.write_text(str(value), encoding="ascii")
            print(f"lab: {path} of this machine is {value} now and was {found}", file=sys.stderr, flush=True)
