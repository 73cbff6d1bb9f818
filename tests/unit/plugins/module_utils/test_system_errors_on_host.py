# SPDX-License-Identifier: GPL-3.0-or-later
"""F39, F43: failures of the operating system are one error with a remedy, and programs speak English. Runs on Python 3.9 too."""

from __future__ import annotations

import errno
import json
import os
import pathlib
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._component import steps
from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import binaries, users
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import atomic, bootstrap, commands, errors, host_lock
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

ELF = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00"


@pytest.mark.parametrize(
    ("number", "user", "remedy"),
    [
        (errno.EROFS, 0, "mounted read-only: `findmnt --target /opt/x`"),
        (errno.ENOSPC, 0, "`df /opt/x`"),
        (errno.EDQUOT, 0, "quota"),
        (errno.ENOEXEC, 0, "`file /opt/x` with `uname -m`"),
        (errno.EACCES, 0, "noexec"),
        (errno.EACCES, 1000, "runs as user 1000, wanted is root: set `ansible_become: true`"),
        (errno.EPERM, 1000, "ansible_become"),
        (errno.EIO, 0, "the disk has failed"),
    ],
)
def test_f39_a_failure_of_the_system_has_a_remedy(number: int, user: int, remedy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user)
    error = OSError(number, os.strerror(number), "/opt/x")
    assert remedy in errors.trouble(error)
    message = errors.of_system(error).message
    assert message.startswith(f"/opt/x: {os.strerror(number)}; ")
    assert "{" not in message


def test_f39_a_failure_that_nobody_knows_is_told_as_it_is() -> None:
    assert errors.trouble(OSError(errno.ENOTTY, "Inappropriate ioctl")) == "Inappropriate ioctl"
    assert errors.of_system(OSError(errno.ENOTTY, "Inappropriate ioctl")).message.startswith("the operating system: Inappropriate ioctl. ")


@pytest.mark.parametrize("operation", [os.mkdir, os.chown, os.rename])
def test_f39_each_step_ends_in_an_answer_and_not_in_a_traceback(
    operation: t.Any, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_arguments: t.Any, **_options: t.Any) -> t.NoReturn:
        raise OSError(errno.EROFS, "Read-only file system", str(tmp_path / "new"))

    def run(_step: str, _payload: dict[str, t.Any]) -> dict[str, t.Any]:
        atomic.make_directory(str(tmp_path / "new"), ownership=atomic.Ownership(str(os.geteuid()), str(os.getegid()), "0755"))
        return {}

    monkeypatch.setattr(os, operation.__name__, fails)
    monkeypatch.setattr(steps, "run", run)
    monkeypatch.setattr(bootstrap.zlib, "decompress", lambda _packed: b"{}")
    package = steps.__name__.rpartition("._component")[0]
    bootstrap.main("", package, "_component.steps", "apply", {})
    bootstrap.sys.meta_path.pop(0)
    answer = json.loads(capsys.readouterr().out.split(bootstrap.MARK)[1])
    assert "Read-only file system; the file system is mounted read-only" in answer["failed"]


def test_f39_a_host_that_cannot_be_locked(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(host_lock, "PATH", str(tmp_path / "file" / "lock"))
    with pytest.raises(OSError) as caught:
        host_lock._open(create=True)
    assert str(tmp_path / "file") in errors.of_system(caught.value).message


@pytest.mark.parametrize(
    ("content", "mode", "said"),
    [
        (b"", 0o755, "Exec format error; it is a program for another kind of processor"),
        (ELF + (0xBEEF).to_bytes(2, "little") + bytes(60), 0o755, "Exec format error"),
        (b"#!/bin/sh\n", 0o644, "Permission denied; "),
        (b"#!/no/such/interpreter\n", 0o755, "program not found"),
    ],
)
def test_f39_a_program_that_cannot_be_started_has_a_status(tmp_path: pathlib.Path, content: bytes, mode: int, said: str) -> None:
    program = tmp_path / "program"
    program.write_bytes(content)
    program.chmod(mode)
    done = commands.run([str(program)])
    assert not done.ok
    assert said in done.complaint()


def test_f39_an_argument_that_no_program_can_take() -> None:
    assert "null byte" in commands.run(["true", "a\0b"]).complaint()


def test_f43_programs_speak_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "de")
    assert commands.run(["env"]).output.count("LANGUAGE=C\n") == 1


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_f39_a_program_for_another_processor_takes_no_place(tmp_path: pathlib.Path, machine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    other = {"x86_64": 183, "aarch64": 62}[machine]
    monkeypatch.setattr(os, "uname", lambda: os.uname_result(("Linux", "one", "6.12", "#1", machine)))
    program, place = tmp_path / "download", tmp_path / "etcd-3.7.2"
    place.write_text("what runs")
    program.write_bytes(ELF + other.to_bytes(2, "little"))
    with pytest.raises(HostError, match=rf"etcd-3.7.2 is a program for .*, and this host is {machine}.*cluster_architecture"):
        binaries._put_in_place(str(program), "", {"file": str(place)})
    with open(tmp_path / "archived", "w+b") as member, pytest.raises(HostError):
        member.write(ELF + other.to_bytes(2, "little"))
        member.seek(0)
        binaries._install_file(member, 20, {"file": str(place)})
    assert (place.read_text(), program.exists()) == ("what runs", False)


def test_f43_a_user_who_was_in_no_group_is_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []
    monkeypatch.setattr(users, "must", lambda argv, what: asked.append(argv))
    users.apply_users([{"operation": "modify", "target": "etcd", "data": {"wanted": {"groups": []}}}])
    users.apply_users([{"operation": "create", "target": "etcd", "data": {"wanted": {"groups": []}, "system": True}}])
    assert asked == [["usermod", "--groups", "", "etcd"], ["useradd", "--system", "--no-create-home", "etcd"]]
