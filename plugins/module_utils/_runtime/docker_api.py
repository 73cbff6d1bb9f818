# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks a Docker on its socket. Its own client need not be there, or may be another's."""

from __future__ import annotations

import json
import socket
import typing as t


def ask(place: str, path: str, *, timeout: float) -> t.Any:
    """What the Docker at the socket ``place`` answers, read as JSON. ``timeout``: in seconds.

    Raises OSError or http.client.HTTPException if nobody answers, ValueError for an answer that is no success or no JSON.
    """
    # It reads e-mail headers, too, and most looks at a host ask no Docker.
    import http.client

    connection = http.client.HTTPConnection("docker", timeout=timeout)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stream:
        stream.settimeout(timeout)
        stream.connect(place)
        connection.sock = stream
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
    if answer.status != http.client.OK:
        raise ValueError(f"{path}: status {answer.status}")
    return json.loads(body)
