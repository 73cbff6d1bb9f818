# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts with a kernel of their own, on a machine that cannot virtualise: User Mode Linux, a program of this machine.

They have what the kernel of this machine has not: SELinux, which is enforcing from the first moment; cgroup v2 alone; modules that must be
loaded. They are 6 to 10 times slower than other hosts wherever processes are started.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pathlib
import shlex
import sys
from collections.abc import Sequence
from typing import Any

from barelab import cgroups, disks, guest_image, kernel_limits, network, ssh, state
from barelab.built_folders import Progress
from barelab.errors import LabError
from barelab.inventory import Host
from barelab.state import Lab

# Taken from this machine as a guest uses it.
_MEMORY = "4G"
_TUN = pathlib.Path("/dev/net/tun")
# Where the memory of guests is: a file in memory, as User Mode Linux maps it.
_SHARED_MEMORY = "/dev/shm"
_RESTARTING = "reboot: Restarting system"


@dataclasses.dataclass(frozen=True)
class Guests:
    """The driver; see driver.py."""

    # with the modules that EL 10 has in kernel-modules-extra
    extra: bool
    packages: frozenset[str] = frozenset({"e2fsprogs", "kmod"})
    boot_seconds: float = 900
    shutdown_seconds: float = 300
    answer_seconds: float = 300
    pause: float = 2
    saves: bool = False

    def require(self) -> None:
        cgroups.require()
        if not _TUN.exists():
            raise LabError(f"{_TUN} does not exist: the kernel of this machine cannot give a guest a network")
        kernel_limits.raise_to(kernel_limits.OF_GUESTS)

    def tree(self, base_tree: pathlib.Path, progress: Progress) -> pathlib.Path:
        return guest_image.ensure(base_tree, extra=self.extra, progress=progress)

    def variables(self) -> dict[str, Any]:
        return {"host_selinux_state": "enforcing"}

    def create_disk(self, lab: Lab, host: Host, files: dict[str, bytes]) -> None:
        guest_image.create_disk(lab, host, files)

    def plug_in(self, lab: Lab, host: Host) -> None:
        network.plug_in_tap(host)

    def command(self, lab: Lab, host: Host) -> list[str]:
        disk = disks.folder(lab, host)
        cable = f"vec0:transport=tap,ifname={network.port(host.address)},depth=128,gro=1,mac={network.mac(host.address)}"
        return network.inside(
            [
                str(disk / "linux"),
                # A short path: the socket of its monitor lies there.
                *(f"mem={_MEMORY}", f"uml_dir={state.DIRECTORY}/", f"umid={network.port(host.address)}"),
                *(f"ubda={disk / 'disk.img'}", "root=/dev/ubda", "rw", cable, "net.ifnames=0"),
                *("con=null", "con0=null,fd:1", "ssl=null", "systemd.show_status=0"),
                "enforcing=1",
                # The quicker way to run a guest's processes; and a second processor makes Go programs slower.
                *("seccomp=on", "ncpus=1"),
                # Its own way to reboot finds the cable in use.
                "noreboot",
            ]
        )

    def environment(self) -> dict[str, str]:
        return {"TMPDIR": _SHARED_MEMORY}

    def asked_for_reboot(self, status: int, said: str) -> bool:
        return _RESTARTING in said[-2000:]

    def leader(self, lab: Lab, host: Host) -> int | None:
        """The kernel."""
        program = str(disks.folder(lab, host) / "linux")
        for pid in sorted(cgroups.settled_processes(host.name)):
            with contextlib.suppress(OSError):  # it has ended
                if os.readlink(f"/proc/{pid}/exe") == program:
                    return pid
        return None

    def enter(self, lab: Lab, host: Host, argv: Sequence[str]) -> list[str]:
        """By ssh: there is no other way into a machine of its own."""
        if self.leader(lab, host) is None:
            raise LabError(f"{host.name} is stopped; start it with: lab/lab start {host.name}")
        return ssh.command(host, [shlex.join(argv)], terminal=sys.stdin.isatty())
