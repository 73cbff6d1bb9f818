# SPDX-License-Identifier: GPL-3.0-or-later
"""A running cluster moves to intermediate authorities below a root whose key nobody here has: which programs take that, and who gets in."""

from __future__ import annotations

import collections.abc
import pathlib

import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import certs

from . import chains, checks
from .driver import Cluster, eventually
from .old_authorities import PORTS, OldAuthorities
from .setups import converged_hosts

pytestmark = pytest.mark.long
HOST, ADDRESS = "k8s.allinone.dev", "192.168.200.100"
NAMES = ("kubernetes", "etcd", "front-proxy")
REPLACE = ("playbooks/replace-authority.yml", "-e", f"replace_authority={','.join(NAMES)}", "-e", "replace_pause=5")
# where hosts have the authority of a port
TRUSTED = {"kubernetes": "/etc/kubernetes/pki/ca.crt", "etcd": "/etc/etcd/pki/ca.crt"}


@pytest.fixture(scope="module")
def single(request: pytest.FixtureRequest, artefacts: pathlib.Path) -> collections.abc.Iterator[Cluster]:
    folder = artefacts / "own"
    folder.mkdir()
    with converged_hosts("all-in-one", session=request.session, artefacts=folder) as cluster:
        eventually(lambda: checks.all_ready(cluster, [HOST]), deadline=90, wanted="the node is ready")
        yield cluster


def verifies(cluster: Cluster, port: int, options: str) -> bool:
    address = "127.0.0.1" if port in (10257, 10259) else ADDRESS
    client = f"openssl s_client -connect {address}:{port} {options} -verify_return_error"
    return "Verify return code: 0 (ok)" in cluster.on(HOST, f"{client} </dev/null 2>&1; true", timeout=30)


def test_a_cluster_moves_to_intermediate_authorities(single: Cluster, tmp_path: pathlib.Path) -> None:
    root = chains.made("root")
    upper = certs.pem(root.certificate)
    pki = single.inventory / "pki"
    single.kubectl("create", "secret", "generic", "kept", "--from-literal=word=still-readable")
    old = OldAuthorities(single, HOST, ADDRESS, copy=tmp_path / "old")

    chains.made("etcd", root).put(pki, "etcd-ca.next", chain=upper)
    (pki / "etcd-ca.next.key").write_text(certs.private_pem(root.key), encoding="ascii")
    refused = single.playbook(*REPLACE, "--check", check=False)
    assert refused.returncode != 0 and refused.changed == []
    assert "etcd-ca.next.crt and its .key file do not belong together" in " ".join(refused.output.split())

    for name in NAMES:
        chains.made(name, root).put(pki, f"{name}-ca.next", chain=upper)
    single.playbook(*REPLACE, timeout=1800)
    chain = tmp_path / "chain"
    chain.write_text((pki / "kubernetes-ca.crt").read_text(encoding="ascii"), encoding="ascii")
    single.lab("exec", HOST, "sh", "-c", "cat > /run/chain.crt", input=chain.read_text(encoding="ascii"))

    # hosts trust the intermediate alone; programs in Go and those of this collection take it as it is
    for authority, path in TRUSTED.items():
        assert single.on(HOST, f"cat {path}") + upper == (pki / f"{authority}-ca.crt").read_text(encoding="ascii")
    assert single.kubectl("get", "secret", "kept", "-o", "jsonpath={.data.word}") == "c3RpbGwtcmVhZGFibGU="
    eventually(lambda: checks.all_ready(single, [HOST]), deadline=60, wanted="the node is ready")
    assert "is healthy" in single.on(HOST, ". /etc/profile.d/etcdctl.sh; etcdctl endpoint health 2>&1")
    single.playbook("playbooks/health.yml")
    single.playbook("playbooks/certificates.yml")
    checks.nothing_changes(single, [HOST])
    pods = single.kubectl_json("get", "pods", "-n", "guestbook")["items"]
    pod = next(one["metadata"] for one in pods if one["metadata"]["name"].startswith("frontend"))
    assert single.kubectl("logs", "-n", "guestbook", pod["name"], "--tail=1") is not None
    volume = f"/var/lib/kubelet/pods/{pod['uid']}/volumes/kubernetes.io~projected/kube-api-access-*"
    of_pod = f"kubectl --kubeconfig=/dev/null --server=https://{ADDRESS}:6443"
    asked = f"cd {volume} && {of_pod} --certificate-authority=ca.crt --token=$(cat token) auth whoami"
    eventually(
        lambda: "system:serviceaccount:guestbook" in single.on(HOST, asked), deadline=120, wanted="a client in Go is known by a pod's files"
    )

    # pods have the root, too
    published = single.kubectl("get", "configmap", "kube-root-ca.crt", "-n", "guestbook", "-o", "jsonpath={.data['ca\\.crt']}")
    assert published.strip() == (pki / "kubernetes-ca.crt").read_text(encoding="ascii").strip()
    asked = f"cd {volume} && openssl s_client -connect {ADDRESS}:6443 -CAfile ca.crt -verify_return_error </dev/null 2>&1"
    assert "Verify return code: 0 (ok)" in single.on(HOST, asked)

    # OpenSSL wants a root, or to be told
    for port, authority in PORTS.items():
        assert verifies(single, port, f"-partial_chain -CAfile {TRUSTED[authority]}"), port
        assert not verifies(single, port, f"-CAfile {TRUSTED[authority]}"), port
    assert verifies(single, 6443, "-CAfile /run/chain.crt")
    only_root = "openssl x509 -in /dev/stdin -out /run/root.crt"
    single.lab("exec", HOST, "sh", "-c", only_root, input=upper)
    assert verifies(single, 6443, "-CAfile /run/root.crt"), "the apiserver sends the intermediate"
    curl = f"curl -s -o /dev/null -w '%{{http_code}}' https://{ADDRESS}:6443/readyz --cacert"
    assert [single.on(HOST, f"{curl} {path}").strip() for path in ("/run/chain.crt", "/run/root.crt")] == ["200", "200"]
    print("curl with the intermediate alone:", single.on(HOST, f"curl --version | head -1; {curl} {TRUSTED['kubernetes']}; true"))

    # neither the old authorities let anybody in, nor does the root above the new ones
    old.nobody_lets_in()
    of_root = tmp_path / "of-root"
    of_root.mkdir()
    for name in NAMES:
        root.put(of_root, f"{name}-ca")
    OldAuthorities(single, HOST, ADDRESS, pki=of_root, copy=tmp_path / "root").nobody_lets_in()
    assert set(OldAuthorities(single, HOST, ADDRESS, copy=tmp_path / "new").doors().values()) == {"200"}
