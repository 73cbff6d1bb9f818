# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/security.md on hosts: what somebody cannot do who has a worker, a pod, or a login that is not root's."""

from __future__ import annotations

import collections.abc as c
import contextlib
import json

import pytest

from .. import checks, secrets
from ..driver import Cluster, eventually

MASTER, WORKER, OTHER = "k8s.master.dev", "k8s.minion1.dev", "k8s.minion2.dev"
MASTER_ADDRESS, WORKER_ADDRESS, OTHER_ADDRESS = "192.168.200.100", "192.168.200.101", "192.168.200.102"
PODS = {MASTER: "ours", WORKER: "mine", OTHER: "theirs"}
API = f"https://{MASTER_ADDRESS}:6443"
_PKI = "/etc/kubernetes/pki"
_KUBELET = f"--cacert {_PKI}/ca.crt --cert {_PKI}/kubelet.crt --key {_PKI}/kubelet.key"
# Files that everybody may read on every Linux, or that others than the cluster have put there, are of no interest.
_PLACES = "/etc/kubernetes /etc/etcd /etc/barehost /etc/docker /var/lib/etcd /var/lib/kubelet /var/lib/kube /var/lib/docker /root /run"


def secret(name: str) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": {"word": f"of-{name}"}}


def pod_with(name: str, node: str) -> dict[str, object]:
    """A pod of a node that mounts the secret of its own name."""
    specification = checks.web_server("web", nodeName=node, volumes=[{"name": "word", "secret": {"secretName": name}}])
    specification["containers"][0]["volumeMounts"] = [{"name": "word", "mountPath": "/word"}]
    return checks.pod(name, labels={"app": name}, spec=specification)


@pytest.fixture(scope="module")
def attacked(cluster: Cluster) -> c.Iterator[Cluster]:
    """With a pod and its secret on the master and on two workers."""
    checks.apply(cluster, *map(secret, PODS.values()), *(pod_with(name, node) for node, name in PODS.items()))
    cluster.kubectl("wait", "pod", *PODS.values(), "--for=condition=Ready", "--timeout=60s")
    yield cluster
    cluster.kubectl("delete", *(f"{kind}/{name}" for kind in ("pod", "secret") for name in PODS.values()), "--now")


def as_worker(cluster: Cluster, path: str, *, method: str = "GET", body: dict[str, object] | None = None, kind: str = "json") -> str:
    """The status with which the API answers the credentials of a worker's kubelet."""
    sent = f"-H 'Content-Type: application/{kind}' --data '{json.dumps(body)}'" if body is not None else ""
    return cluster.on(WORKER, f"curl -s -o /dev/null -w '%{{http_code}}' {_KUBELET} -X {method} {sent} '{API}{path}'")


def test_a_worker_reads_the_secrets_of_its_own_pods_alone(attacked: Cluster) -> None:
    place = "/api/v1/namespaces/default/secrets"
    assert as_worker(attacked, f"{place}/mine") == "200"
    assert {path: as_worker(attacked, path) for path in (f"{place}/theirs", place, "/api/v1/secrets")} == {
        f"{place}/theirs": "403",
        place: "403",
        "/api/v1/secrets": "403",
    }


def test_a_worker_changes_no_other_node_and_signs_nothing(attacked: Cluster) -> None:
    merge = "merge-patch+json"
    account = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    privileged = checks.pod("intruder", labels={}, spec=checks.web_server("web", nodeName=OTHER))
    label = {"metadata": {"labels": {"node-role.kubernetes.io/control-plane": ""}}}
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "intruder"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": "system:nodes"}],
    }
    assert {
        "its own label": as_worker(attacked, f"/api/v1/nodes/{WORKER}", method="PATCH", body=label, kind=merge),
        "another node": as_worker(attacked, f"/api/v1/nodes/{OTHER}", method="PATCH", body={"spec": {"unschedulable": True}}, kind=merge),
        "a pod elsewhere": as_worker(attacked, "/api/v1/namespaces/default/pods", method="POST", body=privileged),
        "a token": as_worker(attacked, "/api/v1/namespaces/kube-system/serviceaccounts/coredns/token", method="POST", body=account),
        "a role": as_worker(attacked, "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", method="POST", body=binding),
        "an approval": as_worker(
            attacked, "/apis/certificates.k8s.io/v1/certificatesigningrequests/x/approval", method="PUT", body={"kind": "x"}
        ),
        "another kubelet": attacked.on(
            WORKER, f"curl -s -o /dev/null -w '%{{http_code}}' {_KUBELET} -k https://{OTHER_ADDRESS}:10250/pods"
        ),
    } == {
        "its own label": "403",
        "another node": "403",
        "a pod elsewhere": "403",
        "a token": "403",
        "a role": "403",
        "an approval": "403",
        "another kubelet": "403",
    }


