# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports of ours that programs of others hold."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import listeners


def find(port: str) -> list[dict[str, t.Any]]:
    """``port`` as "10250/tcp". A taken one costs a look at all processes."""
    number, protocol = port.split("/")
    inodes = {found.inode for found in listeners.listening(protocol) if found.port == int(number)}
    if not inodes:
        return []
    holders = sorted({_name(process) for process in listeners.processes() if inodes & set(listeners.sockets(process))})
    by = ", ".join(holders) or "the kernel, for an interface or a file system"
    return [{"name": port, "sort": "port", "found": f"the port {port} is held by {by}"}]


def _name(process: str) -> str:
    """The program, and the unit in whose cgroup it runs."""
    name = listeners.text(f"{process}/comm").strip() or "a program"
    groups = [os.path.basename(line) for line in listeners.text(f"{process}/cgroup").splitlines()]
    unit = next((group for group in groups if group.endswith((".service", ".scope"))), "")
    return f"{name} (process {process}{', ' + unit if unit else ''})"
