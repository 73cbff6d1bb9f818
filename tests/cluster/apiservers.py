# SPDX-License-Identifier: GPL-3.0-or-later
"""Which apiserver the nodes keep to, and how the program that ends those that are not live looks at them."""

from __future__ import annotations

import collections.abc
import contextlib
import time

from .driver import Cluster, eventually

SETTINGS = "/etc/barehost/kube-apiserver-liveness.json"
# As many failures in a row as elsewhere, in fewer seconds; one that starts has as many seconds as elsewhere.
PERIOD, FAILURES, STARTING = 2.0, 8, 120
QUICK = f'"period": {PERIOD}, "starting": {STARTING},'


@contextlib.contextmanager
def watched_closely(cluster: Cluster, masters: collections.abc.Iterable[str]) -> collections.abc.Iterator[None]:
    """The program reads its settings before each look."""
    try:
        for host in masters:
            cluster.on(host, f"cp -p {SETTINGS} /run/liveness.json && sed -i '1a {QUICK}' {SETTINGS}")
        yield
    finally:
        for host in masters:
            cluster.on(host, f"mv /run/liveness.json {SETTINGS}")


def gather_clients(cluster: Cluster, nodes: collections.abc.Iterable[str], *, on: str, away_from: collections.abc.Iterable[str]) -> None:
    """All nodes have their connections to one apiserver. The others are stopped for longer than one may be without life, and stay so."""
    for host in away_from:
        cluster.on(host, "systemctl stop --no-block kube-apiserver")
    for host in away_from:
        eventually(lambda host=host: _is_away(cluster, host), deadline=30, wanted=f"a stopped apiserver on {host}")
    for node in nodes:
        eventually(lambda node=node: _servers(cluster, node), deadline=60, wanted=f"{node} connected to the apiserver of {on}")
    time.sleep(FAILURES * PERIOD)
    for host in away_from:
        assert _is_away(cluster, host), f"somebody has started the apiserver of {host}"
        cluster.on(host, "systemctl start kube-apiserver")


def _is_away(cluster: Cluster, host: str) -> bool:
    return cluster.on(host, "systemctl show -p ActiveState --value kube-apiserver").strip() == "inactive"


def _servers(cluster: Cluster, node: str) -> list[str]:
    """The addresses to which the proxy of a node has connections."""
    return cluster.on(node, "ss -Htnp state established dport = :6443 | awk '/haproxy/ {print $4}'").split()


def starts(cluster: Cluster, masters: collections.abc.Iterable[str]) -> list[str]:
    """What tells one start of each apiserver from another."""
    return [cluster.on(host, "systemctl show -p InvocationID --value kube-apiserver").strip() for host in masters]
