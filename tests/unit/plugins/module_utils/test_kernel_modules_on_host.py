# SPDX-License-Identifier: GPL-3.0-or-later
"""EL findings 1, 2 and 24: which modules the running kernel has, with files and answers as on EL. Runs on Python 3.9 too."""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import kernel_denied, kernel_library, kernel_modules
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import Completed
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

RUNNING, NEXT = "6.12.0-55.el10.x86_64", "6.12.0-99.el10.x86_64"
# Of kernel-modules-core and of kernel-modules-extra, as EL 10 divides them.
CORE = ["kernel/fs/overlayfs/overlay.ko.xz", "kernel/net/bridge/bridge.ko.xz", "kernel/drivers/net/vxlan/vxlan.ko.xz"]
EXTRA = ["kernel/net/bridge/br_netfilter.ko.xz", "kernel/net/netfilter/xt_comment.ko.xz", "kernel/net/netfilter/nft_compat.ko.xz"]
ITEMS: list[dict[str, t.Any]] = [{"name": "overlay"}, {"name": "br_netfilter"}, {"name": "xt_comment", "load": False}]


class Programs:
    """modprobe, grubby and rpm as they answer on EL. ``aliases`` are names that only modprobe knows."""

    def __init__(self, *, installed: t.Sequence[str] = (), boots: str = RUNNING, aliases: t.Sequence[str] = ()) -> None:
        self.installed, self.boots, self.aliases = installed, boots, aliases
        self.calls: list[list[str]] = []

    def __call__(self, argv: list[str], **_options: t.Any) -> Completed:
        self.calls.append(argv)
        if argv[0] == "modprobe":
            known = argv[-1] in self.aliases
            return (
                Completed(0, "", "") if known else Completed(1, "", f"modprobe: FATAL: Module {argv[-1]} not found in directory {RUNNING}")
            )
        if argv[0] == "grubby":
            return Completed(0, f"/boot/vmlinuz-{self.boots}\n", "")
        asked = argv[argv.index("--") + 1 :]
        answers = [name if name in self.installed else f"package {name} is not installed" for name in asked]
        return Completed(0 if set(asked) <= set(self.installed) else 1, "".join(f"{line}\n" for line in answers), "")


