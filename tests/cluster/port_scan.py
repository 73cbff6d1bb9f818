# SPDX-License-Identifier: GPL-3.0-or-later
"""Tries ports of other hosts, and prints those that answer.

A program of the standard library that runs where the packets are to come from. Its standard input is
``{address: {"tcp": [port, …], "udp": […]}}``, its standard output the same with the ports that are open.
"""

from __future__ import annotations

import contextlib
import errno
import json
import select
import socket
import sys
import time

# A refused packet is answered at once, but a kernel sends few of these answers a second. What answers late is tried again.
ATTEMPTS = 3
SECONDS = 1.5
AT_ONCE = 500
WAITING = (errno.EINPROGRESS, errno.EAGAIN, errno.EWOULDBLOCK)


def accepted(address: str, ports: list[int]) -> set[int]:
    """The TCP ports that take a connection."""
    found: set[int] = set()
    for first in range(0, len(ports), AT_ONCE):
        found |= _accepted_at_once(address, ports[first : first + AT_ONCE])
    return found


def _accepted_at_once(address: str, ports: list[int]) -> set[int]:
    found: set[int] = set()
    with contextlib.ExitStack() as opened:
        poll, waiting = select.poll(), {}
        for port in ports:
            connection = opened.enter_context(socket.socket())
            connection.setblocking(False)
            if connection.connect_ex((address, port)) in WAITING:
                waiting[connection.fileno()] = (connection, port)
                poll.register(connection, select.POLLOUT)
        end = time.monotonic() + SECONDS
        while waiting and (left := end - time.monotonic()) > 0:
            for number, _event in poll.poll(left * 1000):
                connection, port = waiting.pop(number)
                poll.unregister(number)
                if connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                    found.add(port)
    return found


def is_let_in(address: str, port: int) -> bool:
    """Whether a UDP packet gets past the firewall: no answer, or one of the host itself that nobody listens."""
    with socket.socket(type=socket.SOCK_DGRAM) as sender:
        sender.connect((address, port))
        sender.settimeout(SECONDS)
        for _attempt in range(ATTEMPTS):
            try:
                sender.send(b"\0")
                sender.recv(1)
            except TimeoutError:
                continue
            except OSError as error:
                return error.errno == errno.ECONNREFUSED
            break
    return True


def main() -> None:
    found = {}
    for address, ports in json.load(sys.stdin).items():
        udp = [port for port in ports["udp"] if is_let_in(address, port)]
        tcp: set[int] = set()
        for _attempt in range(ATTEMPTS):
            tcp |= accepted(address, [port for port in ports["tcp"] if port not in tcp])
            if len(ports["tcp"]) > AT_ONCE:
                break
        found[address] = {"tcp": sorted(tcp), "udp": sorted(udp)}
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
