# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who listens on this host: the sockets of /proc/net and the processes that hold them (proc(5))."""

from __future__ import annotations

import os
import typing as t

PROC = "/proc"
# TCP_LISTEN of the kernel's include/net/tcp_states.h; a UDP socket that waits for packets has the number of TCP_CLOSE.
_WAITING = {"tcp": "0A", "tcp6": "0A", "udp": "07", "udp6": "07"}


class Listener(t.NamedTuple):
    """A socket that waits for others. ``address`` as the kernel writes it, in hexadecimal digits."""

    protocol: str
    address: str
    port: int
    inode: str


def listening(*protocols: str) -> t.Iterator[Listener]:
    """The sockets of these protocols (tcp, udp), over IPv4 and IPv6."""
    for table in (name for protocol in protocols for name in (protocol, f"{protocol}6")):
        for line in text(f"net/{table}").splitlines()[1:]:
            fields = line.split()
            address, _colon, port = fields[1].partition(":")
            if fields[3] == _WAITING[table]:
                yield Listener(table.rstrip("6"), address, int(port, 16), fields[9])


def processes() -> list[str]:
    return [name for name in os.listdir(PROC) if name.isdigit()]


def sockets(process: str) -> t.Iterator[str]:
    """The inodes of the sockets that a process holds; none if it has ended meanwhile."""
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


def text(name: str) -> str:
    """A file of /proc; empty if it is not there any more."""
    try:
        # Without a buffer and a decoder for each: a host may have a thousand processes.
        with open(os.path.join(PROC, name), "rb", buffering=0) as stream:
            return stream.read().decode(errors="replace")
    except OSError:
        return ""
