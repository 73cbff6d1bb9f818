# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests to etcd's JSON API, the gateway to gRPC (https://etcd.io/docs/v3.7/dev-guide/api_grpc_gateway/), and to its HTTP pages.

In answers, numbers of 64 bits are texts, and fields with their zero value are missing.
"""

from __future__ import annotations

import http.client
import json
import os
import ssl
import typing as t
import urllib.parse

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import trusted
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError, cause

Object = dict[str, t.Any]


class EtcdUnreachable(HostError):
    """Nobody answers at the endpoint within the time, or the files needed to ask are not there."""


class Answer(t.NamedTuple):
    """``fields`` is None where the answer is no JSON object."""

    status: int
    text: str
    fields: t.Optional[Object]

    @property
    def ok(self) -> bool:
        return self.status < 300 and self.fields is not None

    @property
    def message(self) -> str:
        """Why the member refused."""
        return str((self.fields or {}).get("message") or " ".join(self.text.split())[:200])


class JsonApi:
    """One endpoint; ``files`` are authority, certificate and key on this host, empty for an endpoint without TLS."""

    def __init__(self, url: str, files: tuple[str, str, str], *, timeout: float) -> None:
        self.url = url
        self._files = files
        self._timeout = timeout

    def post(self, path: str, body: Object) -> Answer:
        return _answer(*self._send("POST", path, json.dumps(body).encode()))

    def fields(self, path: str) -> Object:
        """The JSON object at ``/version``; empty if there is none."""
        answer = _answer(*self._send("GET", path, None))
        return (answer.fields or {}) if answer.ok else {}

    def get(self, path: str) -> str:
        """``/health`` or ``/metrics``, whatever the status."""
        return self._send("GET", path, None)[1]

    def _send(self, method: str, path: str, body: t.Optional[bytes]) -> tuple[int, str]:
        connection = self._connection()
        try:
            connection.request(method, path, body=body, headers={"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            raise EtcdUnreachable(f"{self.url} does not answer: {cause(error)}") from error
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        address = urllib.parse.urlsplit(self.url)
        host = address.hostname or ""
        if address.scheme == "https":
            return http.client.HTTPSConnection(host, address.port, timeout=self._timeout, context=self._context())
        return http.client.HTTPConnection(host, address.port, timeout=self._timeout)

    def _context(self) -> ssl.SSLContext:
        ca, cert, key = self._files
        missing = [path for path in self._files if path and not os.path.exists(path)]
        if missing:
            raise EtcdUnreachable(f"{', '.join(missing)}: no such file, so that etcd cannot be asked; a member has these files")
        try:
            context = trusted.context(ca)
            if cert:
                context.load_cert_chain(cert, key)
        except (OSError, ssl.SSLError) as error:
            raise HostError(f"{', '.join(self._files)} cannot be used as authority, certificate and key: {cause(error)}") from error
        return context


def _answer(status: int, text: str) -> Answer:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    return Answer(status, text, found if isinstance(found, dict) else None)
