# SPDX-License-Identifier: GPL-3.0-or-later
"""Kernel, swap and SELinux, with /proc, /sys and /etc in a temporary place. Runs on Python 3.9 too."""

from __future__ import annotations

import grp
import pathlib
import pwd
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import (
    kernel,
    kernel_boot_settings,
    kernel_swap_units,
    selinux,
    users,
)

FSTAB = "/dev/sda1 / xfs defaults 0 0\n/dev/sda2 none swap sw 0 0\n# /dev/sdb swap swap sw 0 0\n/swapfile swap swap defaults 0 0\n"


def put(path: pathlib.Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def host(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.setattr(kernel, "PROC", str(tmp_path / "proc"))
    monkeypatch.setattr(kernel, "FSTAB", str(tmp_path / "etc/fstab"))
    monkeypatch.setattr(kernel_boot_settings, "ROOT", str(tmp_path))
    monkeypatch.setattr(kernel_swap_units, "ROOT", str(tmp_path))
    monkeypatch.setattr(selinux, "ENFORCE", str(tmp_path / "enforce"))
    monkeypatch.setattr(selinux, "CONFIG", str(tmp_path / "etc/selinux/config"))
    monkeypatch.setattr(selinux, "COMMAND_LINE", str(tmp_path / "proc/cmdline"))
    monkeypatch.setattr(selinux, "RELABEL", str(tmp_path / ".autorelabel"))
    return tmp_path


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
    assert kernel.collect_swap([{}]) == [{"active": [], "fstab": [], "units": []}]
    put(host / "etc/fstab", FSTAB)
    put(host / "proc/swaps", "Filename Type Size Used Priority\n/dev/sda2 partition 1 0 -2\n")
    lines = ["/dev/sda2 none swap sw 0 0", "/swapfile swap swap defaults 0 0"]
    assert kernel.collect_swap([{}]) == [{"active": ["/dev/sda2"], "fstab": lines, "units": []}]
    kernel.apply_swap([{"operation": "disable", "target": "/etc/fstab", "data": {}}])
    assert (host / "etc/fstab").read_text() == FSTAB.replace(lines[0], f"# {lines[0]}").replace(lines[1], f"# {lines[1]}")
    assert kernel.collect_swap([{}])[0]["fstab"] == []


def test_f35_a_comment_that_is_not_utf_8_survives(host: pathlib.Path) -> None:
    (host / "etc").mkdir()
    (host / "etc/fstab").write_bytes(b"# Gr\xf6\xdfe\n/sw\xe4p none swap sw 0 0\n")
    assert kernel.collect_swap([{}])[0]["fstab"] == ["/sw\N{REPLACEMENT CHARACTER}p none swap sw 0 0"]
    kernel.apply_swap([{"operation": "disable", "target": "/etc/fstab", "data": {}}])
    assert (host / "etc/fstab").read_bytes() == b"# Gr\xf6\xdfe\n# /sw\xe4p none swap sw 0 0\n"


def test_f35_a_link_to_fstab_stays_a_link(host: pathlib.Path) -> None:
    put(host / "elsewhere/fstab", "/swap none swap sw 0 0\n")
    (host / "etc").mkdir()
    (host / "etc/fstab").symlink_to("../elsewhere/fstab")
    (host / "elsewhere/fstab").chmod(0o640)
    kernel.apply_swap([{"operation": "disable", "target": "/etc/fstab", "data": {}}])
    assert (host / "etc/fstab").is_symlink()
    assert (host / "elsewhere/fstab").read_text() == "# /swap none swap sw 0 0\n"
    assert (host / "elsewhere/fstab").stat().st_mode & 0o777 == 0o640


def test_f41_swap_units_that_the_next_boot_starts_are_found(host: pathlib.Path) -> None:
    generator = host / "run/systemd/generator"
    put(generator / "dev-zram0.swap", "[Unit]\nSourcePath=/etc/systemd/zram-generator.conf\n")
    put(generator / "swapfile.swap", "[Unit]\nSourcePath=/etc/fstab\n")
    put(host / "etc/systemd/system/own.swap", "[Swap]\nWhat=/own\n")
    put(host / "etc/systemd/system/idle.swap", "[Swap]\nWhat=/idle\n")
    put(host / "usr/lib/systemd/system/masked.swap", "[Swap]\nWhat=/masked\n")
    (host / "etc/systemd/system/masked.swap").symlink_to("/dev/null")
    for folder, names in ((generator, ("dev-zram0", "swapfile")), (host / "etc/systemd/system", ("own", "masked"))):
        (folder / "swap.target.wants").mkdir()
        for name in names:
            (folder / f"swap.target.wants/{name}.swap").symlink_to(f"../{name}.swap")
    assert kernel.collect_swap([{}])[0]["units"] == ["dev-zram0.swap", "own.swap"]


OURS = "/etc/sysctl.d/zz-barehost.conf"


@pytest.mark.parametrize(
    ("file", "text", "overrides"),
    [
        ("etc/sysctl.d/99-hardening.conf", "net.ipv4.ip_forward = 0\n", False),
        ("etc/sysctl.d/zzz.conf", "net.ipv4.ip_forward = 0\n", True),
        ("usr/lib/sysctl.d/zzz.conf", "-net/ipv4/ip_forward=0\n", True),
        ("run/sysctl.d/zzz.conf", "; net.ipv4.ip_forward = 0\n# net.ipv4.ip_forward = 0\nnet.ipv4.ip_forward=1\n", False),
        ("etc/sysctl.d/zzz.conf", "net.ipv4.ip_forward = 0\nnet.ipv4.ip_forward = 1\n", False),
        ("etc/sysctl.d/zzz.conf", "net.ipv4.* = 0\n-net.ipv4.ip_forward\n", False),
        ("etc/sysctl.d/zzz.txt", "net.ipv4.ip_forward = 0\n", False),
    ],
)
def test_f14_a_later_file_that_wins_at_the_next_boot_is_found(host: pathlib.Path, file: str, text: str, overrides: bool) -> None:
    put(host / "proc/sys/net/ipv4/ip_forward", "1\n")
    put(host / file, text)
    (state,) = kernel.collect_sysctls([{"name": "net.ipv4.ip_forward", "value": "1", "file": OURS}])
    assert state == {"exists": True, "value": "1", "overriding": {"file": str(host / file), "value": "0"} if overrides else None}


def test_f14_an_empty_file_of_the_same_name_hides_the_later_one(host: pathlib.Path) -> None:
    put(host / "usr/lib/sysctl.d/zzz.conf", "net.ipv4.ip_forward = 0\n")
    (host / "etc/sysctl.d").mkdir(parents=True)
    (host / "etc/sysctl.d/zzz.conf").symlink_to("/dev/null")
    assert kernel.collect_sysctls([{"name": "net.ipv4.ip_forward", "value": "1", "file": OURS}])[0]["overriding"] is None


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("# SELINUX= may be\nSELINUX=enforcing\nSELINUXTYPE=targeted\n", "# SELINUX= may be\nSELINUX=permissive\nSELINUXTYPE=targeted\n"),
        ("SELINUXTYPE=targeted\n", "SELINUXTYPE=targeted\nSELINUX=permissive\n"),
        ("", "SELINUX=permissive\n"),
    ],
)
def test_selinux(host: pathlib.Path, text: str, wanted: str) -> None:
    assert selinux.collect([{}]) == [{"kernel": "disabled", "config": None, "forced": [], "relabels": False}]
    put(host / "enforce", "1")
    put(host / "etc/selinux/config", text)
    assert selinux.collect([{}])[0]["kernel"] == "enforcing"
    selinux.apply([{"operation": operation, "target": "x", "data": {"state": "permissive"}} for operation in ("set-config", "set-live")])
    assert (host / "etc/selinux/config").read_text() == wanted
    assert selinux.collect([{}]) == [{"kernel": "permissive", "config": "permissive", "forced": [], "relabels": False}]


def test_el15_what_the_next_boot_does_with_selinux_is_found(host: pathlib.Path) -> None:
    put(host / "proc/cmdline", "BOOT_IMAGE=(hd0,gpt2)/vmlinuz root=UUID=x ro selinux=0 crashkernel=1G xselinux=0 enforcing=0\n")
    put(host / ".autorelabel", "")
    (state,) = selinux.collect([{}])
    assert (state["forced"], state["relabels"]) == (["selinux=0", "enforcing=0"], True)


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
