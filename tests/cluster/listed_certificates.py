# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of certificates of a cluster whose hosts are at hand, with the openssl program as the judge."""

from __future__ import annotations

import datetime
import json
import pathlib
import typing as t

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from .driver import Cluster, PlaybookRun

PKI = "/etc/kubernetes/pki"
SCHEDULER = f"{PKI}/scheduler.crt"
FOREIGN = f"{PKI}/own/own.crt"
Object = dict[str, t.Any]


def listed(cluster: Cluster, directory: pathlib.Path, *arguments: str) -> tuple[PlaybookRun, Object]:
    """The list as data; the page of it is written, too."""
    data, page = directory / "list.json", directory / "list.html"
    options = ("-e", f"certificates_json={data}", "-e", f"certificates_html={page}")
    done = cluster.playbook("playbooks/certificates.yml", *options, *arguments, check=False)
    found: Object = json.loads(data.read_text(encoding="utf-8"))
    assert page.read_text(encoding="utf-8").count("<tr>") == len(found["entries"]) + 1
    assert done.changed == []
    return done, found


def of_host(found: Object, host: str) -> dict[str, Object]:
    return {entry["path"]: entry for entry in found["entries"] if entry["host"] == host}


def ends_as_openssl_says(cluster: Cluster, host: str, found: Object) -> None:
    """Every certificate file below the directories of the PKI is in the list, with its end."""
    files = cluster.on(host, f"find {PKI} /etc/etcd/pki -name '*.crt'").split()
    entries = of_host(found, host)
    assert len(files) > 10 and set(files) <= set(entries)
    for path in files:
        said = cluster.on(host, f"openssl x509 -noout -enddate -in {path}").strip().removeprefix("notAfter=")
        end = datetime.datetime.strptime(said, "%b %d %H:%M:%S %Y %Z")
        assert entries[path]["not_after"] == f"{end.isoformat()}Z", path


def tells_no_secret(cluster: Cluster, host: str, done: PlaybookRun) -> None:
    """Neither what is shown nor what a verbose run would show has key material."""
    secret = cluster.on(host, "awk '/secret:/ {print $2}' /etc/kubernetes/encryption-config.yaml").strip()
    key = cluster.on(host, f"sed -n 2p {PKI}/apiserver.key").strip()
    told = done.output + cluster.playbook("playbooks/certificates.yml", "-vvv", check=False).output
    assert secret and key
    assert secret not in told and key not in told and "PRIVATE KEY" not in told


def state_of_files(cluster: Cluster, host: str) -> str:
    return cluster.on(host, "find /etc /root /usr/local /var/lib/barehost -type f -printf '%p %m %u %g %T@\\n' | sort")


def spoil(cluster: Cluster, host: str) -> None:
    """API and etcd are down; a certificate has ended, another is gone, a key lies open, and one certificate is nobody's."""
    ended = _ended(cluster, cluster.on(host, f"cat {SCHEDULER}"))
    cluster.lab("exec", host, "sh", "-c", f"cat > {SCHEDULER}", input=ended)
    cluster.on(
        host,
        f"mkdir {PKI}/own && cp {PKI}/proxy.crt {FOREIGN} && mv {PKI}/flannel.crt /root/ && chmod 0644 {PKI}/admin.key &&"
        " systemctl stop kube-apiserver etcd",
    )


def _ended(cluster: Cluster, text: str) -> str:
    """The same certificate, but one that has ended ten days ago."""
    directory = cluster.inventory / "pki"
    key = serialization.load_pem_private_key((directory / "kubernetes-ca.key").read_bytes(), password=None)
    known = x509.load_pem_x509_certificate(text.encode())
    now = datetime.datetime.now(tz=datetime.UTC)
    builder = x509.CertificateBuilder(known.issuer, known.subject, known.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(days=375)).not_valid_after(now - datetime.timedelta(days=10))
    for extension in known.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    return builder.sign(t.cast(t.Any, key), hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def tells_what_is_spoilt(host: str, done: PlaybookRun, found: Object) -> None:
    entries = of_host(found, host)
    states = {path: entry["state"] for path, entry in entries.items() if entry["state"] != "ok"}
    kubeconfigs = {"/etc/kubernetes/scheduler.kubeconfig": "expired", "/etc/kubernetes/flannel.kubeconfig": "differs"}
    assert states == {
        SCHEDULER: "expired",
        f"{PKI}/flannel.crt": "missing",
        f"{PKI}/admin.crt": "differs",
        FOREIGN: "differs",
        **kubeconfigs,
    }
    assert entries[f"{PKI}/admin.crt"]["differences"] == ["its key: its mode is 0644, wanted 0600"]
    assert entries[FOREIGN]["kind"] == "not described"
    assert [fault.rpartition(" on ")[0] for fault in found["faults"]] == [f"{host}: {SCHEDULER} ended"]
    assert found["faults"][0] in done.output
