# SPDX-License-Identifier: GPL-3.0-or-later
"""Authorities of somebody else: a root, and below it one for each authority of a cluster."""

from __future__ import annotations

import datetime
import pathlib
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.libraries import ec, hashes, oid, x509
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import certs, issuing


class Authority(t.NamedTuple):
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def put(self, folder: pathlib.Path, name: str, *, chain: str = "") -> None:
        (folder / f"{name}.crt").write_text(certs.pem(self.certificate) + chain, encoding="ascii")
        key = folder / f"{name}.key"
        key.touch(mode=0o600)
        key.write_text(certs.private_pem(self.key), encoding="ascii")


def made(name: str, by: Authority | None = None) -> Authority:
    """A root, or an authority that may sign leaf certificates only."""
    key, now = certs.new_key(), datetime.datetime.now(datetime.UTC)
    subject = x509.Name([x509.NameAttribute(oid.NameOID.ORGANIZATION_NAME, "Company"), x509.NameAttribute(oid.NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(by.certificate.subject if by else subject, subject, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(now + datetime.timedelta(days=900))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0 if by else None), critical=True)
    builder = builder.add_extension(issuing._key_usage(authority=True), critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    if by is not None:
        identifier = by.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
    return Authority(builder.sign(by.key if by else key, hashes.SHA256()), key)
