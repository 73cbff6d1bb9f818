# SPDX-License-Identifier: GPL-3.0-or-later
"""Users of real etcd processes: who may touch what, and that the members can still be changed once etcd asks for users."""

from __future__ import annotations

import os
import typing as t

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd import access
from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client import member_list
from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client.client import Access, EtcdApi, look
from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client.etcdctl import Etcdctl, EtcdctlError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd import plan_access
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import certs
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import Pki

from .etcd_processes import Cluster

ARGUMENTS: dict[str, t.Any] = {
    "roles": [{"name": "flannel", "permissions": [{"prefix": "/k8s/network/"}]}],
    "users": [{"name": "root", "roles": ["root"]}, {"name": "flannel", "roles": ["flannel"]}],
    "keys": [{"key": "/k8s/network/config", "value": '{"Network": "10.255.0.0/16"}'}],
}


@pytest.fixture
def cluster(cluster: Cluster) -> Cluster:
    """One member, and the access of root."""
    cluster.inventory = [cluster.machine().name]
    cluster.converge()
    cluster.access = certificate(cluster, "root")
    return cluster


def certificate(cluster: Cluster, name: str) -> Access:
    """The access of the holder of a certificate with this common name."""
    directory = cluster.directory
    key = certs.new_key()
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
    item = {"name": name, "authority": "etcd", "common_name": name, "usages": ["client"], "days": 2, "renew_before_days": 1}
    signed = Pki(directory / "pki").sign("etcd", request.public_bytes(serialization.Encoding.PEM).decode(), item)
    (directory / f"{name}.crt").write_text(signed)
    with os.fdopen(os.open(directory / f"{name}.key", os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        file.write(certs.private_pem(key))
    files = (str(directory / file) for file in ("pki/etcd-ca.crt", f"{name}.crt", f"{name}.key"))
    return Access(*files, program=str(cluster.etcdctl))


def converge(cluster: Cluster) -> list[tuple[str, str, str]]:
    wanted = plan_access.described("tested", ARGUMENTS)
    asked = {"access": cluster.access._asdict(), "endpoints": cluster.endpoints}
    actions = plan_access.plan(wanted, access.run("collect", {**asked, **wanted, "deadline": 10}))
    access.run("apply", {**asked, "actions": [action.for_host() for action in actions]})
    return [(action.kind, action.operation, action.target) for action in actions]


def test_users_are_made_once_and_drift_is_mended(cluster: Cluster) -> None:
    assert [kind for kind, _operation, _target in converge(cluster)] == ["etcd_role", "etcd_user", "etcd_user", "etcd_key", "etcd_auth"]
    assert converge(cluster) == []
    root = Etcdctl(cluster.endpoints, cluster.access.files, program=str(cluster.etcdctl))
    root.run("role", "grant-permission", "flannel", "read", "/registry/", "--prefix")
    root.run("user", "grant-role", "flannel", "root")
    root.run("auth", "disable")
    assert converge(cluster) == [
        ("etcd_role", "patch", "flannel"),
        ("etcd_user", "patch", "flannel"),
        ("etcd_auth", "enable", "authentication"),
    ]
    assert converge(cluster) == []


def test_a_user_touches_its_prefix_and_nobody_without_a_user_touches_anything(cluster: Cluster) -> None:
    converge(cluster)
    program = str(cluster.etcdctl)
    flannel = Etcdctl(cluster.endpoints, certificate(cluster, "flannel").files, program=program)
    assert flannel.run("get", "/k8s/network/config", "--print-value-only") == '{"Network": "10.255.0.0/16"}\n'
    flannel.run("put", "/k8s/network/subnets/a", text="b")
    for command in (
        ("get", "/k8s/networks"),
        ("get", "/registry/a"),
        ("put", "/registry/a", "b"),
        ("get", "/", "--prefix"),
        ("user", "list"),
        # so apiservers, which are not root, cannot either: etcd compacts by itself
        ("compact", "1"),
    ):
        with pytest.raises(EtcdctlError, match="permission denied"):
            flannel.run(*command)
    stranger = Etcdctl(cluster.endpoints, certificate(cluster, "stranger").files, program=program)
    with pytest.raises(EtcdctlError, match="permission denied"):
        stranger.run("get", "/k8s/network/config")


def test_members_are_changed_though_the_json_api_knows_nobody(cluster: Cluster) -> None:
    """The same calls, answered alike with and without users; a member added, promoted, moved from and removed."""
    url = cluster.endpoints[0]
    before = look(url, cluster.access)
    converge(cluster)
    after = look(url, cluster.access)
    told = ("members", "linearizable", "learner", "leader", "cluster_id", "member_id", "fault")
    assert {key: after[key] for key in told} == {key: before[key] for key in told}
    assert after["linearizable"] and after["members"]

    cluster.inventory += [cluster.machine().name, cluster.machine().name]
    assert [operation for operation, _name in cluster.converge()] == ["add", "start", "promote"] * 2
    first = cluster.inventory.pop(0)
    assert cluster.converge() == [("remove", first)], "the leader hands over, and goes"
    assert cluster.voters() == sorted(cluster.inventory)
    assert converge(cluster) == []


def test_without_a_quorum_a_member_still_says_who_the_members_are(cluster: Cluster) -> None:
    """So that the arithmetic of a lost quorum can be told: a token could not be had then, a certificate needs none."""
    converge(cluster)
    cluster.inventory.append(cluster.machine().name)
    cluster.converge()
    left, lost = cluster.inventory
    cluster.machines[lost].kill()
    answers = member_list.ask_all([cluster.machines[left].client_url], cluster.access)
    assert not answers[0]["linearizable"]
    assert {member["name"] for member in answers[0]["members"]} == {left, lost}
    assert EtcdApi(cluster.machines[left].client_url, cluster.access).members(linearizable=False)["members"]
