# SPDX-License-Identifier: GPL-3.0-or-later
"""The service under test: a small HTTP server that reads its file at the start, and again when it is told to reload.

It refuses to start with a broken file, and is ill (503) when the file says so. It runs on the host.
"""

from __future__ import annotations

import atexit
import http.server
import json
import signal
import sys

settings: dict = {}


def read(*_arguments: object) -> None:
    with open("/etc/hello.json", encoding="utf-8") as stream:
        settings.update(json.load(stream))


class Hello(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(503 if settings.get("ill") else 200)
        self.end_headers()
        self.wfile.write(settings["word"].encode())


# The last words of a careless program. They are put together here, because Ansible shows the source of a failed task.
atexit.register(print, "-----BEGIN EC", "PRIVATE-KEY-----".replace("-", " ", 1), file=sys.stderr, flush=True)
read()
signal.signal(signal.SIGHUP, read)
http.server.ThreadingHTTPServer(("127.0.0.1", 8088), Hello).serve_forever()
