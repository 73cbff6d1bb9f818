# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates and keys as they are: read from PEM and written to it, who has signed them, and what they hold.

Pure, except for randomness. wanted_certs.py compares them with what is described, issuing.py makes certificates.
"""

from __future__ import annotations

import collections.abc as c
import datetime
import typing as t

from ansible.errors import AnsibleError

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.libraries import ec, exceptions, oid, serialization, x509
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import generations

KEY_DESCRIPTION = "ECDSA P-256"
# A host whose clock is behind by this much still accepts a certificate that was issued just now.
CLOCK_SKEW = datetime.timedelta(minutes=5)
USAGES = {"server": "1.3.6.1.5.5.7.3.1", "client": "1.3.6.1.5.5.7.3.2"}
_USAGE_NAMES = {number: name for name, number in USAGES.items()}


def _unreadable() -> tuple[type[Exception], ...]:
    """What a certificate may raise that is damaged or was made by another program. A function, as cryptography may be missing."""
    of_x509 = (x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType)
    return (ValueError, TypeError, exceptions.UnsupportedAlgorithm, exceptions.InvalidSignature, *of_x509)


class PkiError(AnsibleError):
    """The PKI directory has a fault, or a certificate cannot be issued. The message says what the operator can do."""


def authority_name(authority: str) -> str:
    """The common name of an authority, which is also the name of its files without suffix."""
    return f"{authority}-ca"


def moment(seconds: float) -> datetime.datetime:
    """Seconds since the epoch as a time in a certificate: UTC, whole seconds."""
    return datetime.datetime.fromtimestamp(int(seconds), tz=datetime.UTC)


def load(pem: str) -> x509.Certificate | None:
    """The first certificate in a PEM text, or None if there is no readable one."""
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
        # Much of a certificate is parsed only when it is asked for.
        found_text(certificate)
        return certificate
    except _unreadable():
        return None


def check_authority(text: str, now: float, *, path: str) -> None:
    """Raises PkiError for an authority that cannot sign. ``now`` is seconds since the epoch, ``path`` where it stands, for the message."""
    certificate = load(text)
    if certificate is None:
        raise PkiError(f"{path} is no certificate in PEM form. Put the right file back from your backup.")
    constraints = _extension(certificate, x509.BasicConstraints)
    if constraints is None or not constraints.ca:
        raise PkiError(f"{path} is no certificate of an authority. Put one there that is, before the chain above it if there is one.")
    end = certificate.not_valid_after_utc
    if end <= moment(now):
        raise PkiError(
            f"{path}: the authority expired on {end:%Y-%m-%d}; nothing it has signed is accepted any more. Replace it with "
            "playbooks/replace-authority.yml. Or issue its certificate again for the same key, with openssl and its .key file, and run "
            "site.yml: hosts then take it as the same authority."
        )


def public_key_of(pem_text: str) -> t.Any:
    """The public key of a certificate, or a public key itself, in PEM form; None for what is neither."""
    certificate = load(pem_text)
    if certificate is not None:
        return key_of(certificate)
    try:
        return serialization.load_pem_public_key(pem_text.encode())
    except _unreadable():
        return None


def belong_together(public: str, private: str) -> bool:
    """Whether a private key is that of a certificate, or of one of several public keys, all in PEM form."""
    try:
        own = serialization.load_pem_private_key(private.encode(), password=None).public_key()
    except _unreadable():
        return False
    return any(public_key_of(block) == own for block in generations.blocks(public))


def issued_by_any(certificate_pem: str, authorities: c.Iterable[str]) -> bool:
    """Whether one of these authorities, in PEM form, has signed a certificate."""
    certificate = load(certificate_pem)
    return certificate is not None and any(issued_by(certificate, found) for text in authorities if (found := load(text)) is not None)


def found_text(certificate: x509.Certificate) -> str:
    """The existing certificate as text for a diff."""
    issuer = ", ".join(_values(certificate.issuer, oid.NameOID.COMMON_NAME)) or certificate.issuer.rfc4514_string()
    lifetime = f"{lifetime_days(certificate)} days, until {certificate.not_valid_after_utc:%Y-%m-%d}"
    key = KEY_DESCRIPTION if is_p256(key_of(certificate)) else "another algorithm"
    return as_text(contents(certificate), issuer=issuer, lifetime=lifetime, key=key)


def as_text(values: dict[str, tuple[str, ...]], *, issuer: str, lifetime: str, key: str) -> str:
    """What a diff shows of a certificate; ``values`` as ``contents`` has them."""
    lines = [f"{what}: {', '.join(entries) or 'none'}" for what, entries in values.items()]
    return "\n".join([*lines, f"issuer: {issuer}", f"lifetime: {lifetime}", f"key: {key}"]) + "\n"


def contents(certificate: x509.Certificate) -> dict[str, tuple[str, ...]]:
    """Subject, alternative names and usages of a certificate, as texts."""
    organizations = sorted(f"O={name}" for name in _values(certificate.subject, oid.NameOID.ORGANIZATION_NAME))
    common_names = [f"CN={name}" for name in _values(certificate.subject, oid.NameOID.COMMON_NAME)]
    alternative = _extension(certificate, x509.SubjectAlternativeName)
    names = sorted(f"DNS:{name}" for name in alternative.get_values_for_type(x509.DNSName)) if alternative else []
    addresses = sorted(f"IP:{name}" for name in alternative.get_values_for_type(x509.IPAddress)) if alternative else []
    usages = _extension(certificate, x509.ExtendedKeyUsage) or ()
    return {
        "subject": (*organizations, *common_names),
        "alternative names": (*names, *addresses),
        "usages": tuple(sorted(_USAGE_NAMES.get(usage.dotted_string, usage.dotted_string) for usage in usages)),
    }


def _values(name: x509.Name, kind: x509.ObjectIdentifier) -> list[str]:
    return [str(attribute.value) for attribute in name.get_attributes_for_oid(kind)]


def _extension(certificate: x509.Certificate, kind: type[t.Any]) -> t.Any:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def lifetime_days(certificate: x509.Certificate) -> int:
    return round((certificate.not_valid_after_utc - certificate.not_valid_before_utc) / datetime.timedelta(days=1))


def issued_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    """Whether the authority has signed the certificate."""
    try:
        certificate.verify_directly_issued_by(authority)
    except _unreadable():
        return False
    return True


def key_of(certificate: x509.Certificate) -> t.Any:
    """The public key; None for one that cannot be read."""
    try:
        return certificate.public_key()
    except (ValueError, exceptions.UnsupportedAlgorithm):
        return None


def is_p256(key: t.Any) -> bool:
    """Whether a public or private key is on the only curve used here, P-256."""
    return isinstance(key, (ec.EllipticCurvePublicKey, ec.EllipticCurvePrivateKey)) and isinstance(key.curve, ec.SECP256R1)


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def private_pem(key: ec.EllipticCurvePrivateKey) -> str:
    encoding, encryption = serialization.Encoding.PEM, serialization.NoEncryption()
    return key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, encryption).decode()


def public_pem(key: ec.EllipticCurvePublicKey) -> str:
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
