# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that answer as a test tells them. Runs on Python 3.9 too."""

from __future__ import annotations

import contextlib
import http.server
import json
import threading
import typing as t


class Quiet(http.server.BaseHTTPRequestHandler):
    """Tells nobody what it was asked."""

    def answer(self, body: object, *, status: int = 200) -> None:
        """In JSON."""
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_arguments: object) -> None:
        pass


@contextlib.contextmanager
def served(handler: type[Quiet]) -> t.Iterator[str]:
    """A server on a port of its own, as long as the block runs: its host and port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
