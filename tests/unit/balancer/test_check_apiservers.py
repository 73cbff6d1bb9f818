# SPDX-License-Identifier: GPL-3.0-or-later
"""The program that tells Nginx which apiservers are ready, before servers that answer /readyz as they are told; systemctl is a stand-in."""

from __future__ import annotations

import collections.abc as c
import json
import os
import pathlib
import subprocess
import sys
import time

import pytest
from apiserver_stand_in import Apiserver, write_certificates

from ansible_collections.barehost.kubernetes.roles.balancer.files.check_apiservers import Settings

pytestmark = pytest.mark.slow
PROGRAM = pathlib.Path(__file__).parents[3] / "roles" / "balancer" / "files" / "check_apiservers.py"
DEADLINE = 20.0


@pytest.fixture
def authority(tmp_path: pathlib.Path) -> pathlib.Path:
    write_certificates(tmp_path)
    return tmp_path / "ca.crt"


@pytest.fixture
def apiservers(authority: pathlib.Path) -> c.Iterator[list[Apiserver]]:
    servers = [Apiserver(authority.with_name("server.pem")) for _number in range(3)]
    yield servers
    for server in servers:
        server.stop()


class Checks:
    """The program, what it lists, and how often it had Nginx read that."""

    def __init__(self, folder: pathlib.Path, names: list[str], *, quiet: float) -> None:
        settings = {"servers": names, "ca": str(folder / "ca.crt"), "unit": "nginx.service", "interval": 0.1, "quiet": quiet}
        (folder / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
        (folder / "systemctl").write_text(f'#!/bin/sh\necho "$@" >> {folder}/calls\ntest ! -e {folder}/broken\n', encoding="utf-8")
        (folder / "systemctl").chmod(0o755)
        self._folder = folder
        surroundings = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "RUNTIME_DIRECTORY": str(folder)}
        with (folder / "journal").open("wb") as journal:
            self.process = subprocess.Popen([sys.executable, str(PROGRAM), str(folder / "settings.json")], env=surroundings, stdout=journal)

    def listed(self) -> list[str]:
        lines = (self._folder / "ready.conf").read_text(encoding="utf-8").splitlines()
        assert all(line.startswith("server ") and line.endswith(" max_fails=1 fail_timeout=5s;") for line in lines)
        return [line.split()[1] for line in lines]

    def reloads(self) -> int:
        lines = (self._folder / "calls").read_text(encoding="utf-8").splitlines()
        # none where the shell has only made the file
        assert set(lines) <= {"try-reload-or-restart nginx.service"}
        return len(lines)

    def lists(self, *servers: Apiserver, reloads: int) -> None:
        """Waits until that is so, and Nginx has been told."""
        wanted = [server.name for server in servers]
        self._wait(lambda: (self._folder / "calls").exists() and self.listed() == wanted and self.reloads() >= reloads, f"{wanted}")
        assert self.reloads() == reloads

    def says(self, line: str, *, times: int) -> None:
        journal = self._folder / "journal"
        self._wait(lambda: journal.read_text(encoding="utf-8").splitlines().count(line) == times, f"{times} × {line}")

    def _wait(self, reached: c.Callable[[], bool], wanted: str) -> None:
        end = time.monotonic() + DEADLINE
        while not reached():
            assert self.process.poll() is None, "the program has ended"
            assert time.monotonic() < end, f"wanted {wanted}"
            time.sleep(0.02)


@pytest.fixture
def start(tmp_path: pathlib.Path) -> c.Iterator[c.Callable[..., Checks]]:
    begun: list[Checks] = []

    def begin(servers: list[Apiserver], *, quiet: float = Settings.quiet) -> Checks:
        begun.append(Checks(tmp_path, [server.name for server in servers], quiet=quiet))
        return begun[-1]

    yield begin
    for checks in begun:
        checks.process.kill()
        checks.process.wait()


def test_an_apiserver_comes_back_after_30_seconds_at_the_latest() -> None:
    assert Settings.quiet == 30.0


def test_who_is_not_ready_is_left_out_at_once(start: c.Callable[..., Checks], apiservers: list[Apiserver]) -> None:
    one, two, three = apiservers
    checks = start(apiservers)
    checks.lists(one, two, three, reloads=1)
    two.is_ready(False)
    checks.lists(one, three, reloads=2)
    three.stop()
    checks.lists(one, reloads=3)
    one.is_ready(False)
    checks.lists(reloads=4)
    one.is_ready(True)
    checks.lists(one, reloads=5)


def test_who_comes_back_soon_after_a_reload_waits(start: c.Callable[..., Checks], apiservers: list[Apiserver]) -> None:
    one, two, three = apiservers
    checks = start(apiservers)
    checks.lists(one, two, three, reloads=1)
    two.is_ready(False)
    checks.lists(one, three, reloads=2)
    two.is_ready(True)
    checks.says(f"{two.name} is ready", times=2)
    checks.lists(one, three, reloads=2)
    three.is_ready(False)
    checks.lists(one, two, reloads=3)


def test_who_comes_back_is_used_again(start: c.Callable[..., Checks], apiservers: list[Apiserver]) -> None:
    apiservers[0].is_ready(False)
    checks = start(apiservers, quiet=1.0)
    checks.lists(*apiservers[1:], reloads=1)
    apiservers[0].is_ready(True)
    checks.lists(*apiservers, reloads=2)


def test_a_reload_that_fails_is_tried_again(start: c.Callable[..., Checks], apiservers: list[Apiserver], tmp_path: pathlib.Path) -> None:
    (tmp_path / "broken").touch()
    checks = start(apiservers)
    checks.lists(*apiservers, reloads=1)
    (tmp_path / "broken").unlink()
    checks.lists(*apiservers, reloads=2)


def test_a_stranger_is_not_trusted(start: c.Callable[..., Checks], apiservers: list[Apiserver], authority: pathlib.Path) -> None:
    stranger = Apiserver(authority.with_name("stranger.pem"))
    checks = start([*apiservers, stranger])
    checks.lists(*apiservers, reloads=1)
    stranger.stop()
