# SPDX-License-Identifier: GPL-3.0-or-later
"""One subtree per host in every cgroup hierarchy of the machine.

It confines the host, and it is how all processes of a host are found and ended, whoever started them.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import shlex
import signal
import time
from collections.abc import Iterable, Iterator, Sequence

from barelab import names
from barelab.errors import LabError

_ROOT = pathlib.Path("/sys/fs/cgroup")
_LAB = names.own("barehost-lab")
# A host's processes are in its subtree of each hierarchy; in this one nobody on it makes more than a few groups, so it is read fastest.
_FLATTEST = _ROOT / "freezer"
# The default of cpu.shares
_WEIGHT = 1024


def hierarchies() -> list[pathlib.Path]:
    """The mounted hierarchies: those of version 1, and the version 2 one that systemd may have beside them."""
    found = []
    for line in pathlib.Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
        place, kind = line.split()[4], line.split(" - ")[1].split()[0]
        if kind in ("cgroup", "cgroup2") and place.startswith(f"{_ROOT}/"):
            found.append(pathlib.Path(place))
    return found


def require() -> None:
    """The hosts boot a systemd that is told to use version 1 hierarchies."""
    names = {hierarchy.name for hierarchy in hierarchies()}
    missing = {"systemd", "pids", "memory", "freezer", "cpuset"} - names
    if missing:
        raise LabError(
            f"the lab's hosts need version 1 cgroup hierarchies under {_ROOT}; this machine lacks {', '.join(sorted(missing))}. "
            "Use virtual machines instead: make cluster LAB=vagrant"
        )


def folders(host: str) -> list[pathlib.Path]:
    return [hierarchy / _LAB / host for hierarchy in hierarchies()]


def create(host: str) -> None:
    for folder in folders(host):
        folder.mkdir(parents=True, exist_ok=True)
        if folder.parent.parent.name == "cpuset":  # an empty set takes no process
            for level in (folder.parent, folder):
                for name in ("cpuset.cpus", "cpuset.mems"):
                    (level / name).write_text((folder.parent.parent / name).read_text(encoding="ascii"), encoding="ascii")
        if "cpu" in folder.parent.parent.name.split(","):  # some machines have cpu and cpuacct together
            share_processors(folder.parent)


def share_processors(lab: pathlib.Path) -> None:
    """Give a host of the lab the weight that the kernel gives a whole session of this machine.

    Without it, all hosts together have that weight. Beside an Ansible with many forks, etcd then waits so long that it elects leaders.
    """
    hosts_of_lab = sum(1 for folder in lab.iterdir() if folder.is_dir())
    (lab / "cpu.shares").write_text(str(_WEIGHT * hosts_of_lab), encoding="ascii")


def join(host: str) -> None:
    """Move this process into the host's subtrees."""
    for folder in folders(host):
        (folder / "cgroup.procs").write_text(str(os.getpid()), encoding="ascii")


def joined(host: str, argv: Sequence[str], *, below: str) -> list[str]:
    """The command that moves itself into the host's subtrees, there below a folder that systemd-nspawn makes, and then is ``argv``."""
    places = [folder / below if (folder / below).is_dir() else folder for folder in folders(host)]
    moves = "; ".join(f"echo 0 > {shlex.quote(str(place))}/cgroup.procs" for place in places)
    return ["sh", "-c", f'{moves}; exec "$@"', "join", *argv]


def processes(host: str | None = None) -> set[int]:
    """The processes of a host, or of all, also of those that are on their way into its subtrees."""
    return _processes(hierarchies(), host)


def settled_processes(host: str) -> set[int]:
    """The processes of a host, but for those that are still on their way into its subtrees."""
    return _processes([_FLATTEST], host)


def _processes(places: Iterable[pathlib.Path], host: str | None) -> set[int]:
    found: set[int] = set()
    for hierarchy in places:
        top = hierarchy / _LAB / host if host else hierarchy / _LAB
        for folder in _walk(top):
            with contextlib.suppress(OSError):  # the folder has just been removed
                found.update(int(pid) for pid in (folder / "cgroup.procs").read_text(encoding="ascii").split())
    return found - {0}


def kill(host: str, *, deadline: float = 20) -> None:
    """End every process of the host at the same moment, as a power cut does: none sees another one die."""
    end = time.monotonic() + deadline
    while victims := processes(host):
        _freeze(host, "FROZEN")
        for pid in victims | processes(host):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        _freeze(host, "THAWED")
        if time.monotonic() > end:
            raise LabError(f"processes of {host} do not end: {sorted(victims)}; see their state with: ps -o pid,stat,wchan,args")
        time.sleep(0.05)


def _freeze(host: str, state: str) -> None:
    with contextlib.suppress(OSError):
        (_ROOT / "freezer" / _LAB / host / "freezer.state").write_text(state, encoding="ascii")


def hosts() -> list[str]:
    """The hosts that have a subtree, of whatever run."""
    return sorted({folder.name for hierarchy in hierarchies() for folder in (hierarchy / _LAB).glob("*") if folder.is_dir()})


def remove(host: str) -> None:
    """Remove the subtrees of a host that has no processes left."""
    for folder in folders(host):
        _remove_tree(folder)


def remove_all() -> None:
    for hierarchy in hierarchies():
        _remove_tree(hierarchy / _LAB)


def _remove_tree(top: pathlib.Path) -> None:
    for folder in reversed(list(_walk(top))):
        _remove_folder(folder)


def _remove_folder(folder: pathlib.Path, attempts: int = 50) -> None:
    for attempt in range(attempts):
        try:
            folder.rmdir()
        except FileNotFoundError:
            return
        except OSError:  # the last process has been ended but not yet been reaped
            if attempt == attempts - 1:
                raise
            time.sleep(0.1)
        else:
            return


def _walk(top: pathlib.Path) -> Iterator[pathlib.Path]:
    if top.is_dir():
        for folder, _, _ in os.walk(top):
            yield pathlib.Path(folder)
