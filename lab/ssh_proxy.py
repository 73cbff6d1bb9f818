# SPDX-License-Identifier: GPL-3.0-or-later
"""Connects its input and output to a TCP port: ssh's ProxyCommand into the lab's network, started inside it.

usage: ssh_proxy.py ADDRESS PORT [LINE]

LINE is a file that ``lab/lab line`` writes: the milliseconds of a round trip, and the Mbit/s of either direction (0: no limit). It is
read again for each piece of data, so a change holds for connections that are open. Without the file, data pass at once.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from collections.abc import Callable

_CHUNK = 1 << 18
# On a slow line, data go in pieces that take only a part of a second.
_SLOW_CHUNK = 1 << 13
# What is read within so many seconds was there already. It could have left as soon as the line was free, even if this process was late:
# at 10 Mbit/s a piece takes 7 ms, and a busy machine wakes a process some milliseconds late.
_AT_ONCE = 0.002
_LATE = 0.25
# Pieces that are on their way at most. More wait in the pipe, as they would in the buffers of a sender.
_ON_THE_WAY = 1024


class Line:
    """What ``lab/lab line`` has set. It costs one look at the file's metadata for each piece of data."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._seen: tuple[int, int] | None = None
        self.round_trip = 0.0
        self.bandwidth = 0.0

    def look(self) -> bool:
        """Reads the file if it is another one than before. Returns whether the line is slow."""
        try:
            status = os.stat(self._file) if self._file else None
        except FileNotFoundError:
            status = None
        seen = (status.st_ino, status.st_mtime_ns) if status else None
        if seen != self._seen:
            self._seen = seen
            self.round_trip, self.bandwidth = self._read() if seen else (0.0, 0.0)
        return bool(self.round_trip or self.bandwidth)

    def _read(self) -> tuple[float, float]:
        try:
            with open(self._file, encoding="ascii") as file:
                milliseconds, megabits = file.read().split()
        except FileNotFoundError:  # removed since
            return 0.0, 0.0
        return float(milliseconds) / 1e3, float(megabits) * 1e6 / 8


class Direction:
    """One direction of the line. Data leave one after the other at the line's bandwidth, and arrive half a round trip later."""

    def __init__(self, line: Line, write: Callable[[bytes], None]) -> None:
        self._line = line
        self._write = write
        self._free = 0.0
        self._thread: threading.Thread | None = None

    def carry(self, read: Callable[[int], bytes]) -> None:
        """Until the end of what is read. Returns when all of it is written. Raises OSError if one side has gone."""
        size, began = _CHUNK, time.monotonic()
        while data := read(size):
            now = time.monotonic()
            self._free = max(self._free, now - _LATE if now - began < _AT_ONCE else now)
            slow = self._line.look()
            size = _SLOW_CHUNK if self._line.bandwidth else _CHUNK
            # Data that are on their way stay before those that follow.
            if slow or self._thread:
                self._send(data)
            else:
                self._write(data)
            began = time.monotonic()
        if self._thread:
            self._queue.put(None)
            self._thread.join()

    def _send(self, data: bytes) -> None:
        if self._thread is None:
            import queue  # only here, because most connections are fast, and there is one for each command of the lab's tests

            self._queue: queue.Queue[tuple[float, bytes] | None] = queue.Queue(_ON_THE_WAY)
            self._thread = threading.Thread(target=self._arrive, daemon=True)
            self._thread.start()
            self._free = time.monotonic()
        if not self._line.bandwidth:
            self._free = time.monotonic()
        else:
            self._free += len(data) / self._line.bandwidth
        self._queue.put((self._free + self._line.round_trip / 2, data))
        # Nothing else can leave before this has left.
        _sleep_until(self._free)

    def _arrive(self) -> None:
        gone = False
        while (entry := self._queue.get()) is not None:
            due, data = entry
            _sleep_until(due)
            try:
                if not gone:
                    self._write(data)
            except OSError:  # The other direction notices, too. What follows is thrown away, so that nobody waits for room.
                gone = True


def _sleep_until(due: float) -> None:
    time.sleep(max(due - time.monotonic(), 0.0))


def upload(connection: socket.socket, line: Line) -> None:
    """Input to connection, and the end of the input too."""
    try:
        Direction(line, connection.sendall).carry(lambda size: os.read(0, size))
        connection.shutdown(socket.SHUT_WR)
    except OSError:  # the other side has gone, which the other direction notices
        pass


def write_all(data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(1, view) :]


def main(address: str, port: int, file: str = "") -> int:
    try:
        connection = socket.create_connection((address, port), timeout=10)
    except OSError as error:
        print(f"{address} port {port}: {error}", file=sys.stderr)
        return 1
    line = Line(file)
    if line.look():
        time.sleep(line.round_trip)  # of TCP's handshake
    connection.settimeout(None)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # Each direction looks for itself: they are two threads.
    threading.Thread(target=upload, args=(connection, Line(file)), daemon=True).start()
    try:
        Direction(line, write_all).carry(connection.recv)
    except OSError:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:4]))
