# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks against real sockets, servers and commands. Runs on Python 3.9 too."""

from __future__ import annotations

import pathlib
import socket
import threading
import time
import typing as t

import pytest
from answering import Quiet, served

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import checks
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError


class Answer(Quiet):
    def do_GET(self) -> None:
        status = 200 if self.path == "/healthz" else 503
        self.send_response(status)
        self.end_headers()
        self.wfile.write(b"ok" if status == 200 else b"[-]etcd failed")


@pytest.fixture
def server() -> t.Iterator[str]:
    with served(Answer) as address:
        yield address


def test_http(server: str) -> None:
    assert checks.probe({"http": f"http://{server}/healthz"}) is None
    assert checks.probe({"http": f"http://{server}/healthz", "contains": "ok"}) is None
    assert checks.probe({"http": f"http://{server}/healthz", "contains": "no"}) == "'ok' without 'no'"
    assert checks.probe({"http": f"http://{server}/readyz"}) == "status 503: [-]etcd failed"
    assert checks.probe({"http": f"http://{server}/readyz", "status": 503}) is None


def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert checks.probe({"http": f"http://127.0.0.1:{port}/"}) == "Connection refused"
    assert checks.probe({"tcp": f"127.0.0.1:{port}"}) == "Connection refused"


def test_tcp_and_file(server: str, tmp_path: pathlib.Path) -> None:
    assert checks.probe({"tcp": server}) is None
    assert checks.probe({"file": str(tmp_path)}) is None
    assert checks.probe({"file": str(tmp_path / "x")}) == "no such file"


def test_socket(tmp_path: pathlib.Path) -> None:
    path = str(tmp_path / "s")
    assert checks.probe({"socket": path}) == "No such file or directory"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        assert checks.probe({"socket": path}) == "Connection refused"
        server.listen()
        assert checks.probe({"socket": path}) is None


def test_command() -> None:
    assert checks.probe({"command": ["sh", "-c", "echo $WHO"], "environment": {"WHO": "me"}, "contains": "me"}) is None
    assert checks.probe({"command": ["sh", "-c", "echo no leader >&2; exit 3"]}) == "no leader"
    assert checks.probe({"command": ["no-such-program"]}) == "no-such-program: program not found"
    assert checks.probe({"command": ["sleep", "9"]}, timeout=0.1) == "sleep: did not end within 0 s"


def test_a_wait_ends_as_soon_as_the_fact_is_there(tmp_path: pathlib.Path) -> None:
    threading.Timer(0.3, (tmp_path / "x").write_text, ["x"]).start()
    began = time.monotonic()
    checks.wait({"file": str(tmp_path / "x"), "deadline": 30.0})
    assert time.monotonic() - began < 5


def test_a_missed_deadline_says_what_was_wanted_and_found(tmp_path: pathlib.Path) -> None:
    check = {"file": str(tmp_path / "x"), "deadline": 0.1, "message": "flannel has no lease"}
    with pytest.raises(HostError, match=r"flannel has no lease \(waited 0\.\d s for file .*/x; found: no such file\)"):
        checks.wait(check)


def test_a_hopeless_wait_is_given_up_at_once(tmp_path: pathlib.Path) -> None:
    began = time.monotonic()
    with pytest.raises(HostError, match=r"found: a\.service has failed"):
        checks.wait({"file": str(tmp_path / "x"), "deadline": 60.0}, hopeless=lambda: "a.service has failed")
    assert time.monotonic() - began < 5
