# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks the API ten times a second, each time on a connection of its own, and writes ConfigMaps, until its standard input ends.

Then it prints what became of every request. A program of the standard library: it runs on the controller's side of the lab's network
and on hosts alike. One argument, JSON: ``server``, ``ca``, ``cert`` and ``key`` or a ``token``, the ``path`` to read, ``fields`` of the
status there that are recorded, if any, and, to write too, a ``namespace``. A server of ``http`` needs nothing but the path. It reads its
files again for each request, as clients do that are to survive a new authority.
"""

from __future__ import annotations

import http.client
import json
import pathlib
import ssl
import sys
import threading
import time
import typing as t
import urllib.parse

PERIOD = 0.1
READ_TIMEOUT = 5.0
WRITE_TIMEOUT = 5.0

Record = dict[str, t.Any]


class Probe:
    """All requests of one run, with the moments they began and ended (seconds since the epoch)."""

    def __init__(self, options: dict[str, t.Any]) -> None:
        self._options = options
        address = urllib.parse.urlsplit(options["server"])
        self._secure = address.scheme == "https"
        self._address = (address.hostname or "", address.port or 443)
        self._ended = threading.Event()
        self.reads: list[Record] = []
        self.writes: list[Record] = []

    def run(self) -> None:
        """Until standard input ends, and every request that was begun by then."""
        workers = [threading.Thread(target=self._read_all)]
        if self._options.get("namespace"):
            workers.append(threading.Thread(target=self._write_all))
        for worker in workers:
            worker.start()
        sys.stdin.read()
        self._ended.set()
        for worker in workers:
            worker.join()

    def _read_all(self) -> None:
        """On time: a request that hangs delays no other."""
        begun: list[threading.Thread] = []
        while not self._ended.wait(PERIOD):
            reader = threading.Thread(target=self._record, args=(self.reads, "GET", self._options["path"], None, READ_TIMEOUT))
            reader.start()
            begun = [thread for thread in begun if thread.is_alive()] + [reader]
        for reader in begun:
            reader.join()

    def _write_all(self) -> None:
        """One after the other; what failed may have been written or not, so its name is not used again."""
        path = f"/api/v1/namespaces/{self._options['namespace']}/configmaps"
        number = 0
        while not self._ended.wait(PERIOD):
            number += 1
            name = f"written-{int(time.time())}-{number}"
            body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"number": str(number)}}
            self._record(self.writes, "POST", path, body, WRITE_TIMEOUT, name=name)

    def _record(self, records: list[Record], method: str, path: str, body: Record | None, timeout: float, **more: t.Any) -> None:
        began = time.time()
        fault, text = self._ask(method, path, body, timeout)
        if fault is None and method == "GET" and self._options.get("fields"):
            found = json.loads(text)["status"]
            more = {**more, **{name: found.get(name) for name in self._options["fields"]}}
        records.append({"began": began, "ended": time.time(), "fault": fault, **more})

    def _ask(self, method: str, path: str, body: Record | None, timeout: float) -> tuple[str | None, str]:
        headers = {"Content-Type": "application/json"}
        if "token" in self._options:
            headers["Authorization"] = f"Bearer {pathlib.Path(self._options['token']).read_text(encoding='ascii')}"
        connection = self._connection(timeout)
        try:
            payload = None if body is None else json.dumps(body)
            connection.request(method, path, body=payload, headers=headers)
            answer = connection.getresponse()
            text = answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            return str(error) or type(error).__name__, ""
        finally:
            connection.close()
        return None if answer.status in (200, 201) else f"status {answer.status}: {text[:200]}", text

    def _connection(self, timeout: float) -> http.client.HTTPConnection:
        if not self._secure:
            return http.client.HTTPConnection(*self._address, timeout=timeout)
        context = ssl.create_default_context(cafile=self._options["ca"])
        if "token" not in self._options:
            context.load_cert_chain(self._options["cert"], self._options["key"])
        return http.client.HTTPSConnection(*self._address, timeout=timeout, context=context)


def main() -> None:
    probe = Probe(json.loads(sys.argv[1]))
    probe.run()
    json.dump({"reads": probe.reads, "writes": probe.writes}, sys.stdout)


if __name__ == "__main__":
    main()
