# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits of this machine's kernel that all hosts of a lab share, as root's processes on every host are root's here."""

from __future__ import annotations

import pathlib
import sys

# systemd, dbus, the kubelet and others each take some; 128, the kernel's default, is too few for the seven hosts of inventories/ha.
_WANTED = {pathlib.Path("/proc/sys/fs/inotify/max_user_instances"): 1024}


def raise_to_what_hosts_need(wanted: dict[pathlib.Path, int] = _WANTED) -> None:
    """Raise what is lower, until this machine boots again, and say so."""
    for path, value in wanted.items():
        found = int(path.read_text(encoding="ascii"))
        if found < value:
            path.write_text(str(value), encoding="ascii")
            print(f"lab: {path} of this machine is {value} now and was {found}", file=sys.stderr, flush=True)
