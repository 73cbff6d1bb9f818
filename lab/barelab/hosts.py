# SPDX-License-Identifier: GPL-3.0-or-later
"""The disk of a host, powering it on and off, and finding out whether it is up."""

from __future__ import annotations

import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import NoReturn

from barelab import cgroups, network, saves, ssh, supervisor
from barelab.errors import LabError
from barelab.inventory import Host
from barelab.process import run
from barelab.state import Lab

_HERE = pathlib.Path(__file__).resolve().parent
_NAMESPACES = ("--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root", "--wd")
_ENVIRONMENT = ("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "HOME=/root", "USER=root", "LOGNAME=root", "LANG=C.UTF-8")

# Services written in Go collect garbage less often than by default. It saves a tenth of the processor time of an installation; the
# apiserver takes 0.5 GB instead of 0.3.
_MANAGER = "[Manager]\nDefaultEnvironment=GOGC=400\n"


def create_disk(lab: Lab, host: Host, *, files: dict[str, bytes]) -> None:
    """Create the disk: an overlay on the base tree with the host's name, machine ID, ssh keys and the files that this lab needs.

    A host that starts from a save has its name, ID and keys already.
    """
    disk = supervisor.folder(lab, host)
    for name in ("upper", "work", "root"):
        (disk / name).mkdir(parents=True)
    mount(lab, host)
    data = saves.load(lab.save).data(host.name) if lab.save else lab.base_tree / "var/lib"
    run(["cp", "--archive", "--reflink=auto", str(data), f"{disk}/var-lib"])
    root = disk / "root"
    own = {} if lab.save else {"etc/hostname": f"{host.name}\n", "etc/machine-id": f"{os.urandom(16).hex()}\n"}
    own["etc/systemd/system.conf.d/90-lab.conf"] = _MANAGER
    repository = "etc/yum.repos.d/lab.repo"
    own[repository] = (lab.base_tree / repository).read_text(encoding="utf-8").replace("192.168.200.1:", f"{lab.bridge_address}:")
    for name, content in ({name: text.encode() for name, text in own.items()} | files).items():
        _write(root / name.lstrip("/"), content)
    if not lab.save:
        ssh.admit(root, host)


def saved_layers(lab: Lab, host: Host) -> list[pathlib.Path]:
    """The layers that come from the save the lab was started from, the newest first."""
    return saves.load(lab.save).layers(host.name) if lab.save else []


def mount(lab: Lab, host: Host) -> None:
    disk = supervisor.folder(lab, host)
    # volatile: nothing waits for the disk. What a host wrote survives its power cut all the same, in this machine's memory.
    lower = ":".join(str(layer) for layer in (*saved_layers(lab, host), lab.base_tree))
    options = f"volatile,lowerdir={lower},upperdir={disk / 'upper'},workdir={disk / 'work'}"
    run(["mount", "-t", "overlay", "overlay", "-o", options, str(disk / "root")])


def _write(path: pathlib.Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_bytes(content)
    path.chmod(0o644)


def power_on(lab: Lab, host: Host, *, lock: int, deadline: float = 180) -> None:
    """Boot the host and wait until systemd has settled and ssh lets us in."""
    console = console_of(lab, host)
    with console.open("ab") as output:
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
    end = time.monotonic() + deadline
    _wait_for_systemd(lab, host, machine=machine, end=end)
    while not ssh.answers(host):
        if time.monotonic() > end:
            _fail(lab, host, f"does not answer by ssh after {deadline:.0f} s")
        time.sleep(0.2)


def _wait_for_systemd(lab: Lab, host: Host, *, machine: subprocess.Popen[bytes], end: float) -> None:
    said = "nothing"
    while said not in ("running", "degraded"):
        if machine.poll() is not None:
            _fail(lab, host, f"ended while it booted, with status {machine.returncode}")
        if time.monotonic() > end:
            _fail(lab, host, f"has not booted in time; `systemctl is-system-running` said {said!r}, wanted 'running'")
        time.sleep(0.2)
        if leader(host) is not None:
            said = ask(host, ["systemctl", "is-system-running"]).strip() or "nothing"
    if said == "degraded":
        units = ask(host, ["systemctl", "list-units", "--failed", "--plain", "--no-legend"])
        print(f"lab: {host.name} is up, but units have failed:\n{units.rstrip()}", file=sys.stderr, flush=True)


def _fail(lab: Lab, host: Host, what: str) -> NoReturn:
    console = console_of(lab, host)
    tail = "\n".join(console.read_text(encoding="utf-8", errors="replace").splitlines()[-20:])
    raise LabError(f"{host.name} {what}. The end of its console ({console}):\n{tail}")


def console_of(lab: Lab, host: Host) -> pathlib.Path:
    return supervisor.folder(lab, host) / "console.log"


def shut_down(host: Host, *, deadline: float = 60) -> None:
    """Shut the host down as its administrator does. Power it off at once if it takes longer than the deadline."""
    end = time.monotonic() + deadline
    ask(host, ["systemctl", "poweroff"])
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


def leader(host: Host) -> int | None:
    """The process ID, on this machine, of the host's first process; None if the host is stopped."""
    own_depth = len(_pids_by_namespace("self"))
    for pid in sorted(cgroups.settled_processes(host.name)):
        with contextlib.suppress(OSError):  # it has ended
            numbers = _pids_by_namespace(str(pid))
            if len(numbers) == own_depth + 1 and numbers[-1] == "1":
                return pid
    return None


def _pids_by_namespace(pid: str) -> list[str]:
    for line in pathlib.Path("/proc", pid, "status").read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith("NSpid:"):
            return line.split()[1:]
    return []


def enter(host: Host) -> list[str]:
    """The start of a command that runs on the host, next to its services and not through its network."""
    pid = leader(host)
    if pid is None:
        raise LabError(f"{host.name} is stopped; start it with: lab/lab start {host.name}")
    terminal = f"TERM={os.environ.get('TERM', 'dumb')}"
    return [
        "nsenter",
        f"--target={pid}",
        *_NAMESPACES,
        "--",
        "/usr/bin/env",
        "--ignore-environment",
        "--chdir=/root",
        *_ENVIRONMENT,
        terminal,
    ]


def ask(host: Host, argv: Sequence[str]) -> str:
    """The output of a command on the host; empty if it cannot be run."""
    try:
        return run([*enter(host), *argv], check=False, timeout=30).stdout
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
