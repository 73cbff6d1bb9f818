# SPDX-License-Identifier: GPL-3.0-or-later
"""Who leads what in a cluster of several masters, and what a test does to them."""

from __future__ import annotations

import collections.abc
import json

from . import checks
from .driver import Cluster, Failure, eventually

ETCDCTL = ". /etc/profile.d/etcdctl.sh; etcdctl"
LEADERS = ("kube-controller-manager", "kube-scheduler")


def etcd_leader(cluster: Cluster, hosts: collections.abc.Mapping[str, str], *, ask: str) -> str:
    """The host of etcd's leader, as the member on ``ask`` knows it."""
    members = json.loads(cluster.on(ask, f"{ETCDCTL} member list -w json"))["members"]
    names = {member["ID"]: member["name"] for member in members}
    status = json.loads(cluster.on(ask, f"{ETCDCTL} endpoint status -w json"))
    name = names[status[0]["Status"]["leader"]]
    assert name in hosts
    return name


def healthy_members(cluster: Cluster, host: str) -> int:
    """How many etcd members commit what they are asked to."""
    answer = cluster.on(host, f"{ETCDCTL} endpoint health --cluster -w json --command-timeout=4s", check=False)
    return sum(entry["health"] for entry in json.loads(answer or "[]"))


def lease_holder(cluster: Cluster, name: str) -> str:
    holder: str = cluster.kubectl_json("-n", "kube-system", "get", "lease", name)["spec"]["holderIdentity"]
    return holder.partition("_")[0]


def give_leadership(cluster: Cluster, host: str, *, hosts: collections.abc.Mapping[str, str]) -> None:
    """Makes one host lead etcd, the controller-manager and the scheduler."""
    leader = etcd_leader(cluster, hosts, ask=host)
    if leader != host:
        status = json.loads(cluster.on(host, f"{ETCDCTL} endpoint status -w json"))
        cluster.on(leader, f"{ETCDCTL} move-leader {status[0]['Status']['header']['member_id']:x}")
    others = [other for other in hosts if other != host]
    units = " ".join(LEADERS)
    for other in others:
        cluster.on(other, f"systemctl stop {units}")
    for name in LEADERS:
        eventually(lambda name=name: lease_holder(cluster, name) == host, deadline=60, wanted=f"{host} leads {name}")
    for other in others:
        cluster.on(other, f"systemctl start {units}")


def leadership_moves(cluster: Cluster, *, away_from: str) -> None:
    for name in LEADERS:
        eventually(lambda name=name: lease_holder(cluster, name) not in ("", away_from), deadline=60, wanted=f"another leader of {name}")


def isolate(cluster: Cluster, host: str) -> None:
    """No frame passes between this host and any other."""
    for other in cluster.status()["hosts"]:
        if other["name"] != host:
            cluster.lab("cut", host, other["name"])


def nothing_is_lost(cluster: Cluster, names: set[str], *, namespace: str) -> None:
    assert names
    listed = cluster.kubectl("-n", namespace, "get", "configmaps", "-o", "name").split()
    assert names - {name.partition("/")[2] for name in listed} == set()


def is_whole(cluster: Cluster, masters: collections.abc.Mapping[str, str], nodes: collections.abc.Iterable[str]) -> None:
    """Every member, every apiserver and every node does its work; nobody ran a playbook."""
    for host in masters:
        eventually(
            lambda host=host: healthy_members(cluster, host) == len(masters), deadline=90, wanted=f"all etcd members, seen by {host}"
        )
        eventually(lambda host=host: apiserver_is_ready(cluster, host), deadline=90, wanted=f"a ready apiserver on {host}")
    eventually(lambda: checks.all_ready(cluster, nodes), deadline=120, wanted="all nodes Ready")


def apiserver_is_ready(cluster: Cluster, host: str) -> bool:
    try:
        return cluster.on(host, "kubectl get --raw /readyz --request-timeout=5s").strip() == "ok"
    except Failure:
        return False
