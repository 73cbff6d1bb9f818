# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kinds of hosts have in common, and what not."""

from __future__ import annotations

import dataclasses
import pathlib
import shlex

import pytest

from barelab import cli, driver, guests, rootfs, state
from barelab.errors import LabError
from barelab.guests import Guests
from barelab.inventory import Host
from barelab.nspawn import OVERLAY, Nspawn

HOST = Host(name="k8s.allinone.dev", address="192.168.200.100", groups=("all",))
LAB = state.Lab(
    inventory=pathlib.Path("/inventories/all-in-one"),
    hosts=(HOST,),
    versions=("kubernetes=1.37.1",),
    base_tree=pathlib.Path("/cache/guest-tree/12ab/root"),
    data=pathlib.Path("/cache/hosts"),
    driver="guests",
)


def test_a_lab_has_the_driver_that_it_was_made_with() -> None:
    assert driver.of(LAB) == Guests(extra=True)
    assert driver.of(dataclasses.replace(LAB, driver="guests-core")) == Guests(extra=False)
    assert driver.of(dataclasses.replace(LAB, driver=driver.DEFAULT)) == Nspawn()
    with pytest.raises(LabError, match="there is no driver 'docker'; wanted one of: nspawn, guests, guests-core"):
        driver.named("docker")


def test_guests_do_what_this_machines_kernel_does_not() -> None:
    assert driver.of(LAB).variables() == {"host_selinux_state": "enforcing"}
    assert driver.named(driver.DEFAULT).variables()["host_selinux_state"] == "unmanaged"


def test_nothing_of_nspawn_hosts_is_in_the_tree_of_all() -> None:
    shared = {path.relative_to(rootfs.OVERLAY) for path in rootfs.OVERLAY.rglob("*") if path.is_file()}
    own = {path.relative_to(OVERLAY) for path in OVERLAY.rglob("*") if path.is_file()}
    assert pathlib.Path("etc/systemd/system/lab-cgroups.service") in own
    assert not shared & own
    text = "".join((rootfs.OVERLAY / name).read_text(encoding="utf-8") for name in shared)
    assert not [word for word in ("lab-cgroups", "failCgroupV1", "ReadKMsg", "/usr/libexec/lab") if word in text]


def test_a_guest_is_enforcing_and_in_the_labs_network() -> None:
    command = driver.of(LAB).command(LAB, HOST)
    assert command[0] == "nsenter"
    assert command[3:4] == ["/cache/hosts/k8s.allinone.dev/linux"]
    assert {"enforcing=1", "noreboot", "root=/dev/ubda", "ubda=/cache/hosts/k8s.allinone.dev/disk.img"} <= set(command)
    assert any(word.startswith("vec0:transport=tap,ifname=host100,") and word.endswith("mac=02:00:c0:a8:c8:64") for word in command)


@pytest.mark.parametrize(
    ("said", "again"),
    [("[  9.1] reboot: Restarting system\n", True), ("[  9.1] reboot: Power down\n", False), ("Kernel panic\n", False), ("", False)],
)
def test_a_guest_is_booted_again_when_it_says_so(said: str, again: bool) -> None:
    assert driver.of(LAB).asked_for_reboot(0, said) is again


def test_only_the_end_of_the_console_tells() -> None:
    assert not driver.of(LAB).asked_for_reboot(1, "reboot: Restarting system\n" + "x" * 5000)


def test_a_command_reaches_a_guest_as_it_was_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """ssh joins words with blanks, and a shell on the host takes them apart again."""
    monkeypatch.setattr(guests.Guests, "leader", lambda self, lab, host: 1)
    words = ["sh", "-c", "echo 'a  b' > \"$HOME/x y\"; cat"]
    command = driver.of(LAB).enter(LAB, HOST, words)
    assert command[-2] == HOST.name
    assert shlex.split(command[-1]) == words


def test_a_stopped_guest_says_how_it_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guests.Guests, "leader", lambda self, lab, host: None)
    with pytest.raises(LabError, match=r"k8s\.allinone\.dev is stopped; start it with: lab/lab start"):
        driver.of(LAB).enter(LAB, HOST, ["true"])


def test_guests_do_not_start_from_a_save(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.parse(["up", "--driver", "guests", "--from", "mine"])
    assert "--driver guests and --from exclude each other" in capsys.readouterr().err
