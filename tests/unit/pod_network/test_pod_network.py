# SPDX-License-Identifier: GPL-3.0-or-later
"""Who asks whom by the pod network, what flannel's tunnels are, and what an answer or its absence says."""

from __future__ import annotations

import collections.abc
import contextlib
import pathlib
import socket
import ssl
import threading
import time
import typing as t

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from ansible_collections.barehost.kubernetes.plugins.filter.plays import changed_nodes
from ansible_collections.barehost.kubernetes.plugins.module_utils._api import pod_network
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._api import plan_pod_network
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import certs
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import Pki


def cluster(count: int) -> dict[str, t.Any]:
    hosts = [f"n{number:03}" for number in range(count)]
    return {"node_hosts": hosts, "nodes": {host: {"name": host, "address": host, "host": host} for host in hosts}}


def asked(count: int) -> dict[str, list[str]]:
    spec = cluster(count)
    return {host: [peer["name"] for peer in plan_pod_network.peers(spec, host)] for host in spec["node_hosts"]}


@pytest.mark.parametrize("count", range(1, 6))
def test_every_pair_of_a_few_nodes_is_asked(count: int) -> None:
    found = {frozenset((host, peer)) for host, peers in asked(count).items() for peer in peers}
    assert len(found) == count * (count - 1) // 2
    assert all(len(pair) == 2 for pair in found)


@pytest.mark.parametrize("count", [6, 17, 100])
def test_each_of_many_nodes_asks_a_few_and_is_asked(count: int) -> None:
    found = asked(count)
    assert {peer for peers in found.values() for peer in peers} == set(found)
    assert {len(peers) for peers in found.values()} == {(count - 1).bit_length()}
    assert not [host for host, peers in found.items() if host in peers]


def test_tunnels_by_the_tables_of_the_kernel() -> None:
    """As iproute2 prints them on a node, which also has other interfaces; a renamed Node leaves its old subnet for the same host."""
    neighbours = [
        {"dst": "10.255.1.0", "lladdr": "6a:cb:a3:c8:1c:ad", "state": ["PERMANENT"]},
        {"dst": "10.255.7.0", "lladdr": "6a:cb:a3:c8:1c:ad", "state": ["PERMANENT"]},
        {"dst": "10.255.2.0", "lladdr": "AA:00:00:00:00:02", "state": ["PERMANENT"]},
        {"dst": "10.255.3.0", "state": ["FAILED"]},
    ]
    forwarding = [
        {"mac": "33:33:00:00:00:01", "ifname": "eth0", "flags": ["self"], "state": "permanent"},
        {"mac": "6a:cb:a3:c8:1c:ad", "ifname": "flannel.1", "dst": "192.0.2.1", "flags": ["self"], "state": "permanent"},
        {"mac": "aa:00:00:00:00:02", "ifname": "flannel.1", "dst": "192.0.2.2", "flags": ["self"], "state": "permanent"},
    ]
    assert pod_network.tunnels(neighbours, forwarding) == {"192.0.2.1": ["10.255.1.0", "10.255.7.0"], "192.0.2.2": ["10.255.2.0"]}


def issued(directory: pathlib.Path, authority: str, *, days_ago: int = 0) -> ssl.SSLContext:
    """The side of a server with a certificate for another address than that it is asked at, issued days ago for two days."""
    pki = Pki(directory / authority, now=time.time() - days_ago * 86400)
    key = certs.new_key()
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
    item = {
        "name": "kubelet",
        "common_name": "system:node:n",
        "ips": ["192.0.2.1"],
        "usages": ["server"],
        "days": 2,
        "renew_before_days": 1,
    }
    pair = directory / f"{authority}.pem"
    certificate = pki.sign("kubernetes", request.public_bytes(serialization.Encoding.PEM).decode(), {"authority": "kubernetes", **item})
    pair.write_text(certificate + certs.private_pem(key))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair)
    return context


@contextlib.contextmanager
def serving(serve: collections.abc.Callable[[socket.socket], None]) -> collections.abc.Iterator[int]:
    """A server of one connection; its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept() -> None:
            with contextlib.suppress(OSError), listening.accept()[0] as connection:
                serve(connection)

        thread = threading.Thread(target=accept)
        thread.start()
        yield listening.getsockname()[1]
        thread.join()


@pytest.fixture
def ca(tmp_path: pathlib.Path) -> str:
    Pki(tmp_path / "ours").read("kubernetes-ca.crt")
    return str(tmp_path / "ours" / "kubernetes-ca.crt")


@pytest.mark.parametrize("days_ago", [0, 5])
def test_an_answer_of_a_kubelet(tmp_path: pathlib.Path, ca: str, days_ago: int) -> None:
    """Also one whose certificate has ended: what is asked is whether the packets arrive."""
    received: list[bytes] = []

    def answer(connection: socket.socket) -> None:
        with issued(tmp_path, "ours", days_ago=days_ago).wrap_socket(connection, server_side=True) as secure:
            while b"\r\n\r\n" not in b"".join(received):
                received.append(secure.recv(1 << 16))
            secure.sendall(b"HTTP/1.0 401 Unauthorized\r\n\r\n")

    with serving(answer) as port:
        assert pod_network.ask_kubelet("127.0.0.1", port, ca=ca) == ""
    assert len(b"".join(received)) > 4000


def test_an_answer_of_somebody_else(tmp_path: pathlib.Path, ca: str) -> None:
    def answer(connection: socket.socket) -> None:
        issued(tmp_path, "theirs").wrap_socket(connection, server_side=True)

    with serving(answer) as port:
        found = pod_network.ask_kubelet("127.0.0.1", port, ca=ca)
    assert found.startswith("127.0.0.1 in the pod network is no kubelet of this cluster")


def test_whole_packets_that_get_lost(ca: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pod_network, "_TRY_SECONDS", 0.2)
    done = threading.Event()
    with serving(lambda _connection: t.cast(None, done.wait(5))) as port:
        found = pod_network.ask_kubelet("127.0.0.1", port, ca=ca)
        done.set()
    assert found == "127.0.0.1 in the pod network takes connections, but whole packets get lost on the way (MTU)"


def test_a_refusal_came_through_the_tunnel(ca: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert pod_network.ask_kubelet("127.0.0.1", port, ca=ca) == ""


def test_a_neighbour_whose_pod_cidr_flannel_has_not_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a restore of etcd by hand: nothing is asked, because the address may be that of another node now."""
    monkeypatch.setattr(pod_network, "ask_kubelet", lambda *_arguments, **_options: pytest.fail("asked"))
    payload = {"device": "flannel.1", "kubelet_port": 1, "connection": {"ca": ""}}
    found = pod_network._reaches({"subnet": "10.255.0.0/24"}, ["10.255.5.0"], payload)
    assert found == (
        "its pod CIDR is 10.255.0.0/24, and flannel of this host still sends to 10.255.5.0: restart flanneld on this host "
        "(systemctl restart flanneld)"
    )
    assert pod_network._reaches({"subnet": ""}, [], payload) == (
        "flannel of this host has no way to it on flannel.1: restart flanneld on this host (systemctl restart flanneld)"
    )


def test_which_nodes_have_changed() -> None:
    hostvars: dict[str, dict[str, t.Any]] = {
        "n000": {"done": {"changed": False}},
        "n001": {"done": {"changed": True}},
        "n002": {"other": {"changed": False, "failed": True}},
        "n003": {"unasked": {"changed": True}},
    }
    assert changed_nodes(cluster(5), hostvars, ["done", "other"]) == ["n001", "n002"]
