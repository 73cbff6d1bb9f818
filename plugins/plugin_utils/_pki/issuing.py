# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Issues certificates: those of authorities, and those that are described. Pure, except for randomness."""

from __future__ import annotations

import datetime
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.libraries import ec, hashes, oid, x509
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import certs, wanted_certs

AUTHORITY_DAYS = 3650


def make_authority(authority: str, key: ec.EllipticCurvePrivateKey, now: float) -> x509.Certificate:
    """A root certificate that may sign leaf certificates only."""
    name = x509.Name([x509.NameAttribute(oid.NameOID.COMMON_NAME, certs.authority_name(authority))])
    start = certs.moment(now) - certs.CLOCK_SKEW
    builder = _builder(
        subject=name, issuer=name, public_key=key.public_key(), start=start, end=start + datetime.timedelta(days=AUTHORITY_DAYS)
    )
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_key_usage(authority=True), critical=True)
    return builder.sign(key, hashes.SHA256())


def make_leaf(
    item: dict[str, t.Any],
    public_key: ec.EllipticCurvePublicKey,
    *,
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
    now: float,
) -> x509.Certificate:
    """Issues the wanted certificate. It ends no later than its authority."""
    days, _ignored = wanted_certs.periods(item)
    start = certs.moment(now) - certs.CLOCK_SKEW
    end = min(start + datetime.timedelta(days=days), authority.not_valid_after_utc)
    builder = _builder(subject=wanted_certs.subject(item), issuer=authority.subject, public_key=public_key, start=start, end=end)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_key_usage(authority=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage(wanted_certs.usages(item)), critical=False)
    issuer_id = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer_id), critical=False)
    names = wanted_certs.general_names(item)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(authority_key, hashes.SHA256())


def _builder(
    *, subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey, start: datetime.datetime, end: datetime.datetime
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public_key)
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(start).not_valid_after(end)
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    # Unlike an RSA key, an ECDSA key only signs: no key encipherment.
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
