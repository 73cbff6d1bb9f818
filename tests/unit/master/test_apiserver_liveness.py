# SPDX-License-Identifier: GPL-3.0-or-later
"""The program that ends an apiserver that is not live: before servers that answer as they are told, with a stand-in for systemctl."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import json
import os
import pathlib
import select
import signal
import socket
import subprocess
import sys
import time

import pytest
from apiserver_stand_in import Apiserver, write_certificates

from ansible_collections.barehost.kubernetes.roles.master.files import apiserver_liveness as liveness
from ansible_collections.barehost.kubernetes.roles.master.files.apiserver_liveness import Found, Patience, Process, Settings

pytestmark = pytest.mark.slow
PROGRAM = pathlib.Path(__file__).parents[3] / "roles" / "master" / "files" / "apiserver_liveness.py"
UNIT = "kube-apiserver.service"
# On the monotonic clock: since the boot, and after all tests.
STARTED, LATER = 1.0, 1e12
DEADLINE = 20.0


def test_the_times_are_those_of_kubeadm() -> None:
    settings = Settings(server="", others=[], ca="", unit="")
    assert (settings.period, settings.timeout, settings.failures, settings.starting, settings.grace) == (10, 15, 8, 24, 30)


class TestPatience:
    def failures(self, patience: Patience, process: Process) -> int:
        return next(number for number in range(1, 100) if patience.is_over(process, failures=8, starting=24))

    def test_a_process_that_lived_has_fewer_failures_than_one_that_starts(self) -> None:
        patience = Patience()
        assert self.failures(patience, Process(7, STARTED)) == 24
        patience.live(STARTED + 1)
        assert self.failures(patience, Process(7, STARTED)) == 8

    def test_life_of_the_process_before_does_not_count(self) -> None:
        patience = Patience()
        patience.live(STARTED - 1)
        assert self.failures(patience, Process(7, STARTED)) == 24

    def test_only_failures_in_a_row_of_one_process_count(self) -> None:
        patience = Patience()
        assert not patience.is_over(Process(7, STARTED), failures=2, starting=2)
        patience.live(STARTED + 1)
        assert not patience.is_over(Process(7, STARTED), failures=2, starting=2)
        patience.forget()
        assert not patience.is_over(Process(7, STARTED), failures=2, starting=2)
        assert not patience.is_over(Process(8, STARTED + 2), failures=2, starting=2)
        assert patience.is_over(Process(8, STARTED + 2), failures=2, starting=2)


@pytest.fixture
def authority(tmp_path: pathlib.Path) -> pathlib.Path:
    write_certificates(tmp_path)
    return tmp_path / "ca.crt"


@pytest.fixture
def serve(authority: pathlib.Path) -> c.Iterator[c.Callable[..., Apiserver]]:
    begun: list[Apiserver] = []

    def begin(certificate: str = "server.pem") -> Apiserver:
        begun.append(Apiserver(authority.with_name(certificate)))
        return begun[-1]

    yield begin
    for server in begun:
        server.stop()


def settings_of(server: Apiserver, *others: Apiserver, ca: pathlib.Path) -> Settings:
    return Settings(server=server.name, others=[other.name for other in others], ca=str(ca), unit=UNIT, failures=3, starting=6)


@pytest.mark.parametrize(
    ("livez", "without_etcd", "found"),
    [
        (200, 200, Found.LIVE),
        (500, 200, Found.WITHOUT_ETCD),
        (500, 500, Found.DEAD),
        # Nothing tells that it does not live: an administrator has closed the path, or its authorizer is not ready yet.
        (403, 403, Found.UNKNOWN),
        (500, 403, Found.DEAD),
    ],
)
def test_what_is_found(serve: c.Callable[..., Apiserver], authority: pathlib.Path, livez: int, without_etcd: int, found: Found) -> None:
    server = serve()
    server.answers |= {"/livez": livez, "/livez?exclude=etcd": without_etcd}
    assert liveness.Apiservers(settings_of(server, ca=authority)).look() is found


def test_who_does_not_answer_is_dead(serve: c.Callable[..., Apiserver], authority: pathlib.Path) -> None:
    server = serve()
    server.stop()
    assert liveness.Apiservers(settings_of(server, ca=authority)).look() is Found.DEAD
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = dataclasses.replace(settings_of(server, ca=authority), server=f"127.0.0.1:{silent.getsockname()[1]}", timeout=0.2)
        assert liveness.Apiservers(settings).look() is Found.DEAD


def test_a_certificate_is_no_evidence_of_death(serve: c.Callable[..., Apiserver], authority: pathlib.Path) -> None:
    stranger = serve("stranger.pem")
    stranger.answers["/livez"] = 500
    assert liveness.Apiservers(settings_of(stranger, ca=authority)).look() is Found.UNKNOWN
    assert not liveness.Apiservers(settings_of(serve(), stranger, ca=authority)).another_is_ready()


def test_a_fault_of_its_own_is_no_evidence_of_death(serve: c.Callable[..., Apiserver], authority: pathlib.Path) -> None:
    with pytest.raises(FileNotFoundError):
        liveness.Apiservers(settings_of(serve(), ca=authority.with_name("nothing")))


class Host:
    """What systemd says of the unit, and which processes were ended."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.process: Process | None = Process(7, STARTED)
        self.ended: list[tuple[Process, float]] = []
        monkeypatch.setattr(liveness, "running", lambda _unit: self.process)
        monkeypatch.setattr(liveness, "end", lambda _unit, process, grace: self.ended.append((process, grace)))


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Host:
    return Host(monkeypatch)


