# SPDX-License-Identifier: GPL-3.0-or-later
"""A host leads etcd back: what it asks of a member, what it waits for, and what it does where a run that was killed has asked before."""

from __future__ import annotations

import json
import pathlib
import stat
import typing as t

import pytest
from answering import Quiet, served

from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd import downgrade
from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client import etcdctl
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import host_lock
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError


class Member(Quiet):
    """A member that changes its data some answers after it was told to."""

    asked: t.ClassVar[list[dict[str, t.Any]]] = []
    refusal: t.ClassVar[str] = ""
    levels: t.ClassVar[list[tuple[str, str]]] = []

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.endswith("/downgrade"):
            self.asked.append(body)
            self.answer({"message": self.refusal} if self.refusal else {}, status=400 if self.refusal else 200)
            return
        storage, target = self.levels[0]
        way = {"enabled": True, "targetVersion": target} if target else {}
        self.answer({"version": "3.7.2", "storageVersion": storage, "downgradeInfo": way})

    def do_GET(self) -> None:
        storage = self.levels[0][0]
        if len(self.levels) > 1:
            self.levels.pop(0)
        self.answer({"etcdserver": "3.7.2", "etcdcluster": storage, "storage": storage})


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> t.Iterator[str]:
    monkeypatch.setattr(host_lock, "PATH", str(tmp_path / "run" / "lock"))
    monkeypatch.setattr(downgrade, "_PAUSE", 0.01)
    monkeypatch.setattr(Member, "asked", [])
    monkeypatch.setattr(Member, "refusal", "")
    monkeypatch.setattr(Member, "levels", [("3.7.0", "")])
    with served(Member) as address:
        yield f"http://{address}"


def run(step: str, url: str, **more: str) -> None:
    assert downgrade.run(step, {"access": {}, "endpoints": [url], "url": url, **more}) == {}


@pytest.mark.parametrize("refusal", ["", "etcdserver: cluster has a downgrade job in progress"])
def test_etcd_is_told_once(url: str, monkeypatch: pytest.MonkeyPatch, refusal: str) -> None:
    monkeypatch.setattr(Member, "refusal", refusal)
    run("enable", url, version="3.6")
    assert Member.asked == [{"action": "ENABLE", "version": "3.6"}]


@pytest.mark.parametrize("refusal", ["", "etcdserver: no inflight downgrade job"])
def test_etcd_is_told_to_stay(url: str, monkeypatch: pytest.MonkeyPatch, refusal: str) -> None:
    monkeypatch.setattr(Member, "refusal", refusal)
    run("cancel", url)
    assert Member.asked == [{"action": "CANCEL"}]


def test_another_refusal_is_an_error(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Member, "refusal", "etcdserver: invalid downgrade target version")
    for step in ("enable", "cancel"):
        with pytest.raises(HostError, match="invalid downgrade target version"):
            run(step, url, version="3.6")


def test_it_waits_for_the_data_and_for_the_end(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Member, "levels", [("3.7.0", "3.6.0"), ("3.7.0", "3.6.0"), ("3.6.0", "3.6.0")])
    run("convert", url, version="3.6")
    monkeypatch.setattr(Member, "levels", [("3.6.0", "3.6.0"), ("3.6.0", "")])
    run("end", url)


def test_data_that_stays_is_an_error(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downgrade, "_CONVERTED", 0.05)
    with pytest.raises(HostError, match=r"the members did not change their data to that of 3\.6 within 0 s"):
        run("convert", url, version="3.6")


def test_etcdctl_is_asked_where_etcd_has_users(tmp_path: pathlib.Path) -> None:
    program = tmp_path / "etcdctl"
    program.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\n', encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    control = etcdctl.Etcdctl(["https://db1:2379"], ("ca", "cert", "key"), program=str(program))
    for body in ({"action": "ENABLE", "version": "3.6"}, {"action": "CANCEL"}):
        etcdctl.post(control, "/v3/maintenance/downgrade", body)
    asked = (tmp_path / "asked").read_text(encoding="utf-8").splitlines()
    assert [line.partition("--key=key ")[2] for line in asked] == ["downgrade enable 3.6", "downgrade cancel"]
