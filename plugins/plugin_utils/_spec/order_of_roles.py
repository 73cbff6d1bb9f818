# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The roles of this collection that a host has, in the order in which ``site.yml`` gives them."""

from __future__ import annotations

import typing as t


def of_host(cluster: t.Mapping[str, t.Any], host: str) -> list[str]:
    """The roles of one host of the inventory, by the resolved spec."""
    has = {
        "host": True,
        "firewall": True,
        "balancer": host in cluster["api"]["proxies"],
        "etcd": host in cluster["etcd_hosts"],
        "master": host in cluster["masters"],
        "docker": host in cluster["node_hosts"],
        "minion": host in cluster["node_hosts"],
        "flannel": host in cluster["node_hosts"],
    }
    return [role for role, wanted in has.items() if wanted]