@dataclasses.dataclass
class Pair:
    """The apiserver beside the program, which was live, and another one."""

    own: Apiserver
    other: Apiserver
    settings: Settings
    watch: liveness.Watch

    def look(self, number: int) -> None:
        for _number in range(number):
            self.watch.look(self.settings)


@pytest.fixture
def pair(host: Host, serve: c.Callable[..., Apiserver], authority: pathlib.Path) -> Pair:
    own, other = serve(), serve()
    settings = settings_of(own, other, ca=authority)
    pair = Pair(own, other, settings, liveness.Watch())
    pair.look(1)
    return pair


def test_who_has_lost_its_etcd_ends_while_another_is_ready(pair: Pair, host: Host) -> None:
    pair.own.answers["/livez"] = 500
    pair.look(2)
    assert host.ended == []
    pair.look(1)
    # Its stop would wait for etcd.
    assert host.ended == [(Process(7, STARTED), 0)]


def test_nobody_ends_for_its_etcd_while_no_other_is_ready(pair: Pair, host: Host) -> None:
    """The quorum is lost: all wait for etcd. When it is back, those that are a little later have their time too."""
    pair.own.answers["/livez"] = 500
    pair.other.is_ready(False)
    pair.look(20)
    assert host.ended == []
    pair.other.is_ready(True)
    pair.look(2)
    assert host.ended == []
    pair.look(1)
    assert host.ended == [(Process(7, STARTED), 0)]


def test_who_is_dead_ends_though_it_is_the_only_one(pair: Pair, host: Host) -> None:
    pair.own.answers |= {"/livez": 500, "/livez?exclude=etcd": 500}
    pair.other.stop()
    pair.look(3)
    assert host.ended == [(Process(7, STARTED), 30)]


