# SPDX-License-Identifier: GPL-3.0-or-later
"""F11: only members are taken for peers, on real etcd processes, also while a running cluster gets that setting member by member."""

from __future__ import annotations

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client.client import Access, EtcdApi, EtcdUnreachable

from .etcd_processes import Client, Cluster, Machine
from .test_etcd_membership import first_start

# As in roles/etcd/templates/etcd.conf.j2
ALLOWED = "localhost"


def asks_as(cluster: Cluster, who: str, machine: Machine) -> str:
    """What the peer address of a member tells somebody."""
    files = (str(cluster.directory / file) for file in ("pki/etcd-ca.crt", f"{who}.crt", f"{who}.key"))
    return EtcdApi(machine.wanted.peer_url, Access(*files), timeout=10.0).get("/members")


def test_f11_a_nodes_certificate_is_no_peers_and_a_running_cluster_gets_there(cluster: Cluster) -> None:
    first_start(cluster, 3)
    machines = [cluster.machines[name] for name in cluster.inventory]
    Client(machines[0].client_url, cluster.access).put("k1", "before")
    assert "m0" in asks_as(cluster, "flannel", machines[0]), "the old shape takes every certificate of the authority"
    for machine in machines:
        machine.kill()
        machine.allowed = ALLOWED
        machine.start(cluster.etcd, initial_cluster="", state="existing")
        cluster.wait(cluster.endpoints)
        # All members answer a linearizable read, whether they have the setting or not.
        assert cluster.voters() == sorted(cluster.inventory)
    for machine in machines:
        assert Client(machine.client_url, cluster.access).all() == {"k1": "before"}
        assert "m0" in asks_as(cluster, "member", machine)
        with pytest.raises(EtcdUnreachable):
            asks_as(cluster, "flannel", machine)
    # It may still be a client.
    node = Access(*(str(cluster.directory / file) for file in ("pki/etcd-ca.crt", "flannel.crt", "flannel.key")))
    assert Client(machines[0].client_url, node).all() == {"k1": "before"}


def test_f11_a_member_joins_a_cluster_that_takes_members_only(cluster: Cluster) -> None:
    first_start(cluster, 1)
    first, second = cluster.machines[cluster.inventory[0]], cluster.machine()
    first.kill()
    first.allowed = second.allowed = ALLOWED
    first.start(cluster.etcd, initial_cluster="", state="existing")
    cluster.wait([first.client_url])
    cluster.inventory.append(second.name)
    assert cluster.converge() == [(operation, second.name) for operation in ("add", "start", "promote")]
    assert cluster.voters() == sorted(cluster.inventory)
