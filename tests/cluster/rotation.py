# SPDX-License-Identifier: GPL-3.0-or-later
"""Kubelets that rotate their certificates: what they hold, what they show, and requests that nobody may approve."""

from __future__ import annotations

import base64
import collections.abc as c
import datetime
import ipaddress
import json
import pathlib
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.libraries import hashes, oid, serialization, x509
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import certs
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import NODE, NODE_CERTIFICATE, Pki
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.component_table import KUBELET, KUBELET_CERTIFICATE_APPROVER

from .driver import Cluster, PlaybookRun
from .old_authorities import OldAuthorities

CLIENT, SERVER = KUBELET.files["rotated_client"], KUBELET.files["rotated_server"]
SERVING = ["digital signature", "server auth"]
ROTATED = ("-e", "cluster_node_certificates=rotated")
REPLACE = ("playbooks/replace-authority.yml", *ROTATED, "-e", "replace_authority=node")
_ISSUED = KUBELET.pairs["kubelet"].cert


def held(cluster: Cluster, host: str, path: str) -> x509.Certificate | None:
    """The present certificate of the kubelet of a host at this path; None if it has none yet."""
    text = cluster.on(host, f"openssl x509 -in {path} 2>/dev/null; true")
    return certs.load(text) if text else None


def is_of_node_authority(cluster: Cluster, certificate: x509.Certificate | None) -> bool:
    authority = (cluster.inventory / "pki" / NODE_CERTIFICATE).read_text(encoding="ascii")
    return certificate is not None and certs.issued_by_any(certs.pem(certificate), [authority])


def shown(cluster: Cluster, host: str, address: str) -> int:
    """The serial number of the certificate that a kubelet shows to clients."""
    client = f"openssl s_client -connect {address}:{KUBELET.ports['server'].number} </dev/null 2>/dev/null"
    return int(cluster.on(host, f"{client} | openssl x509 -noout -serial").strip().partition("=")[2], 16)


def request(user: str, *, dns: t.Sequence[str] = (), ips: t.Sequence[str] = ()) -> str:
    """A signing request as a kubelet of this name makes it."""
    name = x509.Name([x509.NameAttribute(oid.NameOID.ORGANIZATION_NAME, "system:nodes"), x509.NameAttribute(oid.NameOID.COMMON_NAME, user)])
    names = [*(x509.DNSName(text) for text in dns), *(x509.IPAddress(ipaddress.ip_address(text)) for text in ips)]
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(certs.new_key(), hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def ask(cluster: Cluster, name: str, text: str, *, user: str, usages: t.Sequence[str] = SERVING) -> None:
    """Creates a request in the API in the name of this node."""
    spec = {"signerName": "kubernetes.io/kubelet-serving", "usages": list(usages), "request": base64.b64encode(text.encode()).decode()}
    asked = {"apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest", "metadata": {"name": name}, "spec": spec}
    cluster.kubectl("create", "-f", "-", f"--as={user}", "--as-group=system:nodes", input=json.dumps(asked))


def ask_for_what_is_not_theirs(cluster: Cluster, *, node: str, address: str, other: str, other_address: str) -> list[str]:
    """Requests that a stolen kubelet could make; returns their names. Another subject the API refuses itself (NodeRestriction)."""
    user = f"system:node:{node}"
    forged = {
        "another-address": (request(user, dns=[node], ips=[address, other_address]), user, SERVING),
        "another-name": (request(user, dns=[other], ips=[address]), user, SERVING),
        "a-client": (request(user, dns=[node]), user, [*SERVING, "client auth"]),
        "nobody": (request("system:node:nobody", ips=[address]), "system:node:nobody", SERVING),
    }
    for name, (text, who, usages) in forged.items():
        ask(cluster, name, text, user=who, usages=usages)
    return list(forged)


def decided(cluster: Cluster, name: str) -> list[str]:
    """What was decided about a request: the types of its conditions."""
    found = cluster.kubectl_json("get", "csr", name)["status"]
    return [condition["type"] for condition in found.get("conditions", [])] + (["Issued"] if found.get("certificate") else [])


def said(cluster: Cluster, master: str) -> str:
    """What the approver of a master has said."""
    return cluster.on(master, f"journalctl --no-pager -o cat -u {KUBELET_CERTIFICATE_APPROVER.unit}")


def holds_nothing_old(cluster: Cluster, host: str, address: str) -> None:
    """The kubelet shows a certificate of the present authority, and has none of another."""
    server, client = held(cluster, host, SERVER), held(cluster, host, CLIENT)
    assert server is not None and is_of_node_authority(cluster, server), host
    assert client is None or is_of_node_authority(cluster, client), host
    assert shown(cluster, host, address) == server.serial_number, host


def replaces_its_authority(cluster: Cluster, hosts: c.Mapping[str, str], *, copy: pathlib.Path) -> PlaybookRun:
    """The first of the hosts is a master. Nothing of the old authority is shown or accepted afterwards."""
    master = next(iter(hosts))
    old = OldAuthorities(cluster, master, hosts[master], copy=copy)
    assert {status for door, status in old.doors().items() if door.authority == NODE} == {"200"}
    run = cluster.playbook(*REPLACE)
    for host, address in hosts.items():
        holds_nothing_old(cluster, host, address)
    old.nobody_lets_in({NODE})
    return run


def make_old(cluster: Cluster, host: str) -> None:
    """Gives a kubelet an issued certificate of which more than nine tenths of its life are over, so that it rotates it at once."""
    pki = Pki(cluster.inventory / "pki", check_mode=True)
    old = x509.load_pem_x509_certificate(cluster.on(host, f"cat {_ISSUED}").encode())
    now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    builder = x509.CertificateBuilder().subject_name(old.subject).issuer_name(old.issuer).public_key(old.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(hours=19)).not_valid_after(now + datetime.timedelta(hours=1))
    for extension in old.extensions:
        builder = builder.add_extension(extension.value, critical=extension.critical)
    text = certs.pem(builder.sign(pki.key("kubernetes-ca.key"), hashes.SHA256()))
    cluster.lab("exec", host, "sh", "-c", f"cat > {_ISSUED}", input=text)
    cluster.on(host, f"systemctl restart {KUBELET.unit}")
