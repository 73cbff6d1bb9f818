# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which modules the kernel lacks that the next boot takes: without them Docker and flannel do not start on a node that worked."""

from __future__ import annotations

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import kernel_library
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.small_files import lines_of

PROC = "/proc"
# What role host writes: the modules that every node needs.
LISTED = "/etc/modules-load.d/barehost.conf"
# Where the modules of netfilter and bridges are below a kernel's own directory: they load by themselves when a rule needs them.
_OF_NETWORKS = ("kernel/net/", "kernel/drivers/net/vxlan")


def lacking(release: str) -> list[str]:
    """The modules that this host needs and that a kernel does not have: those of role host, and those for networks that are in use."""
    present = {name for name, _path in kernel_library.modules(release)}
    return sorted((_listed() | _in_use()) - present)


def _listed() -> set[str]:
    return {kernel_library.module(line) for line in lines_of(LISTED) if line.strip() and not line.startswith("#")}


def _in_use() -> set[str]:
    """The modules for networks that the running kernel has loaded."""
    loaded = {line.split(" ", 1)[0] for line in lines_of(f"{PROC}/modules") if line.strip()}
    return {name for name, path in kernel_library.modules(kernel_library.running()) if name in loaded and path.startswith(_OF_NETWORKS)}
