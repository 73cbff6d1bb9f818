# SPDX-License-Identifier: GPL-3.0-or-later
"""A registry in memory, by the OCI distribution specification, as far as skopeo and crane use it; and images for it."""

from __future__ import annotations

import hashlib
import http.server
import json
import re
import threading
import typing as t
import urllib.parse

DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
_DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class Registry:
    """``manifests``: by repository and tag or digest, media type and bytes. ``requests``: method and path of each."""

    def __init__(self, *, login: str = "") -> None:
        self.manifests: dict[tuple[str, str], tuple[str, bytes]] = {}
        self.blobs: dict[str, bytes] = {}
        self.requests: list[tuple[str, str]] = []
        self.login = login
        registry = self

        class Handler(_Handler):
            owner = registry

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.name = f"127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def add(self, reference: str, *, architectures: t.Sequence[str] = ("amd64", "arm64"), content: bytes = b"") -> str:
        """An image for these architectures, in Docker's own media types; its digest."""
        repository, _colon, tag = reference.rpartition(":")
        entries = []
        for architecture in architectures:
            layer = b"\x1f\x8b layer of " + architecture.encode() + content
            config = json.dumps({"architecture": architecture, "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}}).encode()
            parts = [
                {"mediaType": kind, "size": len(one), "digest": digest(one)}
                for kind, one in ((_DOCKER_LAYER, layer), (_DOCKER_CONFIG, config))
            ]
            manifest = json.dumps({"schemaVersion": 2, "mediaType": DOCKER_MANIFEST, "config": parts[1], "layers": parts[:1]}).encode()
            self.blobs.update({digest(layer): layer, digest(config): config})
            self.manifests[repository, digest(manifest)] = (DOCKER_MANIFEST, manifest)
            platform = {"architecture": architecture, "os": "linux"}
            entries.append({"mediaType": DOCKER_MANIFEST, "size": len(manifest), "digest": digest(manifest), "platform": platform})
        index = json.dumps({"schemaVersion": 2, "mediaType": DOCKER_LIST, "manifests": entries}).encode()
        self.manifests[repository, tag] = self.manifests[repository, digest(index)] = (DOCKER_LIST, index)
        return digest(index)

    def digests(self) -> dict[str, str]:
        """By repository and tag, what is offered."""
        return {f"{name}:{tag}": digest(content) for (name, tag), (_kind, content) in self.manifests.items() if ":" not in tag}


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: Registry

    def log_message(self, *arguments: t.Any) -> None:
        pass

    def _answer(self, status: int, content: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _handle(self) -> None:
        body = self._body()
        self.owner.requests.append((self.command, self.path))
        if self.owner.login and self.headers.get("Authorization") != f"Basic {self.owner.login}":
            self._answer(401, WWW_Authenticate='Basic realm="test"')
            return
        parts = urllib.parse.urlsplit(self.path)
        if parts.path == "/v2/":
            self._answer(200)
        elif match := re.fullmatch(r"/v2/(.+)/manifests/([^/]+)", parts.path):
            self._manifest(match[1], match[2], body)
        elif match := re.fullmatch(r"/v2/(.+)/blobs/(sha256:[0-9a-f]+)", parts.path):
            found = self.owner.blobs.get(match[2])
            self._answer(404) if found is None else self._answer(200, found, Docker_Content_Digest=match[2])
        elif match := re.fullmatch(r"/v2/(.+)/blobs/uploads/([0-9]*)", parts.path):
            self._upload(match[1], match[2], urllib.parse.parse_qs(parts.query), body)
        else:
            self._answer(404)

    do_GET = do_HEAD = do_POST = do_PATCH = do_PUT = _handle

    def _manifest(self, repository: str, tag: str, body: bytes) -> None:
        if self.command == "PUT":
            kind = self.headers["Content-Type"]
            self.owner.manifests[repository, tag] = self.owner.manifests[repository, digest(body)] = (kind, body)
            self._answer(201, Docker_Content_Digest=digest(body))
            return
        found = self.owner.manifests.get((repository, tag))
        if found is None:
            self._answer(404, b'{"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}', Content_Type="application/json")
            return
        self._answer(200, found[1], Content_Type=found[0], Docker_Content_Digest=digest(found[1]))

    def _upload(self, repository: str, number: str, query: dict[str, list[str]], body: bytes) -> None:
        """What is uploaded is kept under the number until its digest is told."""
        key = f"upload {number or len(self.owner.requests)}"
        self.owner.blobs[key] = self.owner.blobs.get(key, b"") + body
        if self.command == "PUT":
            content = self.owner.blobs.pop(key)
            if query["digest"] != [digest(content)]:
                self._answer(400)
                return
            self.owner.blobs[digest(content)] = content
            self._answer(201, Docker_Content_Digest=digest(content))
            return
        end = max(0, len(self.owner.blobs[key]) - 1)
        self._answer(202, Location=f"/v2/{repository}/blobs/uploads/{key.split()[1]}", Range=f"0-{end}")
