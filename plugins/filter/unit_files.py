# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters for unit files of systemd; each is documented in <name>.yml beside this file."""

from __future__ import annotations

import collections.abc as c
import typing as t

from ansible.errors import AnsibleFilterError

# What programs of the control plane never do. Sources: systemd.exec(5), and `systemd-analyze security`, which says what each is worth.
# ProcSubset=pid is left out: Go reads the backlog of listening sockets from /proc/sys, and would take 128 without it.
_ALWAYS = (
    "LockPersonality=true",
    "MemoryDenyWriteExecute=true",
    "PrivateDevices=true",
    "PrivateTmp=true",
    "ProtectClock=true",
    "ProtectControlGroups=true",
    "ProtectHome=true",
    "ProtectHostname=true",
    "ProtectKernelLogs=true",
    "ProtectKernelModules=true",
    "ProtectProc=invisible",
    "RemoveIPC=true",
    "RestrictNamespaces=true",
    "RestrictRealtime=true",
    "RestrictSUIDSGID=true",
    "SystemCallArchitectures=native",
    "UMask=0077",
)
# netlink tells Go which addresses the host has
_FAMILIES = ("AF_INET", "AF_INET6", "AF_NETLINK", "AF_UNIX")
# Programs that give a new file the owner of the one before, such as a rotated audit log, fail if they may not ask for that.
_CALLS = ("SystemCallErrorNumber=EPERM", "SystemCallFilter=@system-service", "SystemCallFilter=~@privileged")
_CAPABILITY = "CAP_"
# The system calls that a capability is for, where @system-service lacks them or @privileged has them
_CALLS_OF = {"CAP_SETUID": "@setuid", "CAP_SETGID": "@setuid", "CAP_SYS_CHROOT": "chroot"}


def sandbox(capabilities: c.Sequence[str], network: bool = False) -> str:
    """Lines of a unit's section Service that take from a program what it does not need, but for these capabilities.

    ``network``: it changes the network of the host. Then it may write settings of the kernel and below /etc, and use packet sockets.
    """
    wrong = [name for name in capabilities if not name.startswith(_CAPABILITY)]
    if wrong:
        raise AnsibleFilterError(f"{', '.join(wrong)}: names of capabilities begin with {_CAPABILITY}, see capabilities(7)")
    families = [*_FAMILIES, *(["AF_PACKET"] if network else [])]
    own = ["ProtectSystem=true"] if network else ["ProtectKernelTunables=true", "ProtectSystem=full"]
    # Where a program of the system has a domain of SELinux, NoNewPrivileges would keep it from that, and leave it in the wider one of
    # systemd (kernel: check_nnp_nosuid). Such programs have capabilities.
    own += [] if capabilities else ["NoNewPrivileges=true"]
    bounds = [f"CapabilityBoundingSet={' '.join(capabilities)}", f"RestrictAddressFamilies={' '.join(families)}"]
    calls = dict.fromkeys(["@chown", *(_CALLS_OF[name] for name in capabilities if name in _CALLS_OF)])
    return "\n".join([*bounds, *sorted([*_ALWAYS, *own]), *_CALLS, f"SystemCallFilter={' '.join(calls)}"])


class FilterModule:
    """Registers the filters."""

    def filters(self) -> dict[str, t.Any]:
        """By name."""
        return {"sandbox": sandbox}
