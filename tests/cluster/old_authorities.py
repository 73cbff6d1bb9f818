# SPDX-License-Identifier: GPL-3.0-or-later
"""What was issued by authorities that have been replaced since, and whether anybody still accepts it."""

from __future__ import annotations

import base64
import pathlib
import shutil
import time
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.libraries import hashes, serialization, x509
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import certs
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import AUTHORITIES, NODE, Pki

from .driver import Cluster, Failure, eventually

# Where a host listens with a certificate, and whose it is.
PORTS = {6443: "kubernetes", 10250: "kubernetes", 10257: "kubernetes", 10259: "kubernetes", 2379: "etcd", 2380: "etcd"}
FRONT_PROXY = "front-proxy"
# Controller manager and scheduler: they know clients by what apiservers publish.
WATCHING = (10257, 10259)


class Door(t.NamedTuple):
    """Where a client's certificate of an authority is accepted, and a path that says whether it was."""

    authority: str
    port: int
    path: str


DOORS = (
    Door("kubernetes", 6443, "/api/v1/nodes"),
    Door("kubernetes", 10250, "/pods"),
    # Aggregated APIs know clients in the same way.
    *(Door(authority, port, "/metrics") for authority in ("kubernetes", FRONT_PROXY, NODE) for port in WATCHING),
    Door("etcd", 2379, "/version"),
    Door("etcd", 2380, "/version"),
    Door(FRONT_PROXY, 6443, "/api/v1/nodes"),
    Door(NODE, 6443, "/api/v1/nodes"),
)
# An answer of who does not know the client, and none because the handshake has failed.
CLOSED = ("401", "000")
_FOLDER = "/run/old-authorities"


class OldAuthorities:
    """A copy of the PKI directory, and on a host certificates that its authorities have issued."""

    def __init__(self, cluster: Cluster, host: str, address: str, *, copy: pathlib.Path, pki: pathlib.Path | None = None) -> None:
        """``pki``: another directory than that of the cluster."""
        self._cluster = cluster
        self._host = host
        self._address = address
        self._copy = copy
        shutil.copytree(pki or cluster.inventory / "pki", copy)
        cluster.on(host, f"install -d -m 0700 {_FOLDER}")
        issuer = Pki(copy)
        self._authorities = [name for name in (*AUTHORITIES, NODE) if (copy / f"{name}-ca.crt").exists()]
        for authority in self._authorities:
            key = certs.new_key()
            request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
            text = request.public_bytes(serialization.Encoding.PEM).decode()
            self._put(f"{authority}.crt", issuer.sign(authority, text, _client(authority, address)))
            self._put(f"{authority}.key", certs.private_pem(key))
            self._put(f"{authority}-ca.crt", (copy / f"{authority}-ca.crt").read_text(encoding="ascii"))
        # A certificate is valid from some minutes before now on, but the host's clock is asked, not the controller's.
        assert abs(time.time() - float(cluster.on(host, "date +%s"))) < 60

    def webhook(self, name: str) -> dict[str, t.Any]:
        """One that trusts the old authority, and is called for nothing that exists."""
        bundle = base64.b64encode((self._copy / "kubernetes-ca.crt").read_bytes()).decode()
        rule = {"apiGroups": ["example.org"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["none"]}
        webhook = {
            "name": f"{name}.example.org",
            "clientConfig": {"url": "https://127.0.0.1:1/", "caBundle": bundle},
            "rules": [rule],
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
        }
        return {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": name},
            "webhooks": [webhook],
        }

    def doors(self) -> dict[Door, str]:
        """By door: the status of an answer, or 000 where the handshake is refused."""
        return {door: self._status(door) for door in DOORS if door.authority in self._authorities}

    def nobody_lets_in(self, authorities: t.Collection[str] = (*AUTHORITIES, NODE)) -> None:
        """Every door turns away who has a certificate of these: at once, but for programs that watch what apiservers publish.

        Their watch ends with the apiserver that restarts, and the next attempt may come half a minute later.
        """

        def doors() -> set[Door]:
            return {door for door, status in self.doors().items() if status not in CLOSED and door.authority in authorities}

        def is_shut() -> bool:
            if found := doors():
                raise Failure(f"{self._host} lets in at {found}")
            return True

        late = {door for door in doors() if door.port not in WATCHING}
        assert not late, f"{self._host} lets in at {late}"
        eventually(is_shut, deadline=90, wanted="nobody accepts what replaced authorities have issued")

    def shown(self) -> dict[int, bool]:
        """By port: whether the certificate that the server shows was issued by an old authority."""
        return {port: self._verifies(port, f"{_FOLDER}/{authority}-ca.crt") for port, authority in PORTS.items()}

    def shown_by_new(self) -> dict[int, bool]:
        """By port: whether the certificate that the server shows is that of the authority which the host trusts."""
        trusted = {"kubernetes": "/etc/kubernetes/pki/ca.crt", "etcd": "/etc/etcd/pki/ca.crt"}
        return {port: self._verifies(port, trusted[authority]) for port, authority in PORTS.items()}

    def _put(self, name: str, text: str) -> None:
        encoded = base64.b64encode(text.encode()).decode()
        self._cluster.lab("exec", self._host, "sh", "-c", f"umask 077; base64 -d > {_FOLDER}/{name}", input=encoded)

    def _status(self, door: Door) -> str:
        # Whoever has the front proxy's certificate says in whose name it asks.
        headers = "-H 'X-Remote-User: root' -H 'X-Remote-Group: system:masters'" if door.authority == FRONT_PROXY else ""
        pair = f"{_FOLDER}/{door.authority}"
        # The port of etcd's peers offers HTTP/2 and does not speak it.
        curl = f"curl -s -k --http1.1 -m 10 -o /dev/null -w '%{{http_code}}' {headers} --cert {pair}.crt --key {pair}.key"
        return self._cluster.on(self._host, f"{curl} https://{self._listens_at(door.port)}:{door.port}{door.path}; true").strip()

    def _verifies(self, port: int, authority: str) -> bool:
        client = f"openssl s_client -connect {self._listens_at(port)}:{port} -CAfile {authority} -verify_return_error"
        return "Verify return code: 0 (ok)" in self._cluster.on(self._host, f"{client} </dev/null 2>&1; true", timeout=30)

    def _listens_at(self, port: int) -> str:
        return "127.0.0.1" if port in WATCHING else self._address


def _client(authority: str, address: str) -> dict[str, object]:
    """An administrator of the API, root of etcd with name and address of a peer, and the front proxy of the apiserver."""
    groups = ["system:masters"] if authority in ("kubernetes", NODE) else []
    return {
        "name": "old",
        "authority": authority,
        "common_name": "front-proxy-client" if authority == FRONT_PROXY else "root",
        "organizations": groups,
        "dns": ["localhost"] if authority == "etcd" else [],
        "ips": [address] if authority == "etcd" else [],
        "usages": ["client"],
    }
