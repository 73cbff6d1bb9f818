# SPDX-License-Identifier: GPL-3.0-or-later
"""A slow line between ssh and a host: the proxy waits as long as such a line would, and loses and mixes up nothing."""

from __future__ import annotations

import pathlib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from barelab import line, ssh, state
from barelab.line import Line

pytestmark = pytest.mark.slow
PROXY = pathlib.Path(ssh.__file__).parents[1] / "ssh_proxy.py"


@pytest.fixture
def file(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.setattr(line, "FILE", tmp_path / "line")
    return tmp_path / "line"


@pytest.fixture
def port() -> Iterator[int]:
    """Of a server that sends back what it receives, at once."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_echo, args=(server,))
        thread.start()
        yield server.getsockname()[1]
        thread.join()


def _echo(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        while data := connection.recv(65536):
            connection.sendall(data)


class Client:
    """What ssh is to the proxy."""

    def __init__(self, port: int, file: pathlib.Path) -> None:
        command = [sys.executable, "-IS", str(PROXY), "127.0.0.1", str(port), str(file)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)

    def round_trip(self, data: bytes) -> float:
        """Seconds until all of it has come back."""
        assert self.process.stdin and self.process.stdout
        started = time.monotonic()
        writer = threading.Thread(target=self._write, args=(data,))
        writer.start()
        received = b""
        while len(received) < len(data) and (chunk := self.process.stdout.read(65536)):
            received += chunk
        writer.join()
        assert received == data
        return time.monotonic() - started

    def _write(self, data: bytes) -> None:
        assert self.process.stdin
        view = memoryview(data)
        while view:
            view = view[self.process.stdin.write(view) :]

    def end(self) -> int:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.close()
        self.process.stdout.close()
        return self.process.wait(timeout=30)


def test_a_round_trip_takes_its_time_and_not_twice_that(port: int, file: pathlib.Path) -> None:
    line.save(Line(round_trip=300))
    client = Client(port, file)
    client.round_trip(b"the first one waits for the connection, too")
    # The shortest of several: other work on the machine only makes it longer.
    assert 0.3 <= min(client.round_trip(b"x" * 100_000) for _attempt in range(3)) < 0.55
    assert client.end() == 0


def test_the_bandwidth_is_that_of_a_line(port: int, file: pathlib.Path) -> None:
    line.save(Line(bandwidth=8))
    client = Client(port, file)
    sent = bytes(range(256)) * 2000
    client.round_trip(b"the first one waits for the connection, too")
    # 512 KB at 1 MB a second, both directions at once; the shortest of several, for the same reason
    assert 0.5 <= min(client.round_trip(sent) for _attempt in range(3)) < 0.8
    assert client.end() == 0


def test_a_change_holds_for_open_connections(port: int, file: pathlib.Path) -> None:
    client = Client(port, file)
    client.round_trip(b"fast")
    line.save(Line(round_trip=400))
    assert client.round_trip(b"slow") >= 0.4
    line.save(line.FAST)
    assert not file.exists()
    # the shortest of several, for the same reason
    assert min(client.round_trip(b"fast again") for _attempt in range(5)) < 0.4
    assert client.end() == 0


def test_what_is_on_its_way_arrives_before_the_end(port: int, file: pathlib.Path) -> None:
    line.save(Line(round_trip=200, bandwidth=100))
    sent = bytes(range(256)) * 400
    command = [sys.executable, "-IS", str(PROXY), "127.0.0.1", str(port), str(file)]
    done = subprocess.run(command, input=sent, capture_output=True, check=True, timeout=30)
    assert done.stdout == sent


def test_the_setting_is_read_back(file: pathlib.Path) -> None:
    assert line.load() == line.FAST
    line.save(Line(round_trip=100, bandwidth=2.5))
    assert line.load() == Line(round_trip=100, bandwidth=2.5)
    assert str(line.load()) == "100 ms of round trip, 2.5 Mbit/s"


def test_it_is_gone_with_the_lab() -> None:
    """lab/lab up and down remove what is in this folder."""
    assert line.FILE.parent == state.DIRECTORY
