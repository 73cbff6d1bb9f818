# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernels of this host: the one that runs, the one that the next boot takes, and which modules each has.

On EL 10 the modules of iptables and bridges are in a package of their own, ``kernel-modules-extra``, and a kernel can come without it. So
nothing is taken for granted: the lists that depmod has made are read.
"""

from __future__ import annotations

import os
import re
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import run
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.small_files import lines_of

LIBRARY = "/lib/modules"
_FILE = re.compile(r"(?P<path>.*/(?P<name>[^/]+))\.ko(?:\.\w+)?$")
# 6.12.0-55.el10.aarch64+64k: another build of the same version has packages of its own, kernel-64k-core and so on.
_RELEASE = re.compile(r"(?P<version>[^+]+)(?:\+(?P<build>.+))?")
_MATCHED_SINCE = 10


class Packages(t.NamedTuple):
    """The packages of one kernel. ``installed``: whether the one with further modules is; ``known``: whether the kernel is of a package."""

    known: bool
    installed: bool
    extra: str
    keeping_pace: t.Optional[str]


def running() -> str:
    return os.uname().release


def to_boot() -> str:
    """The release that the next boot takes; the running one where nothing says so, as on a machine that gets its kernel from outside.

    grubby reads the boot loader's entries. Without it, the kernel that was installed last is the default of EL.
    """
    done = run(["grubby", "--default-kernel"])
    match = re.search(r"/vmlinuz-(\S+)", done.output) if done.ok else None
    if match:
        return match[1]
    done = run(["rpm", "--query", "--queryformat", "%{INSTALLTIME} %{VERSION}-%{RELEASE}.%{ARCH}\n", "kernel-core"])
    found = [line.split(" ", 1) for line in done.output.splitlines()] if done.ok else []
    newest = max(found, key=lambda entry: int(entry[0]), default=None)
    return newest[1] if newest else running()


def has_list(release: str) -> bool:
    """Whether it is known which modules a kernel has. Of one that was removed, or comes from outside, it is not."""
    return os.path.exists(os.path.join(LIBRARY, release, "modules.dep"))


def modules(release: str) -> t.Iterator[tuple[str, str]]:
    """Name and path of every module of a kernel, also of those that are built in."""
    yield from _listed(release, "modules.dep")
    yield from _listed(release, "modules.builtin")


def built_in(release: str) -> set[str]:
    return {name for name, _path in _listed(release, "modules.builtin")}


def _listed(release: str, name: str) -> t.Iterator[tuple[str, str]]:
    for line in lines_of(os.path.join(LIBRARY, release, name)):
        match = _FILE.match(line.partition(":")[0])
        if match:
            yield module(match["name"]), match["path"]


def packages(release: str) -> Packages:
    """``keeping_pace``: since EL 10 a package that makes later kernels bring the further modules along."""
    match = _RELEASE.fullmatch(release)
    version, build = (match["version"], match["build"]) if match else (release, None)
    prefix = f"kernel-{build}" if build else "kernel"
    core, extra = f"{prefix}-core-{version}", f"{prefix}-modules-extra-{version}"
    done = run(["rpm", "--query", "--queryformat", "%{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}\n", "--", core, extra])
    found = done.output.splitlines()
    distribution = re.search(r"\.el(\d+)", version)
    paced = distribution is not None and int(distribution[1]) >= _MATCHED_SINCE
    return Packages(core in found, extra in found, extra, f"{prefix}-modules-extra-matched" if paced else None)


def module(text: str) -> str:
    """The name of a module as the kernel has it."""
    return text.strip().replace("-", "_")