def test_a_worker_does_not_reach_etcd(attacked: Cluster) -> None:
    """Neither by the network, nor, where that is open, by its certificate."""
    for port in (2379, 2380):
        assert attacked.on(WORKER, f"curl -s -m 3 -k https://{MASTER_ADDRESS}:{port}/health; echo $?").split()[-1] in ("7", "28")
    ask = 'curl -s -m 5 -k --cert {0}.crt --key {0}.key https://127.0.0.1:2379/health; echo " $?"'
    assert attacked.on(MASTER, ask.format(f"{_PKI}/apiserver-etcd-client")).split()[-1] == "0", "etcd answers whom it knows"
    attacked.on(MASTER, f"test -s {_PKI}/kubelet.key")
    assert attacked.on(MASTER, ask.format(f"{_PKI}/kubelet")).split()[-1] != "0"


def from_pod(cluster: Cluster, node: str, command: str) -> str:
    """What a command says that runs in the network of a pod, with the programs of its host."""
    process = cluster.on(node, f"docker inspect --format '{{{{.State.Pid}}}}' $(docker ps -q -f name=k8s_POD_{PODS[node]}_)").strip()
    return cluster.on(node, f"nsenter --net --target {process} sh -c '{command}'")


def test_a_pod_reaches_no_kubelet_and_no_etcd(attacked: Cluster) -> None:
    """A kubelet answers, of its own host too, and lets in nobody without a certificate or a right."""
    token = attacked.kubectl("create", "token", "default").strip()
    for address in (WORKER_ADDRESS, OTHER_ADDRESS):
        status = "curl -s -m 5 -k -o /dev/null -w %{http_code}"
        assert from_pod(attacked, WORKER, f"{status} https://{address}:10250/pods") == "401"
        assert from_pod(attacked, WORKER, f'{status} -H "Authorization: Bearer {token}" https://{address}:10250/pods') == "403"
        # the port without authentication, of old kubelets
        assert from_pod(attacked, WORKER, f"curl -s -m 3 http://{address}:10255/pods; echo $?").split()[-1] in ("7", "28")
    for node, port in ((node, port) for node in (WORKER, MASTER) for port in (2379, 2380)):
        assert from_pod(attacked, node, f"curl -s -m 3 -k https://{MASTER_ADDRESS}:{port}/health; echo $?").split()[-1] in ("7", "28")
    assert attacked.on(MASTER, f"curl -s -m 3 -k https://{MASTER_ADDRESS}:2379/health; echo $?").split()[-1] not in ("7", "28"), "a host"


def bridge_address(cluster: Cluster, node: str) -> str:
    """The address that a node has in the network of its own pods."""
    return cluster.on(node, "ip -4 -o address show dev cni0").split()[3].partition("/")[0]


@contextlib.contextmanager
def pages(cluster: Cluster, node: str, *ports: int) -> c.Iterator[None]:
    """With a page at each of these ports, at all addresses of a node."""
    try:
        for port in ports:
            cluster.on(node, f"systemd-run --unit=page-{port} --collect python3 -m http.server {port} --directory /mnt")
        eventually(lambda: all(f":{port} " in cluster.on(node, "ss -Hlnt") for port in ports), deadline=15, wanted="the pages")
        yield
    finally:
        cluster.on(node, f"systemctl stop {' '.join(f'page-{port}' for port in ports)}", check=False)


@pytest.mark.parametrize("node", [WORKER, MASTER])
def test_pods_of_each_node_use_the_api_and_kubelets(attacked: Cluster, node: str) -> None:
    """By the service and by addresses, those of their own host among them."""
    status = "curl -s -m 5 -k -o /dev/null -w %{http_code}"
    service = attacked.kubectl_json("get", "service", "kubernetes")["spec"]["clusterIP"]
    for place in (f"https://{service}/readyz", f"{API}/readyz"):
        assert from_pod(attacked, node, f"{status} {place}") == "200", place
    for address in (MASTER_ADDRESS, WORKER_ADDRESS, bridge_address(attacked, MASTER), bridge_address(attacked, WORKER)):
        assert from_pod(attacked, node, f"{status} https://{address}:10250/pods") == "401", address


def test_what_listens_at_all_addresses_is_reached_as_the_table_says(attacked: Cluster) -> None:
    """A port for hosts alone by none of them, another one by the host's own pods; the address in the pod network opens no more."""
    places = [(address, port) for address in (WORKER_ADDRESS, bridge_address(attacked, WORKER)) for port in (2379, 9999)]
    ask = "; ".join(f"curl -s -m 3 -o /dev/null http://{address}:{port}/; echo $?" for address, port in places)
    with pages(attacked, WORKER, 2379, 9999):
        seen = {
            "the host": attacked.on(WORKER, ask),
            "its pod": from_pod(attacked, WORKER, ask),
            "a pod of another": from_pod(attacked, OTHER, ask),
            "a pod of the master": from_pod(attacked, MASTER, ask),
        }
    assert {who: [place for place, code in zip(places, codes.split(), strict=True) if code == "0"] for who, codes in seen.items()} == {
        "the host": places,
        "its pod": [place for place in places if place[1] == 9999],
        "a pod of another": [],
        "a pod of the master": [],
    }
    assert {code for codes in seen.values() for code in codes.split()} <= {"0", "7", "28"}


