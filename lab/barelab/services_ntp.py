# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's time server: this machine's clock, which the hosts' kernel shares, over SNTP (RFC 4330).

python -m barelab.services_ntp --address ADDRESS
"""

from __future__ import annotations

import argparse
import socket
import struct
import sys
import time
import typing as t

PORT = 123
# Seconds from 1900, where NTP begins to count, to 1970.
_EPOCH = 2_208_988_800
_PACKET = struct.Struct(">BBbbII4sQQQQ")
_CLIENT, _SERVER = 3, 4
_STRATUM = 8
_PRECISION = -20  # about a microsecond


def timestamp(seconds: float) -> int:
    """A moment as NTP writes it: 32 bits of seconds, 32 of fraction."""
    return int((seconds + _EPOCH) * (1 << 32)) & ((1 << 64) - 1)


def answer(request: bytes, *, received: float, now: t.Callable[[], float]) -> bytes | None:
    """The reply to a client's request; None to anything else."""
    if len(request) < _PACKET.size:
        return None
    first, _stratum, poll, *_rest, transmitted = _PACKET.unpack_from(request)
    version, mode = first >> 3 & 7, first & 7
    if mode != _CLIENT:
        return None
    arrived = timestamp(received)
    return _PACKET.pack(
        version << 3 | _SERVER, _STRATUM, poll, _PRECISION, 0, 1 << 8, b"LOCL", arrived, transmitted, arrived, timestamp(now())
    )


def serve(server: socket.socket) -> t.NoReturn:
    while True:
        request, client = server.recvfrom(1024)
        reply = answer(request, received=time.time(), now=time.time)
        if reply:
            server.sendto(reply, client)


def main(arguments: t.Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m barelab.services_ntp")
    parser.add_argument("--address", required=True)
    options = parser.parse_args(arguments)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((options.address, PORT))
        serve(server)


if __name__ == "__main__":
    sys.exit(main())
