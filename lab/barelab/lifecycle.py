# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands for a lab that exists: remove it, stop and start hosts, cut the network, show the status, keep the logs."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pathlib
import shutil
import signal
import sys
import time
from typing import Any

from barelab import cache, cgroups, disks, hosts, line, network, state
from barelab.errors import LabError
from barelab.line import Line
from barelab.state import Lab

WAITING = "lab: waiting for another lab command to finish"


def require_root() -> None:
    if os.geteuid() != 0:
        raise LabError("the lab creates network namespaces and mounts, which needs root; run it with: sudo -E lab/lab …")


def inventory_files(folder: pathlib.Path) -> tuple[pathlib.Path, pathlib.Path]:
    return folder / "ssh_config", folder / "group_vars/all/lab.yml"


def down() -> None:
    """Remove everything of the lab from this machine, except for the cache of built things and saves."""
    require_root()
    with state.lock(WAITING):
        clean()


def clean() -> None:
    """Remove the processes, mounts, namespaces, cgroups, disks and files of a lab. Works without a record of the lab, too."""
    lab = state.load()
    for name in cgroups.hosts():
        cgroups.kill(name)
    _end_processes()
    data = lab.data if lab else cache.host_disks()
    hosts.remove_disks(data)
    network.remove_all()
    cgroups.remove_all()
    if lab:
        for path in inventory_files(lab.inventory):
            path.unlink(missing_ok=True)
    for path in state.DIRECTORY.glob("*"):
        if path.name != "lock":
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _end_processes(deadline: float = 5) -> None:
    """End this machine's processes in the lab's network: servers, and whatever ``lab run`` has started."""
    end = time.monotonic() + deadline
    kind = signal.SIGTERM
    while victims := set(network.processes()) - _ancestors():
        for pid in victims:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, kind)
        time.sleep(0.1)
        if time.monotonic() > end - deadline / 2:
            kind = signal.SIGKILL
        if time.monotonic() > end:
            raise LabError(f"processes in the lab's network do not end: {sorted(victims)}")


def _ancestors() -> set[int]:
    """This process and those that started it: they stay, because `lab down` may run in a shell inside the lab's network."""
    found: set[int] = set()
    pid = os.getpid()
    while pid > 0:
        found.add(pid)
        try:
            pid = int(pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
        except OSError:
            break
    return found


def stop(name: str) -> None:
    require_root()
    with state.lock(WAITING):
        hosts.power_off(state.require().host(name))


def start(name: str) -> None:
    require_root()
    with state.lock(WAITING) as lock:
        lab = state.require()
        host = lab.host(name)
        if hosts.leader(lab, host) is not None:
            raise LabError(f"{host.name} runs already")
        hosts.power_off(host)
        hosts.power_on(lab, host, lock=lock)


def cut(first: str, second: str) -> None:
    """Drop all traffic between two hosts until ``heal``."""
    require_root()
    with state.lock(WAITING):
        lab = state.require()
        pair = tuple(sorted({lab.host(first).name, lab.host(second).name}))
        if len(pair) != 2:
            raise LabError(f"{first} and {second} are the same host")
        _set_cuts(lab, {*lab.cuts, (pair[0], pair[1])})


def heal() -> None:
    require_root()
    with state.lock(WAITING):
        _set_cuts(state.require(), set())


def _set_cuts(lab: Lab, cuts: set[tuple[str, str]]) -> None:
    network.apply_cuts((lab.host(first).address, lab.host(second).address) for first, second in sorted(cuts))
    state.save(dataclasses.replace(lab, cuts=tuple(sorted(cuts))))


def set_line(wanted: Line) -> None:
    """Make the line from ssh to the hosts slow, or fast again, until the lab is removed."""
    require_root()
    with state.lock(WAITING):
        state.require()
        line.save(wanted)


def status() -> dict[str, Any]:
    """The state of the lab, as `lab status --json` prints it."""
    lab = state.load()
    if lab is None:
        return dict.fromkeys(("inventory", "driver", "network", "address", "line")) | {"versions": [], "cuts": [], "hosts": []}
    leaders = {host.name: hosts.leader(lab, host) for host in lab.hosts}
    return {
        "inventory": str(lab.inventory),
        "driver": lab.driver,
        "network": str(lab.network),
        "address": lab.bridge_address,
        "versions": list(lab.versions),
        "cuts": [list(pair) for pair in lab.cuts],
        "line": dataclasses.asdict(line.load()),
        "hosts": [
            {
                "name": host.name,
                "address": host.address,
                "groups": list(host.groups),
                "state": "running" if leaders[host.name] else "stopped",
                "pid": leaders[host.name],
            }
            for host in lab.hosts
        ],
    }


def save_logs(folder: pathlib.Path) -> None:
    """Save the journal and the console of every host, to find out what went wrong."""
    lab = state.require()
    folder.mkdir(parents=True, exist_ok=True)
    for host in lab.hosts:
        console = disks.console(lab, host)
        if console.exists():
            shutil.copyfile(console, folder / f"{host.name}.console.log")
        if hosts.leader(lab, host) is not None:
            journal = hosts.ask(lab, host, ["journalctl", "--no-pager", "--output=short-iso-precise"])
            (folder / f"{host.name}.journal.log").write_text(journal, encoding="utf-8")
    print(f"lab: logs of {len(lab.hosts)} hosts are in {folder}", file=sys.stderr)
