# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ports on which this host takes logins by ssh: what a firewall that starts must leave open."""

from __future__ import annotations

import os
import typing as t

PROC = "/proc"
_DAEMON = "sshd"
_LISTEN = "0A"  # TCP_LISTEN of the kernel's include/net/tcp_states.h
_LOOPBACK = ("0100007F", "00000000000000000000000001000000")


def ports() -> list[int]:
    """The TCP ports of the ssh daemon that others can reach; empty if it does not run, or only systemd listens for it."""
    sockets = {inode for process in _daemons() for inode in _sockets(process)}
    return sorted({port for inode, port in _listening() if inode in sockets})


def _daemons() -> t.Iterator[str]:
    """The daemon alone, which systemd started: its sessions have the same name, and may listen for what a user forwards."""
    for process in os.listdir(PROC):
        fields = _text(f"{process}/stat").rpartition(")")[2].split() if process.isdigit() else []
        if fields[1:2] == ["1"] and _text(f"{process}/comm").strip() == _DAEMON:
            yield process


def _sockets(process: str) -> t.Iterator[str]:
    directory = os.path.join(PROC, process, "fd")
    try:
        descriptors = os.listdir(directory)
    except OSError:
        return
    for descriptor in descriptors:
        try:
            kind, _colon, inode = os.readlink(os.path.join(directory, descriptor)).partition(":")
        except OSError:
            continue
        if kind == "socket":
            yield inode.strip("[]")


def _listening() -> t.Iterator[tuple[str, int]]:
    """(inode, port) of the listening sockets, as /proc/net/tcp shows them (proc(5))."""
    for table in ("net/tcp", "net/tcp6"):
        for line in _text(table).splitlines()[1:]:
            fields = line.split()
            address, _colon, port = fields[1].partition(":")
            if fields[3] == _LISTEN and address not in _LOOPBACK:
                yield fields[9], int(port, 16)


def _text(name: str) -> str:
    try:
        with open(os.path.join(PROC, name), encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except OSError:
        return ""
