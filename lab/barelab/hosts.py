# SPDX-License-Identifier: GPL-3.0-or-later
"""Powering a host on and off, finding out whether it is up, and asking it: the same for all kinds of hosts."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import NoReturn

from barelab import cgroups, disks, driver, network, ssh
from barelab.errors import LabError
from barelab.inventory import Host
from barelab.process import run
from barelab.state import Lab

_HERE = pathlib.Path(__file__).resolve().parent
_ENVIRONMENT = ("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "HOME=/root", "USER=root", "LOGNAME=root", "LANG=C.UTF-8")


def power_on(lab: Lab, host: Host, *, lock: int) -> None:
    """Boot the host and wait until systemd has settled and ssh lets us in."""
    kind = driver.of(lab)
    with disks.console(lab, host).open("ab") as output:
        machine = subprocess.Popen(
            [sys.executable, "-m", "barelab.supervisor", host.name, str(lock)],
            cwd="/",
            env=os.environ | {"PYTHONPATH": str(_HERE.parent)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=(lock,),
        )
    end = time.monotonic() + kind.boot_seconds
    _wait_for_systemd(lab, host, machine=machine, end=end)
    while not ssh.answers(host):
        if time.monotonic() > end:
            _fail(lab, host, f"does not answer by ssh after {kind.boot_seconds:.0f} s")
        time.sleep(kind.pause)


def _wait_for_systemd(lab: Lab, host: Host, *, machine: subprocess.Popen[bytes], end: float) -> None:
    said = "nothing"
    while said not in ("running", "degraded"):
        if machine.poll() is not None:
            _fail(lab, host, f"ended while it booted, with status {machine.returncode}")
        if time.monotonic() > end:
            _fail(lab, host, f"has not booted in time; `systemctl is-system-running` said {said!r}, wanted 'running'")
        time.sleep(driver.of(lab).pause)
        if leader(lab, host) is not None:
            said = ask(lab, host, ["systemctl", "is-system-running"]).strip() or "nothing"
    if said == "degraded":
        units = ask(lab, host, ["systemctl", "list-units", "--failed", "--plain", "--no-legend"])
        print(f"lab: {host.name} is up, but units have failed:\n{units.rstrip()}", file=sys.stderr, flush=True)


def _fail(lab: Lab, host: Host, what: str) -> NoReturn:
    console = disks.console(lab, host)
    tail = "\n".join(console.read_text(encoding="utf-8", errors="replace").splitlines()[-20:])
    raise LabError(f"{host.name} {what}. The end of its console ({console}):\n{tail}")


def shut_down(lab: Lab, host: Host) -> None:
    """Shut the host down as its administrator does. Power it off at once if it takes too long."""
    deadline = driver.of(lab).shutdown_seconds
    end = time.monotonic() + deadline
    ask(lab, host, ["systemctl", "poweroff"])
    while cgroups.processes(host.name):
        if time.monotonic() > end:
            print(f"lab: {host.name} did not power off within {deadline:.0f} s; it is powered off at once", file=sys.stderr, flush=True)
            break
        time.sleep(0.1)
    power_off(host)


def power_off(host: Host) -> None:
    """Power the host off at once, as a power cut does."""
    cgroups.kill(host.name)
    network.unplug(host)
    cgroups.remove(host.name)


def leader(lab: Lab, host: Host) -> int | None:
    """A process on this machine that lives as long as the host runs; None if the host is stopped."""
    return driver.of(lab).leader(lab, host)


def enter(lab: Lab, host: Host, argv: Sequence[str]) -> list[str]:
    """The command that runs another one on the host, as root and with root's environment."""
    terminal = f"TERM={os.environ.get('TERM', 'dumb')}"
    prefix = ["/usr/bin/env", "--ignore-environment", "--chdir=/root", *_ENVIRONMENT, terminal]
    return driver.of(lab).enter(lab, host, [*prefix, *argv])


def ask(lab: Lab, host: Host, argv: Sequence[str]) -> str:
    """The output of a command on the host; empty if it cannot be run."""
    try:
        return run(enter(lab, host, argv), check=False, timeout=driver.of(lab).answer_seconds).stdout
    except LabError:
        return ""


def unmount_all(data: pathlib.Path) -> None:
    """Unmount everything below the folder of the disks."""
    table = pathlib.Path("/proc/self/mountinfo").read_text(encoding="utf-8")
    places = [line.split()[4].encode().decode("unicode_escape") for line in table.splitlines()]
    for place in reversed([place for place in places if place.startswith(f"{data}/")]):
        run(["umount", place])


def remove_disks(data: pathlib.Path) -> None:
    unmount_all(data)
    if data.exists():
        shutil.rmtree(data)
