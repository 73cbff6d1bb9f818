# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small client of the Kubernetes API: one connection that is kept open, a client certificate, JSON."""

from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
import time
import typing as t
import urllib.parse

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import trusted
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError, cause
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.waiting import last_found

Object = dict[str, t.Any]

APPLY = "application/apply-patch+yaml"  # JSON is valid YAML
_CALL_TIMEOUT = 30.0
# the apiserver asks for another attempt while it starts, sheds load, or etcd elects a leader
COME_AGAIN = (429, 503)
_ATTEMPTS = 6
_PAUSE = 0.5


class ApiUnreachable(HostError):
    """Nobody answers at the API's address, or the files needed to ask are not there."""


class ApiError(HostError):
    """The API refused."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class Resource(t.NamedTuple):
    """The API path of the objects of a kind."""

    base: str
    plural: str
    namespaced: bool

    def path(self, name: str = "", *, namespace: str = "") -> str:
        """The path of an object, or of all objects. Without a namespace, a namespaced object is in ``default``."""
        place = f"/namespaces/{namespace or 'default'}" if self.namespaced else ""
        return f"{self.base}{place}/{self.plural}" + (f"/{urllib.parse.quote(name, safe=':')}" if name else "")


def listed(api: KubeApi, path: str, *, page: int = 500, **query: str) -> t.Iterator[Object]:
    """All objects at a path, ``page`` of them in an answer. Raises as ``KubeApi.request``; status 410 if etcd has forgotten the list."""
    following: dict[str, str] = {}
    while True:
        answer = api.request("GET", f"{path}?{urllib.parse.urlencode({'limit': str(page), **query, **following})}")
        yield from answer["items"]
        token = answer["metadata"].get("continue")
        if not token:
            return
        following = {"continue": token}


class KubeApi:
    """The API of one server, as the holder of a client certificate; ``ca``, ``cert`` and ``key`` are paths on this host.

    ``accept`` is in which form objects are answered, such as their metadata alone.
    """

    def __init__(self, *, server: str, ca: str, cert: str, key: str, accept: str = "") -> None:
        self.server = server.rstrip("/")
        self._accept = accept or "application/json"
        self._files = {"ca": ca, "cert": cert, "key": key}
        self._kept: t.Optional[http.client.HTTPSConnection] = None
        self._groups: dict[str, dict[str, Resource]] = {}

    def request(self, method: str, path: str, *, body: t.Optional[Object] = None, content: str = "", **query: str) -> Object:
        """Returns the object in the answer. Raises ApiError if the API refuses, ApiUnreachable if there is no answer."""
        path += f"?{urllib.parse.urlencode(query)}" if query else ""
        return _object(self._patiently(method, path, body, content), method, path)

    def request_once(self, method: str, path: str, *, body: Object) -> Object:
        """As ``request``, but an API that asks for another attempt has refused: the caller has more to ask meanwhile."""
        return _object(self._send(method, path, body, ""), method, path)

    def find(self, path: str, **query: str) -> t.Optional[Object]:
        """The object at the path, or None."""
        try:
            return self.request("GET", path, body=None, content="", **query)
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def text(self, path: str) -> tuple[int, str]:
        """Status and text of a page that is not an object, such as ``/readyz``; one attempt."""
        return self._send("GET", path, None, "")

    def lines(self, path: str) -> t.Iterator[str]:
        """The lines of a page that may be large, such as ``/metrics``, one after the other; one attempt, by a connection of its own."""
        connection = self._connect()
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            if answer.status >= 300:
                text = answer.read().decode(errors="replace")
                raise ApiError(_refusal(answer.status, text, "GET", path), status=answer.status)
            for line in answer:
                yield line.decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            raise ApiUnreachable(f"{self.server} does not answer: {cause(error)}") from error
        finally:
            connection.close()

    def locate(self, api_version: str, kind: str) -> t.Optional[Resource]:
        """The API path of the objects of a kind; None if the server does not have the kind (yet)."""
        if kind not in self._groups.get(api_version, {}):
            base = f"/api/{api_version}" if "/" not in api_version else f"/apis/{api_version}"
            found = self.find(base) or {"resources": []}
            self._groups[api_version] = {
                entry["kind"]: Resource(base, entry["name"], entry["namespaced"])
                for entry in found["resources"]
                if "/" not in entry["name"]
            }
        return self._groups[api_version].get(kind)

    def not_ready(self, *, deadline: float) -> str:
        """Waits until the server is ready. Returns an empty text, or at the deadline why the server is not ready."""
        return last_found(self._readiness, deadline=deadline, pause=_PAUSE)

    def _readiness(self) -> str:
        try:
            status, text = self.text("/readyz?verbose")
        except ApiUnreachable as error:
            return error.message
        if status == 200:
            return ""
        failed = [line for line in text.splitlines() if line.startswith("[-]")]
        return f"{self.server}/readyz answers {status}: {'; '.join(failed) or ' '.join(text.split())[:200]}"

    def _patiently(self, method: str, path: str, body: t.Optional[Object], content: str) -> tuple[int, str]:
        for _attempt in range(_ATTEMPTS):
            status, text = self._send(method, path, body, content)
            if status not in COME_AGAIN:
                break
            time.sleep(_PAUSE)
        return status, text

    def _send(self, method: str, path: str, body: t.Optional[Object], content: str) -> tuple[int, str]:
        payload = None if body is None else json.dumps(body).encode()
        headers = {"Accept": self._accept, "Content-Type": content or "application/json"}
        for fresh in (False, True):
            if fresh or self._kept is None:
                self._kept = self._connect()
            try:
                self._kept.request(method, path, body=payload, headers=headers)
                answer = self._kept.getresponse()
                return answer.status, answer.read().decode(errors="replace")
            except (OSError, http.client.HTTPException) as error:
                # the server may have closed the open connection; every request here may be repeated
                self._kept.close()
                # Until Python 3.10, a socket's timeout is no TimeoutError.
                hopeless = (ConnectionRefusedError, ssl.SSLError, TimeoutError, socket.timeout)
                if fresh or isinstance(error, hopeless):
                    self._kept = None
                    raise ApiUnreachable(f"{self.server} does not answer: {cause(error)}") from error
        raise AssertionError("the second attempt neither returned nor failed")

    def _connect(self) -> http.client.HTTPSConnection:
        missing = [path for path in self._files.values() if not os.path.exists(path)]
        if missing:
            raise ApiUnreachable(f"{', '.join(missing)}: no such file, so {self.server} cannot be asked; a master has these files")
        try:
            context = trusted.context(self._files["ca"])
            context.load_cert_chain(self._files["cert"], self._files["key"])
        except (OSError, ssl.SSLError) as error:
            raise HostError(
                f"{', '.join(self._files.values())} cannot be used as authority, certificate and key: {cause(error)}"
            ) from error
        address = urllib.parse.urlsplit(self.server)
        return http.client.HTTPSConnection(address.hostname or "", address.port, timeout=_CALL_TIMEOUT, context=context)


def _object(answer: tuple[int, str], method: str, path: str) -> Object:
    status, text = answer
    if status >= 300:
        raise ApiError(_refusal(status, text, method, path), status=status)
    found: Object = json.loads(text)
    if found.get("items", ()) is None:
        # kube-apiserver 1.37.1 answers null, and not [], where a list of metadata alone has no objects
        found["items"] = []
    return found


# What an apiserver says of etcd's alarm NOSPACE tells nobody what to do.
_FULL = "(etcd is full and takes no writes: run playbooks/etcd.yml, which says how to make room)"


def _refusal(status: int, text: str, method: str, path: str) -> str:
    try:
        answer = json.loads(text)
        message = answer.get("message") if isinstance(answer, dict) else None
        causes = ((answer.get("details") or {}).get("causes") or []) if message else []
    except ValueError:
        message, causes = None, []
    if message:
        # the causes name the budget that refuses an eviction
        told = [cause["message"] for cause in causes if cause.get("message") and cause["message"] not in message]
        return " ".join([message, *told, *([_FULL] if "database space exceeded" in message else [])])
    return f"{method} {path}: status {status}: {' '.join(text.split())[:300]}"
