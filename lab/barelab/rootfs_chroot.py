# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands inside a root file system that is not booted.

Mounts and processes live in namespaces of their own, which end with the command: a killed build leaves no mount behind and
nothing that could hold the tree.
"""

from __future__ import annotations

import os
import pathlib
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from barelab.errors import LabError

_ENTER = """
set -eu
root=$1 lower=$2 upper=$3 work=$4; shift 4
if [ -n "$lower" ]; then mount -t overlay overlay -o "lowerdir=$lower,upperdir=$upper,workdir=$work" "$root"; fi
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount --bind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/run"
if [ -e /etc/resolv.conf ]; then
  [ -e "$root/etc/resolv.conf" ] || : > "$root/etc/resolv.conf"
  mount --bind /etc/resolv.conf "$root/etc/resolv.conf"
fi
exec chroot "$root" "$@"
"""
# Put before a command: its mounts are its own, and it and all that it started end with it and with the process that started it.
ISOLATED = (
    *("setpriv", "--pdeathsig", "KILL"),
    *("unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc", "--"),
)
_PASSED_ON = ("http_proxy", "https_proxy", "no_proxy")


@dataclass(frozen=True, kw_only=True)
class Chroot:
    """A root file system to run commands in; with ``overlay``, changes go to that folder and the tree stays as it is."""

    tree: pathlib.Path
    overlay: pathlib.Path | None = None

    @property
    def changes(self) -> pathlib.Path:
        """Where a file that a command writes at /x is found from outside, as changes/x."""
        return self.tree if self.overlay is None else self.overlay / "upper"

    def run(self, command: Sequence[str], *, what: str) -> str:
        """The command's output; LabError with the end of it if it fails."""
        result = subprocess.run(
            [*ISOLATED, "sh", "-c", _ENTER, "enter", *self._mounts(), *command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            env=_environment(),
            check=False,
        )
        if result.returncode != 0:
            end = "\n".join((result.stdout + result.stderr).splitlines()[-15:])
            raise LabError(f"{what}: {command[0]} ended with status {result.returncode}:\n{end}")
        return result.stdout

    def _mounts(self) -> list[str]:
        if self.overlay is None:
            return [str(self.tree), "", "", ""]
        folders = [self.overlay / name for name in ("root", "upper", "work")]
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
        root, upper, work = folders
        return [str(root), str(self.tree), str(upper), str(work)]


def _environment() -> dict[str, str]:
    fixed = {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/root",
        "LC_ALL": "C.UTF-8",
        "DEBIAN_FRONTEND": "noninteractive",
    }
    return fixed | {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
