# SPDX-License-Identifier: GPL-3.0-or-later
"""What is on a host, to compare a reset one with a bare one."""

from __future__ import annotations

from .driver import Cluster


def things(cluster: Cluster, host: str) -> list[str]:
    """Its files, packages, mounts, interfaces and what its firewall lets in; no logs, no caches, nothing temporary, not dnf's history.

    Not the mount of a session either, which stays for some seconds after the last ssh, nor that of an automount, which has a number of
    this boot.
    """
    # /var/lib is a file system of its own on some hosts, and comes after the others
    left_out = ("/proc", "/sys", "/dev", "/tmp", "/var/tmp", "/var/log", "/var/cache", "/var/lib")
    files = f"find / -xdev \\( {' -o '.join(f'-path {path}' for path in left_out)} \\) -prune -o -print"
    state = "find /var/lib -not -path '/var/lib/dnf*' -not -path /var/lib/systemd/timers; rpm -qa"
    mounts = "mount | grep -v -e ' on /run/user/' -e ' type autofs '"
    network = "nft list tables; ip -o link | cut -d: -f2 | cut -d@ -f1; firewall-cmd --list-all-zones"
    return sorted(set(cluster.on(host, f"{files}; {state}; {mounts}; {network}").splitlines()))
