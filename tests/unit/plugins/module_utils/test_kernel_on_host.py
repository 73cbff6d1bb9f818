# SPDX-License-Identifier: GPL-3.0-or-later
"""Kernel, swap and SELinux, with /proc, /sys and /etc in a temporary place. Runs on Python 3.9 too."""

from __future__ import annotations

import grp
import os
import pathlib
import pwd
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import kernel, selinux, users
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

FSTAB = "/dev/sda1 / xfs defaults 0 0\n/dev/sda2 none swap sw 0 0\n# /dev/sdb swap swap sw 0 0\n/swapfile swap swap defaults 0 0\n"


def put(path: pathlib.Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def host(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.setattr(kernel, "PROC", str(tmp_path / "proc"))
    monkeypatch.setattr(kernel, "SYS", str(tmp_path / "sys"))
    monkeypatch.setattr(kernel, "FSTAB", str(tmp_path / "etc/fstab"))
    monkeypatch.setattr(kernel, "LIBRARY", str(tmp_path / "modules"))
    monkeypatch.setattr(selinux, "ENFORCE", str(tmp_path / "enforce"))
    monkeypatch.setattr(selinux, "CONFIG", str(tmp_path / "etc/selinux/config"))
    return tmp_path


def test_a_module_is_there_by_evidence_by_name_or_built_in(host: pathlib.Path) -> None:
    (host / "sys/module/br_netfilter").mkdir(parents=True)
    put(host / "modules" / os.uname().release / "modules.builtin", "kernel/fs/overlayfs/overlay.ko\nkernel/x/nf-tables.ko.xz\n")
    put(host / "evidence", "")
    items = [
        {"name": "br-netfilter", "evidence": None},
        {"name": "overlay", "evidence": None},
        {"name": "nf_tables", "evidence": "/nowhere"},
        {"name": "vxlan", "evidence": str(host / "evidence")},
        {"name": "ip_vs", "evidence": None},
    ]
    assert [state["loaded"] for state in kernel.collect_modules(items)] == [True, True, True, True, False]


def test_a_module_that_cannot_be_loaded_is_an_error_with_a_hint() -> None:
    with pytest.raises(HostError, match=r"no_such_module_x cannot be loaded: .*kernel-modules-extra-"):
        kernel.apply_modules([{"target": "no_such_module_x", "data": {}}])


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("net.ipv4.ip_forward", "net/ipv4/ip_forward"),
        ("net/ipv4/conf/eth0.1/forwarding", "net/ipv4/conf/eth0.1/forwarding"),
        ("net.ipv4.conf.eth0/1.forwarding", "net/ipv4/conf/eth0.1/forwarding"),
    ],
)
def test_a_setting_is_read_and_written(host: pathlib.Path, name: str, path: str) -> None:
    assert kernel.collect_sysctls([{"name": name}]) == [{"exists": False, "value": None}]
    put(host / "proc/sys" / path, "4096\t8192\n")
    assert kernel.collect_sysctls([{"name": name}]) == [{"exists": True, "value": "4096 8192"}]
    kernel.apply_sysctls([{"target": name, "data": {"value": "1"}}])
    assert (host / "proc/sys" / path).read_text() == "1\n"


def test_swap_that_the_next_boot_would_bring_becomes_a_comment(host: pathlib.Path) -> None:
    assert kernel.collect_swap([{}]) == [{"active": [], "fstab": []}]
    put(host / "etc/fstab", FSTAB)
    put(host / "proc/swaps", "Filename Type Size Used Priority\n/dev/sda2 partition 1 0 -2\n")
    lines = ["/dev/sda2 none swap sw 0 0", "/swapfile swap swap defaults 0 0"]
    assert kernel.collect_swap([{}]) == [{"active": ["/dev/sda2"], "fstab": lines}]
    kernel.apply_swap([{"operation": "disable", "target": "/etc/fstab", "data": {}}])
    assert (host / "etc/fstab").read_text() == FSTAB.replace(lines[0], f"# {lines[0]}").replace(lines[1], f"# {lines[1]}")
    assert kernel.collect_swap([{}])[0]["fstab"] == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("# SELINUX= may be\nSELINUX=enforcing\nSELINUXTYPE=targeted\n", "# SELINUX= may be\nSELINUX=permissive\nSELINUXTYPE=targeted\n"),
        ("SELINUXTYPE=targeted\n", "SELINUXTYPE=targeted\nSELINUX=permissive\n"),
        ("", "SELINUX=permissive\n"),
    ],
)
def test_selinux(host: pathlib.Path, text: str, wanted: str) -> None:
    assert selinux.collect([{}]) == [{"kernel": "disabled", "config": None}]
    put(host / "enforce", "1")
    put(host / "etc/selinux/config", text)
    assert selinux.collect([{}])[0]["kernel"] == "enforcing"
    selinux.apply([{"operation": operation, "target": "x", "data": {"state": "permissive"}} for operation in ("set-config", "set-live")])
    assert (host / "etc/selinux/config").read_text() == wanted
    assert selinux.collect([{}]) == [{"kernel": "permissive", "config": "permissive"}]


def test_users_and_groups_are_found() -> None:
    group, user = grp.getgrgid(0), pwd.getpwuid(0)
    assert users.collect_groups([{"name": group.gr_name}, {"name": "no-such"}]) == [
        {"exists": True, "gid": 0},
        {"exists": False, "gid": None},
    ]
    found: list[dict[str, t.Any]] = users.collect_users([{"name": user.pw_name}, {"name": "no-such"}])
    assert found[0]["exists"]
    assert (found[0]["uid"], found[0]["group"], found[0]["home"]) == (0, group.gr_name, user.pw_dir)
    assert found[1] == {"exists": False}
