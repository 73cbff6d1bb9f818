# SPDX-License-Identifier: GPL-3.0-or-later
"""Apiservers that answer questions about their health as a test tells them."""

from __future__ import annotations

import http.server
import pathlib
import ssl
import threading
import time

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import certs, issuing


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_arguments: object) -> None:
        """Clients that do not trust it are meant."""


class Apiserver:
    """One on a port of its own; ``answers`` has the status of each path."""

    def __init__(self, certificate: pathlib.Path) -> None:
        outer = self
        self.answers = {"/readyz": 200, "/livez": 200, "/livez?exclude=etcd": 200}

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.send_response(outer.answers.get(self.path, 404))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                pass

        self._server = _Server(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.name = f"127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def is_ready(self, ready: bool) -> None:
        self.answers["/readyz"] = 200 if ready else 500

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def write_certificates(folder: pathlib.Path) -> None:
    """ca.crt; beside it the certificate and key of an apiserver (server.pem), and one that has another name (stranger.pem)."""
    key, now = certs.new_key(), time.time()
    root = issuing.make_authority("kubernetes", key, now)
    for file, name in (("server.pem", "kubernetes"), ("stranger.pem", "elsewhere")):
        own = certs.new_key()
        item = {"name": name, "common_name": name, "dns": [name], "usages": ["server"], "days": 1, "renew_before_days": 0}
        leaf = issuing.make_leaf(item, own.public_key(), authority=root, authority_key=key, now=now)
        (folder / file).write_text(certs.pem(leaf) + certs.private_pem(own))
    (folder / "ca.crt").write_text(certs.pem(root))
