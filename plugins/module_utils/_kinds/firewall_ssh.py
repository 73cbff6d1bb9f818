# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ports on which this host takes logins by ssh: what a firewall that starts must leave open."""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import listeners

_DAEMON = "sshd"
_LOOPBACK = ("0100007F", "00000000000000000000000001000000")


def ports() -> list[int]:
    """The TCP ports of the ssh daemon that others can reach; empty if it does not run, or only systemd listens for it."""
    sockets = {inode for process in _daemons() for inode in listeners.sockets(process)}
    return sorted({found.port for found in listeners.listening("tcp") if found.inode in sockets and found.address not in _LOOPBACK})


def _daemons() -> t.Iterator[str]:
    """The daemon alone, which systemd started: its sessions have the same name, and may listen for what a user forwards."""
    for process in listeners.processes():
        fields = listeners.text(f"{process}/stat").rpartition(")")[2].split()
        if fields[1:2] == ["1"] and listeners.text(f"{process}/comm").strip() == _DAEMON:
            yield process
