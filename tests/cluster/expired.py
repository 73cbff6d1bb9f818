# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates of a host that have expired: the same ones again, with the dates of the year before."""

from __future__ import annotations

import datetime

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.libraries import hashes, x509
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import certs
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import AUTHORITIES, Pki
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import component_table

from .driver import Cluster


def found(cluster: Cluster, host: str) -> list[str]:
    """The paths of all certificates that the host has."""
    return cluster.on(host, f"ls {' '.join(component_table.certificate_files())} 2>/dev/null; true").split()


def expire(cluster: Cluster, host: str, *, days_ago: int) -> list[str]:
    """Replaces all certificates of a host by ones that ended so many days ago; returns their paths."""
    pki = Pki(cluster.inventory / "pki")
    paths = found(cluster, host)
    for path in paths:
        old = x509.load_pem_x509_certificate(cluster.on(host, f"cat {path}").encode())
        authority = next(name for name in AUTHORITIES if certs.issued_by_any(certs.pem(old), [pki.certificate(name) or ""]))
        text = certs.pem(_of_last_year(old, pki, authority, days_ago=days_ago))
        # In place: owner and mode stay.
        cluster.lab("exec", host, "sh", "-c", f"cat > {path}", input=text)
    return paths


def _of_last_year(old: x509.Certificate, pki: Pki, authority: str, *, days_ago: int) -> x509.Certificate:
    end = datetime.datetime.now(datetime.UTC).replace(microsecond=0) - datetime.timedelta(days=days_ago)
    builder = x509.CertificateBuilder().subject_name(old.subject).issuer_name(old.issuer).public_key(old.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(end - datetime.timedelta(days=365)).not_valid_after(end)
    for extension in old.extensions:
        builder = builder.add_extension(extension.value, critical=extension.critical)
    return builder.sign(pki.key(f"{certs.authority_name(authority)}.key"), hashes.SHA256())
