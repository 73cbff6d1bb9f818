# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's mirror: files of one folder over HTTP, with ranges, because downloads resume.

python -m barelab.mirror --folder FOLDER --address ADDRESS --port PORT
"""

from __future__ import annotations

import argparse
import dataclasses
import email.utils
import http.server
import os
import pathlib
import re
import stat
import sys
import typing as t
import urllib.parse


@dataclasses.dataclass(frozen=True)
class Span:
    """Bytes first to last, of a file of ``size`` bytes."""

    first: int
    last: int
    size: int

    @property
    def length(self) -> int:
        return self.last - self.first + 1


class UnsatisfiableError(ValueError):
    """The range lies outside the file."""


def parse_range(header: str | None, *, size: int) -> Span | None:
    """The one range that is asked for; None where the whole file is to be sent."""
    match = re.fullmatch(r"\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*", header or "")
    if not match or not (match[1] or match[2]):
        return None  # several ranges, or another unit: a server may always send the whole
    if not match[1]:
        first, last = max(0, size - int(match[2])), size - 1
        if int(match[2]) == 0:
            raise UnsatisfiableError
    else:
        first, last = int(match[1]), min(int(match[2] or size - 1), size - 1)
        if match[2] and int(match[2]) < first:
            return None
    if first >= size:
        raise UnsatisfiableError
    return Span(first=first, last=last, size=size)


class Handler(http.server.BaseHTTPRequestHandler):
    """GET and HEAD of files below the server's folder. Symbolic links in it are followed: the folder is made of them."""

    protocol_version = "HTTP/1.1"
    server_version = "barehost-lab"
    server: Server

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def _answer(self, *, body: bool) -> None:
        path = self._file()
        try:
            handle = path.open("rb") if path else None
        except OSError:
            handle = None
        if handle is None:
            self._refuse(404, f"the lab's mirror has no {self.path}\n")
            return
        with handle:
            information = os.fstat(handle.fileno())
            if not stat.S_ISREG(information.st_mode):
                self._refuse(404, f"{self.path} is not a file\n")
                return
            self._send(handle, information, body=body)

    def _send(self, handle: t.BinaryIO, information: os.stat_result, *, body: bool) -> None:
        tag = f'"{information.st_mtime_ns:x}-{information.st_size:x}"'
        asked = self.headers.get("Range")
        if self.headers.get("If-Range", tag) not in (tag, self._modified(information)):
            asked = None  # a part of another file than the client has begun with
        try:
            span = parse_range(asked, size=information.st_size)
        except UnsatisfiableError:
            self._refuse(416, "", extra={"Content-Range": f"bytes */{information.st_size}"})
            return
        self.send_response(206 if span else 200)
        if span:
            self.send_header("Content-Range", f"bytes {span.first}-{span.last}/{span.size}")
        first, length = (span.first, span.length) if span else (0, information.st_size)
        self.send_header("Content-Length", str(length))
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("ETag", tag)
        self.send_header("Last-Modified", self._modified(information))
        self.end_headers()
        if body and length:
            self.wfile.flush()
            self.connection.sendfile(handle, offset=first, count=length)

    @staticmethod
    def _modified(information: os.stat_result) -> str:
        return email.utils.formatdate(information.st_mtime, usegmt=True)

    def _refuse(self, status: int, text: str, *, extra: t.Mapping[str, str] | None = None) -> None:
        data = text.encode()
        self.send_response(status)
        for name, value in (extra or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _file(self) -> pathlib.Path | None:
        path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path)
        parts = [part for part in path.split("/") if part not in ("", ".")]
        if ".." in parts or "\0" in path:
            return None
        return self.server.folder.joinpath(*parts)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    # Every host asks for everything at once.
    request_queue_size = 128

    def __init__(self, *, address: tuple[str, int], folder: pathlib.Path) -> None:
        self.folder = folder
        super().__init__(address, Handler)


def main(arguments: t.Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m barelab.mirror")
    parser.add_argument("--folder", type=pathlib.Path, required=True)
    parser.add_argument("--address", required=True)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args(arguments)
    Server(address=(options.address, options.port), folder=options.folder).serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
