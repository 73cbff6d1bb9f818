# SPDX-License-Identifier: GPL-3.0-or-later
"""Tries ports of other hosts, and prints those that are open.

A program of the standard library that runs where the packets are to come from. Its standard input is
``{address: {"tcp": [port, …], "udp": […]}}``, its standard output the same with the ports that are open.
"""

from __future__ import annotations

import contextlib
import errno
import json
import resource
import select
import socket
import sys
import time
import typing as t

# Longer than a kernel waits before it sends the first packet of a connection again.
SECONDS = 2.5
AT_ONCE = 8000
# Hosts refuse by a message, of which a kernel sends few a second. What stays silent is asked again.
ATTEMPTS = 3
Port = tuple[str, int]


def accepting(asked: list[Port]) -> list[Port]:
    """The TCP ports that take a connection."""
    found = []
    for first in range(0, len(asked), AT_ONCE):
        found += _accepting_at_once(asked[first : first + AT_ONCE])
    return found


def _accepting_at_once(asked: list[Port]) -> list[Port]:
    found = []
    with contextlib.ExitStack() as opened:
        poll, waiting = select.poll(), {}
        for place in asked:
            connection = opened.enter_context(socket.socket())
            connection.setblocking(False)
            # what is refused at once says so, too, when it is asked for its error
            connection.connect_ex(place)
            waiting[connection.fileno()] = (connection, place)
            poll.register(connection, select.POLLOUT)
        for number in _ready(poll, waiting):
            connection, place = waiting[number]
            if connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0 and _is_connected(connection):
                found.append(place)
    return found


def _ready(poll: select.poll, waiting: dict[int, tuple[socket.socket, Port]]) -> list[int]:
    """Those that answer in time."""
    ready: list[int] = []
    end = time.monotonic() + SECONDS
    while len(ready) < len(waiting) and (left := end - time.monotonic()) > 0:
        for number, _event in poll.poll(left * 1000):
            ready.append(number)
            poll.unregister(number)
    return ready


def _is_connected(connection: socket.socket) -> bool:
    try:
        connection.getpeername()
    except OSError:
        return False
    return True


def let_in(asked: list[Port]) -> list[Port]:
    """The UDP ports whose packets get past the firewall: no answer, or one of the host itself that nobody listens."""
    with contextlib.ExitStack() as opened:
        silent = {}
        for place in asked:
            silent[place] = opened.enter_context(socket.socket(type=socket.SOCK_DGRAM))
            silent[place].connect(place)
            silent[place].setblocking(False)
        refused: set[Port] = set()
        for _attempt in range(ATTEMPTS):
            # an answer that comes late is told to whoever uses the socket next
            refused |= {place for place, sender in silent.items() if _is_refused(lambda sender=sender: sender.send(b"\0"))}
            time.sleep(SECONDS / ATTEMPTS)
            refused |= {place for place, sender in silent.items() if _is_refused(lambda sender=sender: sender.recv(1))}
        return [place for place in asked if place not in refused]


def _is_refused(use: t.Callable[[], object]) -> bool:
    try:
        use()
    except BlockingIOError:
        return False
    except OSError as error:
        return error.errno != errno.ECONNREFUSED
    return False


def main() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (AT_ONCE + 100, AT_ONCE + 100))
    asked = json.load(sys.stdin)
    udp = let_in([(address, port) for address, ports in asked.items() for port in ports["udp"]])
    tcp = accepting([(address, port) for address, ports in asked.items() for port in ports["tcp"]])
    found = {
        address: {
            "tcp": sorted(port for host, port in tcp if host == address),
            "udp": sorted(port for host, port in udp if host == address),
        }
        for address in asked
    }
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
