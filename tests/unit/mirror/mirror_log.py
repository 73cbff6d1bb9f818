# SPDX-License-Identifier: GPL-3.0-or-later
"""A transparency log in memory, as far as cosign asks Rekor: https://github.com/sigstore/rekor/blob/main/openapi.yaml

Each entry is alone in its log, so that its proof needs no other one.
"""

from __future__ import annotations

import base64
import hashlib
import http.server
import json
import threading
import typing as t

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

_EC = ec.ECDSA(hashes.SHA256())
_HOST = "127.0.0.1"
# As Rekor names its trees, in its first version.
_ORIGIN = f"{_HOST} - 1"


class Log:
    """``url``: where it answers; ``requests``: how often it was asked."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.public_key = self._key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        der = self._key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        self._identity = hashlib.sha256(der).digest()
        self._entries: dict[str, dict[str, t.Any]] = {}
        self.requests = 0
        log = self

        class Handler(_Handler):
            owner = log

        self._server = http.server.ThreadingHTTPServer((_HOST, 0), Handler)
        self.url = f"http://{_HOST}:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def add(self, content: bytes, signature: str, certificate: bytes, *, at: int) -> dict[str, object]:
        """Has the signature of this content since then (seconds since 1970); what is beside the signature of an image."""
        body = {
            "apiVersion": "0.0.1",
            "kind": "hashedrekord",
            "spec": {
                "data": {"hash": {"algorithm": "sha256", "value": hashlib.sha256(content).hexdigest()}},
                "signature": {"content": signature, "publicKey": {"content": base64.b64encode(certificate).decode()}},
            },
        }
        raw = _canonical(body)
        entry = {"body": base64.b64encode(raw).decode(), "integratedTime": at, "logID": self._identity.hex(), "logIndex": 0}
        promise = base64.b64encode(self._key.sign(_canonical(entry), _EC)).decode()
        leaf = hashlib.sha256(b"\0" + raw).digest()
        proof = {"checkpoint": self._checkpoint(leaf), "hashes": [], "logIndex": 0, "rootHash": leaf.hex(), "treeSize": 1}
        told = {leaf.hex(): {**entry, "verification": {"inclusionProof": proof, "signedEntryTimestamp": promise}}}
        self._entries[signature] = told
        return {"SignedEntryTimestamp": promise, "Payload": entry}

    def _checkpoint(self, root: bytes) -> str:
        """https://github.com/transparency-dev/formats/tree/main/log"""
        text = f"{_ORIGIN}\n1\n{base64.b64encode(root).decode()}\n"
        signature = base64.b64encode(self._identity[:4] + self._key.sign(text.encode(), _EC)).decode()
        return f"{text}\n— {_HOST} {signature}\n"

    def found(self, asked: dict[str, t.Any]) -> list[dict[str, t.Any]]:
        """The entries of these signatures."""
        signatures = [entry["spec"]["signature"]["content"] for entry in asked["entries"]]
        return [self._entries[signature] for signature in signatures if signature in self._entries]


class _Handler(http.server.BaseHTTPRequestHandler):
    owner: Log

    def do_POST(self) -> None:
        self.owner.requests += 1
        found = self.owner.found(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        content = json.dumps(found).encode()
        self.send_response(200 if self.path == "/api/v1/log/entries/retrieve" else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: t.Any) -> None:
        pass


def _canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
