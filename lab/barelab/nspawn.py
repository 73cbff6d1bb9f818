# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that share this machine's kernel: systemd-nspawn on an overlay of the base tree. They are up in seconds, and can be saved."""

from __future__ import annotations

import contextlib
import dataclasses
import pathlib
from collections.abc import Sequence
from typing import Any

from barelab import cgroups, disks, kernel_limits, network, rootfs, saves, ssh
from barelab.built_folders import Progress
from barelab.errors import LabError
from barelab.inventory import Host
from barelab.process import run
from barelab.releases import LAB
from barelab.state import Lab

# What only such hosts have: settings for what this machine's kernel does not offer.
OVERLAY = LAB / "nspawn"
# Units that it needs at once, and such as can do nothing here.
_WANTED = {"sysinit.target": "lab-cgroups.service"}
_MASKED = (
    "modprobe@configfs.service",
    "modprobe@drm.service",
    "modprobe@fuse.service",
    "systemd-pcrphase-sysinit.service",
    "systemd-pcrphase.service",
)
_NAMESPACES = ("--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root", "--wd")
_REBOOT = 133
# Each host must see its own subtree as the root of every hierarchy, on the mounts too: else all hosts' systemds would share
# one tree of units, and none could tell when a unit of its own is empty. And what systemd-nspawn notes in /run would stay
# after a power cut.
_ENTER = """
for pair in $1; do mount --bind "${pair#*=}" "${pair%%=*}"; done
mkdir -p /run/systemd/nspawn
mount -t tmpfs tmpfs /run/systemd/nspawn
shift
exec "$@"
"""
_LEGACY = "SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE"


@dataclasses.dataclass(frozen=True)
class Nspawn:
    """The driver; see driver.py."""

    packages: frozenset[str] = frozenset({"systemd-container"})
    boot_seconds: float = 180
    shutdown_seconds: float = 60
    answer_seconds: float = 30
    pause: float = 0.2
    saves: bool = True

    def require(self) -> None:
        cgroups.require()
        kernel_limits.raise_to(kernel_limits.OF_CONTAINERS)

    def tree(self, base_tree: pathlib.Path, progress: Progress) -> pathlib.Path:
        return base_tree

    def variables(self) -> dict[str, Any]:
        return {
            "host_selinux_state": "unmanaged",
            # A network namespace cannot size the kernel's connection table.
            "minion_proxy_config": {"conntrack": {"maxPerCore": 0, "min": 0}},
        }

    def create_disk(self, lab: Lab, host: Host, files: dict[str, bytes]) -> None:
        """An overlay on the base tree. A host that starts from a save has its name, ID, keys and units already."""
        disk = disks.folder(lab, host)
        for name in ("upper", "work", "root"):
            (disk / name).mkdir(parents=True)
        _mount(lab, host)
        data = saves.load(lab.save).data(host.name) if lab.save else lab.base_tree / "var/lib"
        run(["cp", "--archive", "--reflink=auto", str(data), f"{disk}/var-lib"])
        root = disk / "root"
        if not lab.save:
            rootfs.put(OVERLAY, root)
            _set_up_units(root / "etc/systemd/system")
            disks.write(root, disks.identity(host))
            ssh.admit(root, host)
        disks.write(root, disks.settings(lab) | files)

    def plug_in(self, lab: Lab, host: Host) -> None:
        network.plug_in(host, gateway=lab.bridge_address)

    def command(self, lab: Lab, host: Host) -> list[str]:
        disk = disks.folder(lab, host)
        pairs = " ".join(f"{place.parent.parent}={place}" for place in cgroups.folders(host.name))
        return [
            *("unshare", "--mount", "--propagation", "slave", "--cgroup", "--", "sh", "-euc", _ENTER, "enter", pairs),
            *("systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit", "--capability=all", "--system-call-filter=@known"),
            f"--directory={disk / 'root'}",
            f"--machine={host.name}",
            f"--network-namespace-path={network.path(network.host_namespace(host))}",
            # Docker's and etcd's data must not lie on an overlay; and a reset must be able to remove what lies below this
            f"--bind={disk / 'var-lib'}:/var/lib",
            "--bind=/dev/kmsg",
            *("--resolv-conf=off", "--timezone=off", "--link-journal=no"),
            f"--setenv=SYSTEMD_PROC_CMDLINE=systemd.unified_cgroup_hierarchy=0 {_LEGACY}=1",
            f"--setenv={_LEGACY}=1",
            "--setenv=TERM=dumb",  # the console is read as a file
        ]

    def environment(self) -> dict[str, str]:
        return {"SYSTEMD_NSPAWN_API_VFS_WRITABLE": "1", _LEGACY: "1"}

    def asked_for_reboot(self, status: int, said: str) -> bool:
        return status == _REBOOT

    def leader(self, lab: Lab, host: Host) -> int | None:
        """The host's first process, as this machine sees it."""
        own_depth = len(_pids_by_namespace("self"))
        for pid in sorted(cgroups.settled_processes(host.name)):
            with contextlib.suppress(OSError):  # it has ended
                numbers = _pids_by_namespace(str(pid))
                if len(numbers) == own_depth + 1 and numbers[-1] == "1":
                    return pid
        return None

    def enter(self, lab: Lab, host: Host, argv: Sequence[str]) -> list[str]:
        """Next to the host's services, and not through its network."""
        pid = self.leader(lab, host)
        if pid is None:
            raise LabError(f"{host.name} is stopped; start it with: lab/lab start {host.name}")
        return ["nsenter", f"--target={pid}", *_NAMESPACES, "--", *argv]


def _set_up_units(units: pathlib.Path) -> None:
    for target, unit in _WANTED.items():
        (units / f"{target}.wants").mkdir(exist_ok=True)
        (units / f"{target}.wants" / unit).symlink_to(f"/etc/systemd/system/{unit}")
    for unit in _MASKED:
        (units / unit).symlink_to("/dev/null")


def saved_layers(lab: Lab, host: Host) -> list[pathlib.Path]:
    """The layers that come from the save the lab was started from, the newest first."""
    return saves.load(lab.save).layers(host.name) if lab.save else []


def _mount(lab: Lab, host: Host) -> None:
    disk = disks.folder(lab, host)
    # volatile: nothing waits for the disk. What a host wrote survives its power cut all the same, in this machine's memory.
    lower = ":".join(str(layer) for layer in (*saved_layers(lab, host), lab.base_tree))
    options = f"volatile,lowerdir={lower},upperdir={disk / 'upper'},workdir={disk / 'work'}"
    run(["mount", "-t", "overlay", "overlay", "-o", options, str(disk / "root")])


def _pids_by_namespace(pid: str) -> list[str]:
    for line in pathlib.Path("/proc", pid, "status").read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith("NSpid:"):
            return line.split()[1:]
    return []