def packets(cluster: Cluster, node: str, table: str, line: str) -> int:
    """How many the rules of a table with this in their line have counted."""
    rules = cluster.on(node, f"nft list table inet {table}").splitlines()
    return sum(int(rule.partition("packets ")[2].split()[0]) for rule in rules if line in rule)


def test_a_pod_puts_no_frame_into_the_pod_network(attacked: Cluster) -> None:
    """A packet to the port of the tunnel arrives if a host has sent it, at its own too, and does not if a pod has."""
    own, other = (WORKER_ADDRESS, bridge_address(attacked, WORKER)), (OTHER_ADDRESS, bridge_address(attacked, OTHER))
    send = (
        'python3 -c "import socket, sys; [socket.socket(type=socket.SOCK_DGRAM).sendto(bytes(77), (to, 8472)) for to in sys.argv[1:] * 3]"'
    )
    mark, nodes = "udp dport 8472 udp length 85 counter", (WORKER, OTHER)

    def arrived() -> list[int]:
        return [packets(attacked, node, "look", "udp length 85") for node in nodes]

    def refused() -> list[int]:
        return [packets(attacked, node, "barehost", "udp dport 8472") for node in nodes]

    for node in nodes:
        attacked.on(node, f"echo 'table inet look {{ chain arrived {{ type filter hook input priority 100; {mark}; }}; }}' | nft -f -")
    try:
        before = refused()
        from_pod(attacked, WORKER, f"{send} {' '.join((*own, *other))}")
        eventually(
            lambda: [now - then for now, then in zip(refused(), before, strict=True)] == [9, 3],
            deadline=10,
            wanted="three packets to each of four addresses are refused: at the other host those that came through the tunnel",
        )
        assert arrived() == [0, 0]
        attacked.on(WORKER, f"{send} {WORKER_ADDRESS} {OTHER_ADDRESS}")
        eventually(lambda: arrived() == [3, 3], deadline=10, wanted="the packets of a host arrive")
    finally:
        for node in nodes:
            attacked.on(node, "nft delete table inet look")


@pytest.mark.parametrize("host", [MASTER, WORKER])
def test_what_has_no_authentication_listens_on_the_host_alone(attacked: Cluster, host: str) -> None:
    """Health, metrics, and the port by which chronyd takes commands. That of kube-proxy's health is for load balancers."""
    listening = {line.split()[4] for line in attacked.on(host, "ss -Hlntu").splitlines()}
    ports = {place.rpartition(":")[2]: place for place in listening if not place.startswith(("127.", "[::1]"))}
    assert "10250" in ports, "the kubelet's port, which has authentication"
    assert set(ports) & {"323", "2381", "8080", "10248", "10249", "10255"} == set(), ports


@pytest.mark.parametrize("host", [MASTER, WORKER])
def test_who_is_not_root_reads_nothing_secret(attacked: Cluster, host: str) -> None:
    known = secrets.on_host(attacked, host)
    assert known
    files = f"find {_PLACES} -xdev -type f -readable -size -4M -exec cat {{}} + 2>/dev/null"
    processes = "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null"
    readable = attacked.on(host, f"runuser -u nobody -- sh -c '{files}; {processes}' | tr -cd '[:print:]\\n'; true")
    assert len(readable) > 1000, "nothing was read at all"
    assert [word for word in known if word in readable] == []
    assert "PRIVATE KEY" not in readable and "of-mine" not in readable
    assert (
        attacked.on(host, "runuser -u nobody -- journalctl --no-pager -n 5 -u kubelet 2>/dev/null | grep -c kubelet; true").strip() == "0"
    )
    for socket in ("/run/docker.sock", "/run/cri-dockerd.sock"):
        assert attacked.on(host, f"test -S {socket} && runuser -u nobody -- test -w {socket}; echo $?") == "1\n"


def test_a_token_of_a_pod_ends_with_the_pod(attacked: Cluster) -> None:
    """One that somebody has copied is worth nothing afterwards."""
    checks.apply(attacked, checks.pod("gone", labels={}, spec=checks.web_server("web", nodeName=WORKER)))
    attacked.kubectl("wait", "pod", "gone", "--for=condition=Ready", "--timeout=60s")
    token = attacked.kubectl("exec", "gone", "--", "cat", "/var/run/secrets/kubernetes.io/serviceaccount/token").strip()
    ask = ("curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}", "-H", f"Authorization: Bearer {token}", f"{API}/api")
    assert attacked.lab("run", *ask).stdout == "200"
    attacked.kubectl("delete", "pod", "gone", "--now")
    eventually(lambda: attacked.lab("run", *ask).stdout == "401", deadline=30, wanted="the token is refused")
