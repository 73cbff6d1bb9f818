# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole runs of Ansible are killed: the controller at each of its phases, the connection, the power of the host. Then it is run again."""

from __future__ import annotations

import collections.abc as c
import os
import pathlib
import signal
import subprocess
import time
import typing as t

import pytest

from .engine import HOST, ROOT, Engine
from .killer import sitecustomize as killer
from .test_component import CLEAN, UNIT, hello, word

HOOK = pathlib.Path(killer.__file__).parent
KEY = "/opt/hello/tls.key"


@pytest.fixture(autouse=True)
def nothing_left(engine: Engine) -> c.Iterator[None]:
    yield
    engine.on_host(CLEAN, check=False)


def description(engine: Engine, **unit: t.Any) -> dict[str, t.Any]:
    """The service of the other tests, with a certificate, so that a run has all its phases."""
    certificate = {"name": "hello", "authority": "etcd", "path": "/opt/hello/tls.crt", "key": KEY, "common_name": "hello"}
    return {**hello(unit=unit), "certificates": [certificate], "pki": str(engine.directory.with_name("killed-run-pki"))}


class Run:
    """A run of Ansible that can be killed, it and all that it has started."""

    def __init__(self, engine: Engine, description: dict[str, t.Any], folder: pathlib.Path, *, kill_at: str = "") -> None:
        command, environment, _result = engine.prepared(description)
        self.name = str(folder / "connections")
        environment |= {"PYTHONPATH": str(HOOK), "BAREHOST_KILL_AT": kill_at, "BAREHOST_KILL_RUN": self.name}
        # A connection of its own, and not one that an earlier run has left open.
        environment["ANSIBLE_SSH_CONTROL_PATH"] = "none"
        self._log = folder / "log"
        with self._log.open("w", encoding="utf-8") as log:
            self._process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=ROOT)

    def wait(self) -> int:
        return self._process.wait(timeout=120)

    @property
    def output(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def kill_connection(self) -> None:
        """Only the ssh programs of this run."""
        for pid in killer.processes(self.name):
            if pathlib.Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip() == "ssh":
                os.kill(pid, signal.SIGKILL)


def starts(engine: Engine) -> int:
    """How often the service has been started so far."""
    return int(engine.on_host("journalctl -u hello.service -b -o cat | grep -c '^Started'", check=False))


SLOW = UNIT.replace("ExecStart=", "ExecStartPre=/bin/sleep 3\nExecStart=")

# Of a first run: the connections are made for collect, request and apply.
PHASES = {
    "before it has looked": ("1", False, False),
    "between the look and the request": ("2", False, False),
    "between the request and the certificate": ("3", True, False),
    "while the host changes": ("3+0.6", True, True),
}


@pytest.mark.parametrize("phase", PHASES)
def test_a_controller_that_is_killed(engine: Engine, tmp_path: pathlib.Path, phase: str) -> None:
    kill_at, requested, begun = PHASES[phase]
    # Slow where the host must still be at work: on an idle machine all is done in half a second.
    before, wanted = starts(engine), description(engine, **({"content": SLOW} if begun else {}))
    run = Run(engine, wanted, tmp_path, kill_at=kill_at)
    assert run.wait() == -signal.SIGKILL, run.output
    assert killer.processes(run.name) == []
    waiting = engine.on_host(f"cat {KEY}.new {KEY} 2>/dev/null | sha256sum", check=False)
    if not begun:
        assert engine.on_host("ls /etc/hello.json /run/barehost/hello.service 2>/dev/null", check=False) == ""
        assert (engine.on_host(f"ls -l {KEY}.new 2>/dev/null | cut -c1-10", check=False) == "-rw-------") == requested
    engine.component(wanted)
    assert word(engine) == "one"
    if requested:
        assert engine.on_host(f"sha256sum < {KEY}") == waiting, "the key that the killed run had made is not used"
    assert engine.component(wanted).result["changed"] is False
    assert starts(engine) == before + 1


def until_it_starts(engine: Engine) -> None:
    end = time.monotonic() + 30
    while engine.on_host("systemctl show --property ActiveState --value hello.service", check=False) != "activating":
        assert time.monotonic() < end, "the unit does not begin to start"
        time.sleep(0.1)


def test_a_connection_that_is_killed(engine: Engine, tmp_path: pathlib.Path) -> None:
    """What it had begun goes on; the next run waits for that, and starts nothing a second time."""
    before, wanted = starts(engine), description(engine, content=SLOW)
    run = Run(engine, wanted, tmp_path)
    until_it_starts(engine)
    run.kill_connection()
    run.wait()
    assert "the program on the host ended with -9" in run.output
    again = engine.component(wanted)
    assert not [action for action in again.done if action[:2] in (("unit", "start"), ("unit", "restart"))], again.done
    assert word(engine) == "one"
    assert engine.component(wanted).result["changed"] is False
    assert starts(engine) == before + 1


def test_a_host_that_loses_its_power(engine: Engine, tmp_path: pathlib.Path) -> None:
    wanted = description(engine, content=SLOW)
    run = Run(engine, wanted, tmp_path)
    until_it_starts(engine)
    engine.lab("stop", HOST)
    engine.lab("start", HOST)
    assert run.wait() != 0
    assert "UNREACHABLE" in run.output
    engine.component(wanted)
    assert word(engine) == "one"
    assert engine.component(wanted).result["changed"] is False
