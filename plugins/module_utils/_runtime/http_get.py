# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gets one page of a health endpoint or an API.

Python's http.client reads e-mail headers, too. To import it takes more of the processor than the connection and the page together, and
every look at a node gets one. So this speaks HTTP/1.0: the page ends with the connection and is never in chunks.
"""

from __future__ import annotations

import re
import socket
import time
import typing as t

_ADDRESS = re.compile(r"(https?)://(?:\[([^\]/?#@\s]+)\]|([^:/?#@\s]+))(?::(\d+))?((?:[/?][^#\s]*)?)")
_PORTS = {"http": 80, "https": 443}
# Far more than a page needs.
_LARGEST = 1 << 20


class Tls(t.NamedTuple):
    """Paths; without an authority, those of the host count."""

    ca: t.Optional[str] = None
    cert: t.Optional[str] = None
    key: t.Optional[str] = None


def get(address: str, *, timeout: float, tls: Tls) -> tuple[int, str]:
    """The status and the text of a page. Raises OSError if the connection fails, ValueError if the answer is none of HTTP."""
    match = _ADDRESS.fullmatch(address)
    if match is None:
        raise ValueError(f"{address!r} is not an address of a page")
    scheme, six, name, port, path = match.groups()
    host = six or name
    # As bytes: Python would load its tables of international names for any text.
    encoded: t.Any = host.encode("ascii" if host.isascii() else "idna")
    # Of the whole, because each part of the answer may take its time.
    end = time.monotonic() + timeout
    connection = socket.create_connection((encoded, int(port or _PORTS[scheme])), timeout=timeout)
    try:
        if scheme == "https":
            connection = _encrypted(connection, encoded, tls)
        where = address.partition("://")[2][: -len(path) or None]
        page = path if path.startswith("/") else f"/{path}"
        connection.sendall(f"GET {page} HTTP/1.0\r\nHost: {where}\r\n\r\n".encode())
        return _page(connection, end)
    finally:
        connection.close()


def _encrypted(connection: socket.socket, name: t.Any, tls: Tls) -> socket.socket:
    import ssl  # imported here, because most health endpoints of a host speak HTTP

    context = ssl.create_default_context(cafile=tls.ca)
    context.verify_flags |= 0x80000  # as trusted.py does, which would have to be imported for every check
    if tls.cert:
        context.load_cert_chain(tls.cert, tls.key)
    return context.wrap_socket(connection, server_hostname=name)


def _page(connection: socket.socket, end: float) -> tuple[int, str]:
    received = b""
    while len(received) <= _LARGEST:
        connection.settimeout(max(0.001, end - time.monotonic()))
        part = connection.recv(1 << 16)
        if not part:
            break
        received += part
    head, _blank, body = received.partition(b"\r\n\r\n")
    status = re.match(rb"HTTP/1\.[01] (\d{3})\b", head)
    if status is None:
        raise ValueError(f"no answer of HTTP: {received[:80]!r}" if received else "the connection was closed without an answer")
    length = re.search(rb"(?im)^content-length:[ \t]*(\d+)", head)
    if length and len(body) < min(int(length[1]), _LARGEST - len(head)):
        raise ValueError(f"the answer ends after {len(body)} of {length[1].decode()} bytes")
    return int(status[1]), body[:_LARGEST].decode(errors="replace")