def test_who_starts_or_stops_is_left_alone(pair: Pair, host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    pair.own.stop()
    pair.look(2)
    host.process = None
    pair.look(20)
    host.process = Process(8, LATER)
    pair.look(5)
    assert host.ended == []
    pair.look(1)
    assert host.ended == [(Process(8, LATER), 30)]
    assert capsys.readouterr().out.splitlines() == [f"{UNIT} is not live: it is ended, and systemd starts it again"]


def test_a_stranger_is_not_ended(pair: Pair, host: Host, serve: c.Callable[..., Apiserver]) -> None:
    pair.settings = dataclasses.replace(pair.settings, server=serve("stranger.pem").name)
    pair.look(20)
    assert host.ended == []


def shows(folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch, pid: int, *, state: str = "active", job: str = "") -> None:
    """A systemctl that says this of every unit."""
    program = folder / "systemctl"
    lines = (
        f"MainPID={pid}",
        f"ActiveEnterTimestampMonotonic={STARTED * 1e6:.0f}",
        f"ActiveState={state}",
        *([f"Job={job}"] if job else []),
    )
    program.write_text(f"#!/bin/sh\ncat <<END\n{chr(10).join(lines)}\nEND\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def test_only_a_unit_that_is_active_and_has_no_job_runs(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shows(tmp_path, monkeypatch, 7)
    assert liveness.running(UNIT) == Process(7, STARTED)
    shows(tmp_path, monkeypatch, 7, job="1234")
    assert liveness.running(UNIT) is None
    for state in ("activating", "deactivating", "inactive", "failed", "reloading"):
        shows(tmp_path, monkeypatch, 7, state=state)
        assert liveness.running(UNIT) is None


@pytest.fixture
def begin() -> c.Iterator[c.Callable[..., subprocess.Popen[str]]]:
    """Programs that say when they are ready for signals."""
    begun: list[subprocess.Popen[str]] = []

    def start(text: str = "") -> subprocess.Popen[str]:
        code = f"import signal, time\n{text}\nprint('ready', flush=True)\ntime.sleep(60)"
        program = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        begun.append(program)
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
        return program

    yield start
    for program in begun:
        program.kill()
        program.wait()


def test_a_process_may_end_by_itself(
    begin: c.Callable[..., subprocess.Popen[str]], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = begin()
    shows(tmp_path, monkeypatch, program.pid)
    liveness.end(UNIT, Process(program.pid, STARTED), grace=DEADLINE)
    assert program.wait(DEADLINE) == -signal.SIGTERM


def test_a_process_that_does_not_end_is_killed(
    begin: c.Callable[..., subprocess.Popen[str]], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = begin("signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    shows(tmp_path, monkeypatch, program.pid)
    liveness.end(UNIT, Process(program.pid, STARTED), grace=0.1)
    assert program.wait(DEADLINE) == -signal.SIGKILL


def test_a_process_without_a_grace_is_killed_at_once(
    begin: c.Callable[..., subprocess.Popen[str]], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = begin()
    shows(tmp_path, monkeypatch, program.pid)
    liveness.end(UNIT, Process(program.pid, STARTED), grace=0)
    assert program.wait(DEADLINE) == -signal.SIGKILL


def test_no_other_process_gets_a_signal(
    begin: c.Callable[..., subprocess.Popen[str]], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = begin()
    shows(tmp_path, monkeypatch, program.pid + 1)
    liveness.end(UNIT, Process(program.pid, STARTED), grace=0.1)
    assert program.poll() is None
    program.kill()
    program.wait()
    liveness.end(UNIT, Process(program.pid, STARTED), grace=0.1)


def test_the_program_reads_its_settings_again(
    begin: c.Callable[..., subprocess.Popen[str]],
    serve: c.Callable[..., Apiserver],
    authority: pathlib.Path,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own, other, victim = serve(), serve(), begin()
    shows(tmp_path, monkeypatch, victim.pid)
    settings = tmp_path / "settings.json"
    alone = dataclasses.replace(settings_of(own, ca=authority), period=0.05)
    settings.write_text(json.dumps(dataclasses.asdict(alone)), encoding="utf-8")
    own.answers["/livez"] = 500
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        program = subprocess.Popen([sys.executable, str(PROGRAM), str(settings)], stdout=subprocess.PIPE, text=True)
        try:
            assert select.select([systemd], [], [], DEADLINE)[0], "it did not say that it is ready"
            assert systemd.recv(100) == b"READY=1"
            time.sleep(1)
            assert victim.poll() is None
            part = tmp_path / "settings.part"
            part.write_text(json.dumps({**dataclasses.asdict(alone), "others": [other.name]}), encoding="utf-8")
            part.rename(settings)
            assert victim.wait(DEADLINE) == -signal.SIGKILL
            assert program.poll() is None
        finally:
            program.kill()
            program.wait()
