# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel that runs, the one that the next boot takes, and which modules that one lacks.

On EL 10 the modules of iptables and bridges are in a package of their own, ``kernel-modules-extra``. A kernel can come without it, and
then Docker and flannel do not start on a node that worked. So nothing is taken for granted: the lists that depmod has made are read.
"""

from __future__ import annotations

import os
import re
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import run

LIBRARY = "/lib/modules"
PROC = "/proc"
# What role host writes: the modules that every node needs.
LISTED = "/etc/modules-load.d/barehost.conf"
# Where the modules of netfilter and bridges are below a kernel's own directory: they load by themselves when a rule needs them.
_OF_NETWORKS = ("kernel/net/", "kernel/drivers/net/vxlan")
_FILE = re.compile(r"(?P<path>.*/(?P<name>[^/]+))\.ko(?:\.\w+)?$")


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


def lacking(release: str) -> list[str]:
    """The modules that this host needs and that a kernel does not have: those of role host, and those for networks that are in use."""
    present = {name for name, _path in _modules(release)}
    return sorted((_listed() | _in_use()) - present)


def _listed() -> set[str]:
    return {_name(line) for line in _lines(LISTED) if line.strip() and not line.startswith("#")}


def _in_use() -> set[str]:
    """The modules for networks that the running kernel has loaded."""
    loaded = {line.split(" ", 1)[0] for line in _lines(f"{PROC}/modules") if line.strip()}
    return {name for name, path in _modules(running()) if name in loaded and path.startswith(_OF_NETWORKS)}


def _modules(release: str) -> t.Iterator[tuple[str, str]]:
    """Name and path of every module of a kernel, also of those that are built in."""
    directory = os.path.join(LIBRARY, release)
    lines = [line.partition(":")[0] for line in _lines(os.path.join(directory, "modules.dep"))]
    for line in [*lines, *_lines(os.path.join(directory, "modules.builtin"))]:
        match = _FILE.match(line)
        if match:
            yield _name(match["name"]), match["path"]


def _name(text: str) -> str:
    return text.strip().replace("-", "_")


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().splitlines()
    except OSError:
        return []
