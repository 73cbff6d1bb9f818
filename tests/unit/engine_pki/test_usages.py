# SPDX-License-Identifier: GPL-3.0-or-later
"""What each certificate may be used for, and no more: the descriptions of the roles, with the openssl program as the judge."""

from __future__ import annotations

import collections.abc as c
import pathlib
import typing as t

import pytest
import yaml
from certificates_bench import item_in, openssl
from test_pki import csr

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import Pki

ROOT = pathlib.Path(__file__).parents[3]
BOTH = ["client", "server"]
# The reason for each second usage: a member of etcd calls its peers; the kubelet and the two control loops use one certificate as clients
# of the API and for their own port.
NEEDED = {
    "etcd member": ("etcd", BOTH),
    "etcd root": ("etcd", ["client"]),
    "kube-apiserver": ("kubernetes", ["server"]),
    "kube-apiserver to kubelets": ("kubernetes", ["client"]),
    "kube-apiserver to etcd": ("etcd", ["client"]),
    "front proxy": ("front-proxy", ["client"]),
    "kube-controller-manager": ("kubernetes", BOTH),
    "kube-scheduler": ("kubernetes", BOTH),
    "administrator": ("kubernetes", ["client"]),
    "kubelet": ("kubernetes", BOTH),
    "kube-proxy": ("kubernetes", ["client"]),
    "kubelet-certificate-approver": ("kubernetes", ["client"]),
    "flannel": ("{{ __flannel_store.authority }}", ["client"]),
}


def certificates(found: t.Any) -> c.Iterator[dict[str, t.Any]]:
    """Every description of a certificate in the data of a role."""
    if isinstance(found, dict):
        if {"authority", "common_name", "path"} <= set(found):
            yield found
        for value in found.values():
            yield from certificates(value)
    elif isinstance(found, list):
        for value in found:
            yield from certificates(value)


def of_roles() -> list[dict[str, t.Any]]:
    files = [*ROOT.glob("roles/*/tasks/*.yml"), *ROOT.glob("roles/*/vars/main.yml")]
    return [one for path in sorted(files) for one in certificates(yaml.safe_load(path.read_text()))]


def test_roles_ask_for_what_is_needed() -> None:
    assert {one["name"]: (one["authority"], sorted(one["usages"])) for one in of_roles()} == NEEDED


def test_nobody_but_the_administrator_rules_the_cluster_and_not_for_long() -> None:
    rulers = [one for one in of_roles() if "system:masters" in one.get("organizations", [])]
    assert [(one["name"], one["days"]) for one in rulers] == [("administrator", "{{ cluster.certificates.administrator.days }}")]


@pytest.fixture
def node(tmp_path: pathlib.Path) -> dict[str, str]:
    """What a node has, and a member of etcd, as files; and the authorities."""
    pki = Pki(tmp_path / "pki")
    wanted = {
        "member": ("etcd", ["localhost"], BOTH),
        "kubelet": ("kubernetes", ["w1"], BOTH),
        "proxy": ("kubernetes", [], ["client"]),
        # with cluster_flannel_backend: etcd
        "flannel": ("etcd", [], ["client"]),
    }
    for name, (authority, names, usages) in wanted.items():
        item = item_in(tmp_path, authority=authority, common_name=name, dns=names, usages=usages)
        (tmp_path / f"{name}.crt").write_text(pki.sign(authority, csr(tmp_path), item))
    return {
        **{name: str(tmp_path / f"{name}.crt") for name in wanted},
        **{f"{name} authority": str(tmp_path / "pki" / f"{name}-ca.crt") for name in ("etcd", "kubernetes")},
    }


@pytest.mark.parametrize("purpose", ["sslserver", "sslclient"])
@pytest.mark.parametrize("name", ["kubelet", "proxy"])
def test_a_certificate_of_a_node_is_nothing_to_etcd(node: dict[str, str], name: str, purpose: str) -> None:
    openssl("verify", "-purpose", purpose, "-verify_hostname", "localhost", "-CAfile", node["etcd authority"], node["member"])
    with pytest.raises(AssertionError, match="unable to get local issuer"):
        openssl("verify", "-purpose", purpose, "-CAfile", node["etcd authority"], node[name])


def test_where_a_node_is_a_client_of_etcd_it_is_neither_server_nor_peer(node: dict[str, str]) -> None:
    """A peer is who names localhost: docs/architecture/pki.md."""
    openssl("verify", "-purpose", "sslclient", "-CAfile", node["etcd authority"], node["flannel"])
    with pytest.raises(AssertionError, match="unsuitable certificate purpose"):
        openssl("verify", "-purpose", "sslserver", "-CAfile", node["etcd authority"], node["flannel"])
    with pytest.raises(AssertionError, match="hostname mismatch"):
        openssl("verify", "-verify_hostname", "localhost", "-CAfile", node["etcd authority"], node["flannel"])


def test_a_client_of_the_api_is_no_server(node: dict[str, str]) -> None:
    openssl("verify", "-purpose", "sslclient", "-CAfile", node["kubernetes authority"], node["proxy"])
    with pytest.raises(AssertionError, match="unsuitable certificate purpose"):
        openssl("verify", "-purpose", "sslserver", "-CAfile", node["kubernetes authority"], node["proxy"])


def test_serial_numbers_are_random(tmp_path: pathlib.Path) -> None:
    pki = Pki(tmp_path / "pki")
    numbers = set()
    for number in range(20):
        path = tmp_path / f"{number}.crt"
        path.write_text(pki.sign("etcd", csr(tmp_path), item_in(tmp_path)))
        numbers.add(int(openssl("x509", "-in", str(path), "-noout", "-serial").strip().partition("=")[2], 16))
    assert len(numbers) == 20 and max(numbers).bit_length() > 140