@pytest.fixture
def host(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.setattr(kernel_library, "LIBRARY", str(tmp_path / "lib/modules"))
    monkeypatch.setattr(kernel_library, "running", lambda: RUNNING)
    monkeypatch.setattr(kernel_denied, "ROOT", str(tmp_path))
    monkeypatch.setattr(kernel_modules, "SYS", str(tmp_path / "sys"))
    return tmp_path


def put(path: pathlib.Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def write_kernel(host: pathlib.Path, release: str, modules: list[str], *, built_in: t.Sequence[str] = ()) -> None:
    directory = host / "lib/modules" / release
    put(directory / "modules.dep", "".join(f"{path}: kernel/net/llc/llc.ko.xz kernel/net/802/stp.ko.xz\n" for path in modules))
    put(directory / "modules.builtin", "".join(f"{path}\n" for path in built_in))


def collected(monkeypatch: pytest.MonkeyPatch, programs: Programs, items: list[dict[str, t.Any]] | None = None) -> list[dict[str, t.Any]]:
    monkeypatch.setattr(kernel_modules, "run", programs)
    monkeypatch.setattr(kernel_library, "run", programs)
    return kernel_modules.collect(ITEMS if items is None else items)


def test_a_module_is_there_by_evidence_by_name_or_built_in(host: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And where all are, no program is started."""
    (host / "sys/module/br_netfilter").mkdir(parents=True)
    write_kernel(host, RUNNING, CORE, built_in=["kernel/fs/overlayfs/overlay.ko", "kernel/x/nf-tables.ko.xz"])
    put(host / "evidence", "")
    programs = Programs()
    items = [
        {"name": "br-netfilter", "evidence": None},
        {"name": "overlay", "evidence": None},
        {"name": "nf_tables", "evidence": "/nowhere"},
        {"name": "vxlan", "evidence": str(host / "evidence")},
    ]
    states = collected(monkeypatch, programs, items)
    assert states == [{"loaded": True, "denied": None, "lacking": None}] * 4
    assert collected(monkeypatch, programs, [{"name": "bridge", "load": False}])[0] == {"loaded": False, "denied": None, "lacking": None}
    assert programs.calls == []


def test_what_the_kernel_lacks_is_told_with_its_packages(host: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_kernel(host, RUNNING, CORE)
    overlay, netfilter, comment = collected(monkeypatch, Programs(installed=[f"kernel-core-{RUNNING}"]))
    assert (overlay["loaded"], overlay["lacking"]) == (False, None)
    packages = {
        "known": True,
        "installed": False,
        "extra": f"kernel-modules-extra-{RUNNING}",
        "keeping_pace": "kernel-modules-extra-matched",
    }
    lacking = {"kernel": RUNNING, "listed": True, "boots": RUNNING, "boots_with_all": False, "packages": packages, "extra_of_next": None}
    assert netfilter["lacking"] == comment["lacking"] == lacking


@pytest.mark.parametrize(("of_next", "with_all"), [(CORE + EXTRA, True), (CORE, False)])
def test_the_next_kernel_may_have_them(host: pathlib.Path, monkeypatch: pytest.MonkeyPatch, of_next: list[str], *, with_all: bool) -> None:
    write_kernel(host, RUNNING, CORE)
    write_kernel(host, NEXT, of_next)
    state = collected(monkeypatch, Programs(boots=NEXT))[1]["lacking"]
    assert (state["boots"], state["boots_with_all"], state["extra_of_next"]) == (NEXT, with_all, f"kernel-modules-extra-{NEXT}")


def test_the_modules_of_a_kernel_that_was_removed_are_not_known(host: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a host of the lab, whose kernel comes from outside: what need not be loaded is not asked for."""
    write_kernel(host, NEXT, CORE + EXTRA)
    states = collected(monkeypatch, Programs(boots=NEXT))
    assert [bool(state["lacking"]) for state in states] == [True, True, False]
    assert (states[1]["lacking"]["listed"], states[1]["lacking"]["boots_with_all"]) == (False, True)


def test_a_name_that_only_modprobe_knows_is_there(host: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_kernel(host, RUNNING, CORE)
    states = collected(monkeypatch, Programs(aliases=["nf_conntrack_ipv4"]), [{"name": "nf-conntrack-ipv4"}])
    assert states == [{"loaded": False, "denied": None, "lacking": None}]


@pytest.mark.parametrize(
    ("release", "core", "extra", "keeping_pace"),
    [
        (RUNNING, f"kernel-core-{RUNNING}", f"kernel-modules-extra-{RUNNING}", "kernel-modules-extra-matched"),
        ("5.14.0-611.el9.x86_64", "kernel-core-5.14.0-611.el9.x86_64", "kernel-modules-extra-5.14.0-611.el9.x86_64", None),
        (
            "6.12.0-55.el10.aarch64+64k",
            "kernel-64k-core-6.12.0-55.el10.aarch64",
            "kernel-64k-modules-extra-6.12.0-55.el10.aarch64",
            "kernel-64k-modules-extra-matched",
        ),
    ],
)
def test_each_build_of_a_kernel_has_packages_of_its_own(
    monkeypatch: pytest.MonkeyPatch, release: str, core: str, extra: str, keeping_pace: str | None
) -> None:
    monkeypatch.setattr(kernel_library, "run", Programs(installed=[core]))
    assert kernel_library.packages(release) == (True, False, extra, keeping_pace)
    monkeypatch.setattr(kernel_library, "run", Programs(installed=[core, extra]))
    assert kernel_library.packages(release).installed
    monkeypatch.setattr(kernel_library, "run", lambda *_arguments, **_options: Completed(127, "", "rpm: program not found"))
    assert not kernel_library.packages(release).known


@pytest.mark.parametrize(
    ("file", "text", "denied"),
    [
        ("etc/modprobe.d/cis.conf", "# CIS\nblacklist br-netfilter\n", True),
        ("usr/lib/modprobe.d/cis.conf", "install br_netfilter /bin/false\n", True),
        ("etc/modprobe.d/cis.conf", "install br_netfilter /usr/bin/true\n", True),
        ("etc/modprobe.d/own.conf", "install br_netfilter /sbin/modprobe --ignore-install br_netfilter\noptions br_netfilter x=1\n", False),
        ("etc/modprobe.d/cis.conf.rpmsave", "blacklist br_netfilter\n", False),
        ("etc/modprobe.d/cis.conf", "# blacklist br_netfilter\nblacklist br_netfilter2\n", False),
        ("proc/cmdline", "root=/dev/vda1 module_blacklist=floppy,br_netfilter ro\n", True),
    ],
)
def test_el24_what_the_next_boot_would_not_load_is_found(
    host: pathlib.Path, monkeypatch: pytest.MonkeyPatch, file: str, text: str, *, denied: bool
) -> None:
    (host / "sys/module/br_netfilter").mkdir(parents=True)
    put(host / file, text)
    write_kernel(host, RUNNING, CORE + EXTRA)
    state = collected(monkeypatch, Programs(), [{"name": "br_netfilter"}])[0]
    assert state["loaded"] and bool(state["denied"]) == denied
    # what is part of the kernel comes anyhow
    write_kernel(host, RUNNING, CORE, built_in=["kernel/net/bridge/br_netfilter.ko"])
    assert collected(monkeypatch, Programs(), [{"name": "br_netfilter"}])[0]["denied"] is None


def test_el24_an_empty_file_of_the_same_name_hides_the_other(host: pathlib.Path) -> None:
    put(host / "usr/lib/modprobe.d/cis.conf", "blacklist br_netfilter\n")
    assert list(kernel_denied.denials()) == ["br_netfilter"]
    put(host / "etc/modprobe.d/cis.conf", "")
    assert kernel_denied.denials() == {}


@pytest.mark.parametrize("operation", ["load", "find"])
def test_a_module_that_cannot_be_loaded_is_an_error_with_a_hint(monkeypatch: pytest.MonkeyPatch, operation: str) -> None:
    programs = Programs(aliases=["there"])
    monkeypatch.setattr(kernel_modules, "run", programs)
    monkeypatch.setattr(kernel_library, "run", programs)
    monkeypatch.setattr(kernel_library, "running", lambda: RUNNING)
    assert kernel_modules.apply([{"operation": operation, "target": "there", "data": {}}]) == [{}]
    with pytest.raises(HostError, match=rf"xt_none cannot be loaded: .*not found in directory.*kernel-modules-extra-{RUNNING}"):
        kernel_modules.apply([{"operation": operation, "target": "xt_none", "data": {}}])
