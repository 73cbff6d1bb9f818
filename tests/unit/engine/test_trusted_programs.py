# SPDX-License-Identifier: GPL-3.0-or-later
"""EL finding 11: fapolicyd, where a host has it, knows the programs of a component before they are started."""

from __future__ import annotations

import hashlib
import os
import pathlib
import typing as t

import host_model
import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import trusted_programs
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import Completed
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError


class Daemon:
    """fapolicyd: it reads the file some calls after it was told to."""

    def __init__(self, trust: pathlib.Path, *, calls: int) -> None:
        self.trust, self.calls, self.told = trust, calls, False

    def __call__(self, argv: list[str], **_options: t.Any) -> Completed:
        if argv[1] == "--update":
            self.told = True
            return Completed(0, "", "")
        self.calls -= 1
        lines = self.trust.read_text(encoding="utf-8").splitlines() if self.told and self.calls < 0 else []
        return Completed(0, "".join(f"filedb {line}\n" for line in ["/usr/bin/bash 1 00", *lines]), "")


@pytest.fixture
def host(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.setattr(trusted_programs, "TRUST", str(tmp_path / "trust.d/barehost"))
    monkeypatch.setattr(trusted_programs, "PIPE", str(tmp_path / "fapolicyd.fifo"))
    monkeypatch.setattr(trusted_programs, "_PAUSE", 0.001)
    for name, text in (("etcd-3.7.2", "old"), ("helper", "#!/bin/sh\n")):
        (tmp_path / name).write_text(text)
        os.utime(tmp_path / name, (1, 1))
    (tmp_path / "etcd").symlink_to("etcd-3.7.2")
    return tmp_path


def missing(host: pathlib.Path) -> list[str]:
    paths = [str(host / name) for name in ("etcd", "helper", "absent")]
    (state,) = trusted_programs.collect([{"paths": paths}])
    assert state["enabled"] == (host / "trust.d").is_dir()
    return [os.path.basename(path) for path in state["missing"]]


def trust(host: pathlib.Path, *names: str) -> None:
    trusted_programs.apply([{"operation": "trust", "target": "x", "data": {"paths": [str(host / name) for name in names]}}])


def test_el11_a_host_without_it_is_left_alone(host: pathlib.Path) -> None:
    assert missing(host) == []


def test_el11_programs_are_listed_by_their_real_path_and_stay_listed(host: pathlib.Path) -> None:
    (host / "trust.d").mkdir()
    assert missing(host) == ["etcd", "helper"]
    trust(host, "etcd", "absent")
    assert missing(host) == ["helper"]
    trust(host, "helper")
    digest = hashlib.sha256(b"old").hexdigest()
    assert (host / "trust.d/barehost").read_text().splitlines()[0] == f"{host}/etcd-3.7.2 3 {digest}"
    assert missing(host) == []


def test_el11_another_version_and_other_contents_are_not_trusted(host: pathlib.Path) -> None:
    (host / "trust.d").mkdir()
    trust(host, "etcd", "helper")
    (host / "etcd-3.7.3").write_text("newer")
    (host / "etcd").unlink()
    (host / "etcd").symlink_to("etcd-3.7.3")
    later = os.stat(host / "trust.d/barehost").st_mtime + 5
    os.utime(host / "helper", (later, later))
    assert missing(host) == ["etcd", "helper"]
    (host / "etcd-3.7.2").unlink()
    trust(host, "etcd")
    assert "etcd-3.7.2" not in (host / "trust.d/barehost").read_text()


def test_el11_a_daemon_that_runs_is_told_and_waited_for(host: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (host / "trust.d").mkdir()
    (host / "fapolicyd.fifo").touch()
    daemon = Daemon(host / "trust.d/barehost", calls=3)
    monkeypatch.setattr(trusted_programs, "run", daemon)
    monkeypatch.setattr(trusted_programs, "must", lambda argv, **_options: daemon(argv))
    trust(host, "etcd", "helper")
    assert daemon.told and daemon.calls == -1
    monkeypatch.setattr(trusted_programs, "_DEADLINE_SECONDS", 0.0)
    daemon.calls = 1000
    with pytest.raises(HostError, match=r"does not know 1 programs"):
        trust(host, "etcd")


def test_el11_what_comes_in_a_run_is_trusted_in_the_same_run() -> None:
    """Also a program that is not there yet: the plan after the plan is empty."""
    args = {
        "name": "x",
        "files": [{"path": "/usr/local/libexec/one", "content": "a\n", "mode": "0755"}, {"path": "/etc/one", "content": ""}],
    }
    component, items = host_model.parse(args)
    assert component.items["trusted_programs"] == [{"paths": ["/usr/local/libexec/one"]}]
    host = host_model.ModelHost({})
    actions = host_model.plan(component, items, host)
    assert [(action.kind, action.data.get("paths")) for action in actions][-1] == ("trusted_programs", ["/usr/local/libexec/one"])
    host.apply(actions)
    assert host_model.plan(component, items, host) == []
    bare = host_model.ModelHost({"trusts": False})
    assert [action.kind for action in host_model.plan(component, items, bare)] == ["file", "file"]
