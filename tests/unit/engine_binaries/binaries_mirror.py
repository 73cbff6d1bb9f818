# SPDX-License-Identifier: GPL-3.0-or-later
"""A mirror that can misbehave, and what it serves."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import io
import re
import ssl
import tarfile
import threading
import typing as t


class Refusal(t.NamedTuple):
    """A fault with headers and a body of its own."""

    status: int
    headers: dict[str, str]
    body: bytes


class Mirror:
    """Serves ``files``; ``faults`` holds, for a path, what goes wrong with its next answers, in order."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.files: dict[str, bytes] = {}
        self.faults: dict[str, list[t.Any]] = {}
        self.requests: list[tuple[str, str | None]] = []
        self.barrier: threading.Barrier | None = None
        mirror = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                mirror.requests.append((self.path, self.headers.get("Range")))
                if mirror.barrier is not None:
                    mirror.barrier.wait(timeout=10)
                mirror.answer(self)

            def log_message(self, *arguments: t.Any) -> None:
                pass

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, *arguments: t.Any) -> None:
                """A client that went away is part of some tests."""

        self.server = Server(("127.0.0.1", 0), Handler)
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def answer(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        pending = self.faults.get(handler.path) or [None]
        fault = pending.pop(0)
        content = self.files.get(handler.path)
        if isinstance(fault, Refusal):
            self.refuse(handler, fault)
            return
        if isinstance(fault, int) or content is None:
            handler.send_error(fault or 404)
            return
        match = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", ""))
        start = int(match.group(1)) if match and fault != "ignore-range" else 0
        if start and start >= len(content):
            handler.send_response(416)
            handler.send_header("Content-Range", f"bytes */{len(content)}")
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        body = content[start:]
        handler.send_response(206 if start else 200)
        if start:
            claimed = start + 1 if fault == "wrong-range" else start
            handler.send_header("Content-Range", f"bytes {claimed}-{len(content) - 1}/{len(content)}")
        if fault != "no-length":
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body[: len(body) // 2] if fault == "truncate" else body)

    @staticmethod
    def refuse(handler: http.server.BaseHTTPRequestHandler, refusal: Refusal) -> None:
        handler.send_response(refusal.status)
        for name, value in {**refusal.headers, "Content-Length": str(len(refusal.body))}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(refusal.body)

    def ranges(self, path: str) -> list[str | None]:
        return [wanted for asked, wanted in self.requests if asked == path]


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def archive(**members: bytes) -> bytes:
    """A .tar.gz with regular files; "__" in a name stands for "/"."""
    buffer = io.BytesIO()
    # Without a time in it, the same members are the same archive.
    with gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0) as packed, tarfile.open(fileobj=packed, mode="w") as tar:
        for name, content in members.items():
            entry = tarfile.TarInfo(name.replace("__", "/"))
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
