# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host says of its kernels, its boot and its packages, and the steps of its turn; with files and answers of programs made up."""

from __future__ import annotations

import json
import pathlib
import time
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import kernel_library
from ansible_collections.barehost.kubernetes.plugins.module_utils._restart import kernels, look, marks, turn
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import host_lock, locations
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import Completed
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

OLD, NEW = "6.12.0-55.el10.x86_64", "6.12.0-99.el10.x86_64"


class Programs:
    """Answers of programs by their first words; what is not known is not there."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.calls: list[list[str]] = []

    def __call__(self, argv: list[str], **_options: t.Any) -> Completed:
        self.calls.append(argv)
        known = self.answers.get(argv[0].replace("-", "_"))
        return Completed(127, "", "not found") if known is None else Completed(0, known, "")


@pytest.fixture
def host(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """A host whose files are below a directory of the test. It runs the old kernel, which has all modules."""
    monkeypatch.setattr(kernel_library, "LIBRARY", str(tmp_path / "modules"))
    monkeypatch.setattr(kernels, "PROC", str(tmp_path / "proc"))
    monkeypatch.setattr(kernels, "LISTED", str(tmp_path / "listed.conf"))
    monkeypatch.setattr(kernel_library, "running", lambda: OLD)
    monkeypatch.setattr(look, "FURTHER", str(tmp_path / "needs-restarting.d"))
    monkeypatch.setattr(locations, "STATE_DIRECTORY", str(tmp_path / "state"))
    monkeypatch.setattr(host_lock, "PATH", str(tmp_path / "lock"))
    (tmp_path / "state").mkdir()
    (tmp_path / "proc").mkdir()
    (tmp_path / "listed.conf").write_text("# Ansible\noverlay\nbr_netfilter\nnf_conntrack\n", encoding="utf-8")
    (tmp_path / "proc" / "modules").write_text("xt_comment 1 2 - Live\nbr_netfilter 1 0\nbnx2 1 0\n", encoding="utf-8")
    all_modules = [
        "kernel/net/bridge/br_netfilter.ko.xz",
        "kernel/net/netfilter/xt_comment.ko.xz",
        "kernel/drivers/net/ethernet/bnx2.ko.xz",
    ]
    write_kernel(tmp_path, OLD, all_modules, built_in=["kernel/fs/overlayfs/overlay.ko", "kernel/net/netfilter/nf_conntrack.ko"])
    return tmp_path


def write_kernel(host: pathlib.Path, release: str, modules: list[str], *, built_in: t.Sequence[str] = ()) -> None:
    directory = host / "modules" / release
    directory.mkdir(parents=True)
    (directory / "modules.dep").write_text("".join(f"{path}: kernel/lib/other.ko.xz\n" for path in modules), encoding="utf-8")
    (directory / "modules.builtin").write_text("".join(f"{path}\n" for path in built_in), encoding="utf-8")


def test_a_kernel_lacks_what_the_host_needs_and_what_its_networks_use(host: pathlib.Path) -> None:
    write_kernel(host, NEW, ["kernel/fs/overlayfs/overlay.ko.zst", "kernel/net/netfilter/nf-conntrack.ko"])
    # the driver of a card that is gone is none of our business
    assert kernels.lacking(NEW) == ["br_netfilter", "xt_comment"]
    assert kernels.lacking(OLD) == []
    assert kernels.lacking("not installed") == ["br_netfilter", "nf_conntrack", "overlay", "xt_comment"]


def test_the_kernel_that_boots_is_asked_of_the_boot_loader(host: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel_library, "run", Programs(grubby=f"/boot/vmlinuz-{NEW}\n", rpm="1 1-1.x86_64\n"))
    assert kernel_library.to_boot() == NEW
    monkeypatch.setattr(kernel_library, "run", Programs(rpm=f"200 {NEW}\n100 {OLD}\n"))
    assert kernel_library.to_boot() == NEW
    monkeypatch.setattr(kernel_library, "run", Programs())
    assert kernel_library.to_boot() == OLD


def test_packages_that_need_a_reboot_are_those_installed_since_the_last(host: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (host / "needs-restarting.d").mkdir()
    (host / "needs-restarting.d" / "own.conf").write_text("openssl-libs\n--eval evil\n", encoding="utf-8")
    monkeypatch.setattr(look, "booted", lambda: 1000.0)
    programs = Programs(rpm="glibc\t999\nsystemd\t1001\nopenssl-libs\t1002\nno package provides kernel-rt\n")
    monkeypatch.setattr(look, "command", programs)
    assert look.updated() == ["openssl-libs", "systemd"]
    asked = programs.calls[0][programs.calls[0].index("--") + 1 :]
    assert asked == [*look.CORE, "openssl-libs"]


def test_the_boot_is_in_the_past_and_has_a_name() -> None:
    assert 0 < look.booted() < time.time()
    assert len(look.boot_id()) == 36


def test_who_holds_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look, "command", Programs(ip="2: eth0    inet 192.168.200.100/24 scope global eth0\n"))
    assert look.holds("192.168.200.100")
    assert not look.holds("192.168.200.10")
    assert not look.holds("")


def test_units_that_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look, "command", Programs(systemctl="active\ninactive\nactive\n"))
    assert look.active(["a.service", "b.service", "c.service"]) == ["a.service", "c.service"]


def begin(began: float) -> None:
    mark = {"began": began, "at": began, "by": "ctl:1:2", "done": False}
    turn.run("begin", {"mark": mark, "units": ["a.service"], "member": None, "deadline": 1})


def test_a_turn_that_goes_on_keeps_the_boot_of_before(host: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    boots = iter(["first", "second", "third"])
    monkeypatch.setattr(look, "boot_id", lambda: next(boots))
    monkeypatch.setattr(look, "active", list)
    begin(1.0)
    begin(1.0)
    assert (marks.read() or {})["boot"] == "first"
    turn.run("finish", {"mark": {"began": 1.0, "at": 2.0, "by": "ctl:1:2", "done": True}})
    begin(2.0)
    found = marks.read() or {}
    assert found["boot"] == "second" and found["units"] == ["a.service"]
    assert pathlib.Path(marks.path()).stat().st_mode & 0o777 == 0o600
    turn.run("forget", {})
    assert marks.read() is None
    turn.run("forget", {})


def test_a_mark_that_cannot_be_read_is_none(host: pathlib.Path) -> None:
    for text in ("", "{", json.dumps([1])):
        pathlib.Path(marks.path()).write_text(text, encoding="utf-8")
        assert marks.read() is None


def test_a_host_that_has_been_rebooted_meanwhile_is_not_rebooted(host: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []
    monkeypatch.setattr(turn, "must", lambda argv, **_options: asked.append(argv))
    monkeypatch.setattr(look, "boot_id", lambda: "now")
    assert turn.run("reboot", {"boot": "before", "message": "why"}) == {"asked": False}
    assert asked == []
    assert turn.run("reboot", {"boot": "now", "message": "why"}) == {"asked": True}
    assert asked[0][-3:] == ["systemctl", "reboot", "--message=why"]


def test_what_ran_before_must_run_again(host: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[str] = []
    monkeypatch.setattr(turn.checks, "wait", lambda check, **_options: waited.append(turn.checks.subject(check)))
    monkeypatch.setattr(look, "state", lambda: {"boot": "new"})
    marks.write({"began": 1.0, "units": ["haproxy.service", "kubelet.service"], "boot": "old"})
    units = {"kubelet.service": [{"http": "http://127.0.0.1:10248/healthz"}]}
    found = turn.run("verify", {"units": units, "member": None, "deadline": 5})
    assert found["rebooted"]
    assert waited == ["unit kubelet.service", "http http://127.0.0.1:10248/healthz", "unit haproxy.service"]


def test_a_member_that_is_behind_is_waited_for(host: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn, "_PAUSE", 0.01)
    monkeypatch.setattr(turn.quorum, "in_the_way", lambda *_arguments: None)
    monkeypatch.setattr(turn.client, "look", lambda *_arguments: {"linearizable": False, "fault": "no leader"})
    member = {"url": "https://127.0.0.1:2379", "access": {}}
    with pytest.raises(HostError, match=r"etcd is not well \(waited 1 s\): the member of etcd on this host does not answer .*: no leader"):
        turn.run("verify", {"units": {}, "member": member, "deadline": 1})


def test_packages_that_are_named_and_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        look.packages, "run", Programs(rpm="glibc\t0:2.40-1\npackage kernal is not installed\nno package provides kernal\n")
    )
    assert look.absent(["glibc", "kernal", "python3-*"]) == ["kernal"]
    assert look.absent([]) == []
