# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian packages that the lab needs on this machine."""

from __future__ import annotations

import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator

from barelab.errors import LabError

_POLICY = pathlib.Path("/usr/sbin/policy-rc.d")
_ONE_AT_A_TIME = threading.Lock()


def require(packages: Iterable[str]) -> None:
    """Install what is missing, if this is Debian and we are root, and say so; else raise LabError saying what to install."""
    with _ONE_AT_A_TIME:
        wanted = missing(packages)
        if not wanted:
            return
        if os.geteuid() != 0 or shutil.which("apt-get") is None:
            raise LabError(
                f"missing on this machine: {' '.join(wanted)} (names of Debian packages); install them, or run as root on Debian"
            )
        print(f"lab: installing Debian packages: {' '.join(wanted)}", file=sys.stderr, flush=True)
        with _services_stay_off():
            if _install(wanted).returncode != 0:  # the package lists may be old or absent
                _apt(["update", "--quiet", "--quiet"])
                done = _install(wanted)
                if done.returncode != 0:
                    raise LabError(f"apt-get could not install {' '.join(wanted)}: {done.stdout[-1500:]}")
        _disable_services(wanted)


def missing(packages: Iterable[str]) -> list[str]:
    """Those of the packages that are not installed."""
    names = sorted(set(packages))
    if not names:
        return []
    if shutil.which("dpkg-query") is None:
        raise LabError(f"this machine is not Debian; the lab needs what these Debian packages hold: {' '.join(names)}")
    query = ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\\n", *names]
    lines = subprocess.run(query, capture_output=True, text=True, check=False).stdout.splitlines()
    installed = {line.split()[0] for line in lines if line.endswith(" installed")}
    return [name for name in names if name not in installed]


def _install(packages: list[str]) -> subprocess.CompletedProcess[str]:
    return _apt(["install", "--quiet", "--quiet", "--yes", "--no-install-recommends", *packages])


def _apt(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["apt-get", "-o", "DPkg::Lock::Timeout=300", *arguments],
        env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )


@contextlib.contextmanager
def _services_stay_off() -> Iterator[None]:
    """The lab starts what it needs inside its own network; the machine itself gets no new server."""
    if _POLICY.exists():
        yield
        return
    _POLICY.write_text("#!/bin/sh\nexit 101\n", encoding="ascii")
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink(missing_ok=True)


def _disable_services(packages: list[str]) -> None:
    """Nor does it get one at its next boot."""
    if not pathlib.Path("/run/systemd/system").exists():
        return
    files = subprocess.run(["dpkg-query", "--listfiles", *packages], capture_output=True, text=True, check=False).stdout.splitlines()
    units = sorted(
        {pathlib.Path(file).name for file in files if "/systemd/system/" in file and file.endswith(".service") and "@" not in file}
    )
    if units:
        subprocess.run(["systemctl", "disable", "--quiet", *units], stderr=subprocess.DEVNULL, check=False)
