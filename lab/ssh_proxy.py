# SPDX-License-Identifier: GPL-3.0-or-later
"""Connects its input and output to a TCP port: ssh's ProxyCommand into the lab's network, started inside it.

usage: ssh_proxy.py ADDRESS PORT
"""

from __future__ import annotations

import os
import socket
import sys
import threading

_CHUNK = 1 << 18


def upload(connection: socket.socket) -> None:
    """Input to connection, and the end of the input too."""
    try:
        while data := os.read(0, _CHUNK):
            connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
    except OSError:  # the other side has gone, which the other direction notices
        pass


def write_all(data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(1, view) :]


def main(address: str, port: int) -> int:
    try:
        connection = socket.create_connection((address, port), timeout=10)
    except OSError as error:
        print(f"{address} port {port}: {error}", file=sys.stderr)
        return 1
    connection.settimeout(None)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    threading.Thread(target=upload, args=(connection,), daemon=True).start()
    try:
        while data := connection.recv(_CHUNK):
            write_all(data)
    except OSError:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
