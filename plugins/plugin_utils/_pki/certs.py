# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates as values: describes wanted and existing ones, finds faults, and issues new ones.

Pure, except for randomness.
"""

from __future__ import annotations

import collections.abc as c
import datetime
import ipaddress
import typing as t

from ansible.errors import AnsibleError

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.libraries import ec, exceptions, hashes, oid, serialization, x509
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import generations

KEY_DESCRIPTION = "ECDSA P-256"
AUTHORITY_DAYS = 3650
# A host whose clock is behind by this much still accepts a certificate that was issued just now.
CLOCK_SKEW = datetime.timedelta(minutes=5)
DEFAULT_DAYS = 365
DEFAULT_RENEW_BEFORE_DAYS = 30
COMMON_NAME_LIMIT = 64

_USAGES = {"server": "1.3.6.1.5.5.7.3.1", "client": "1.3.6.1.5.5.7.3.2"}
_USAGE_NAMES = {number: name for name, number in _USAGES.items()}


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
        return _public_key(certificate)
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


def fault(item: dict[str, t.Any], certificate: x509.Certificate, authority_pem: str | None, now: float) -> str | None:
    """Why this certificate must be issued again, or None. The key is not checked: it is only on its host.

    There is more than one authority in ``authority_pem`` where the key of the present one is lost.
    """
    authorities = [found for block in generations.blocks(authority_pem) if (found := load(block)) is not None]
    name = authority_name(item["authority"])
    if not authorities:
        return f"its authority {name} does not exist yet"
    authority = next((one for one in authorities if issued_by(certificate, one)), None)
    if authority is None:
        return f"it was not issued by the present {name}"
    if not is_p256(_public_key(certificate)):
        return f"its key is not {KEY_DESCRIPTION}"
    return _content_fault(item, certificate) or _time_fault(item, certificate, authority, moment(now))


def _content_fault(item: dict[str, t.Any], certificate: x509.Certificate) -> str | None:
    wanted, found = _wanted(item), contents(certificate)
    for what in ("subject", "alternative names", "usages"):
        if wanted[what] != found[what]:
            return f"its {what} differ" if what.endswith("s") else f"its {what} differs"
    return None


def _time_fault(item: dict[str, t.Any], certificate: x509.Certificate, authority: x509.Certificate, now: datetime.datetime) -> str | None:
    days, renew_before = _periods(item)
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now < start:
        return f"it is valid only from {start:%Y-%m-%d %H:%M} UTC on"
    if end <= now:
        return f"it expired on {end:%Y-%m-%d}"
    # A certificate cannot outlive its authority, so one that ends together with it is not issued again.
    with_authority = end == authority.not_valid_after_utc
    if _lifetime_days(certificate) != days and not (with_authority and _lifetime_days(certificate) < days):
        return "its lifetime differs"
    if end - now < datetime.timedelta(days=renew_before) and not with_authority:
        return f"it expires on {end:%Y-%m-%d}, within {renew_before} days"
    if start + CLOCK_SKEW < moment(item.get("issued_since", 0)):
        return "its renewal was asked for"
    return None


def differences(item: dict[str, t.Any], certificate: x509.Certificate, authority: x509.Certificate | None) -> list[str]:
    """All in which a certificate is not as described, apart from the time. Without an authority, what depends on it is left out."""
    found = []
    if authority is not None and not issued_by(certificate, authority):
        found.append(f"it was not issued by the present {authority_name(item['authority'])}")
    if authority is not None and certificate.not_valid_after_utc > authority.not_valid_after_utc:
        found.append(f"it ends after its authority, which ends on {authority.not_valid_after_utc:%Y-%m-%d}")
    if not is_p256(_public_key(certificate)):
        found.append(f"its key is not {KEY_DESCRIPTION}")
    wanted, there = _wanted(item), contents(certificate)
    if wanted["subject"] != there["subject"]:
        found.append(f"its subject is {', '.join(there['subject']) or 'empty'}, wanted {', '.join(wanted['subject'])}")
    for what in ("alternative names", "usages"):
        lacking, further = ([name for name in one[what] if name not in other[what]] for one, other in ((wanted, there), (there, wanted)))
        parts = [f"lack {', '.join(lacking)}" if lacking else "", f"have {', '.join(further)} besides" if further else ""]
        if lacking or further:
            found.append(f"its {what} {' and '.join(part for part in parts if part)}")
    return found


def _periods(item: dict[str, t.Any]) -> tuple[int, int]:
    own = item.get("renew_before_days")
    days, renew_before = int(item.get("days", DEFAULT_DAYS)), DEFAULT_RENEW_BEFORE_DAYS if own is None else int(own)
    if renew_before >= days:
        raise PkiError(
            f"certificate {item['name']}: renew_before_days is {renew_before}, but it is valid for {days} days only, so every run would "
            "issue it anew. Give a renew_before_days below days."
        )
    return days, renew_before


def check(item: dict[str, t.Any]) -> None:
    """Raises PkiError for a description of which no certificate can be issued, so that check mode refuses what a run would refuse."""
    _periods(item)
    _subject(item)
    _usages(item)
    _general_names(item)


def wanted_text(item: dict[str, t.Any]) -> str:
    """The wanted certificate as text for a diff. It does not depend on the time of issue."""
    values = _wanted(item)
    lifetime = f"{int(item.get('days', DEFAULT_DAYS))} days"
    return _text(values, issuer=authority_name(item["authority"]), lifetime=lifetime, key=KEY_DESCRIPTION)


def found_text(certificate: x509.Certificate) -> str:
    """The existing certificate as text for a diff."""
    issuer = ", ".join(_values(certificate.issuer, oid.NameOID.COMMON_NAME)) or certificate.issuer.rfc4514_string()
    lifetime = f"{_lifetime_days(certificate)} days, until {certificate.not_valid_after_utc:%Y-%m-%d}"
    key = KEY_DESCRIPTION if is_p256(_public_key(certificate)) else "another algorithm"
    return _text(contents(certificate), issuer=issuer, lifetime=lifetime, key=key)


def _text(values: dict[str, tuple[str, ...]], *, issuer: str, lifetime: str, key: str) -> str:
    lines = [f"{what}: {', '.join(entries) or 'none'}" for what, entries in values.items()]
    return "\n".join([*lines, f"issuer: {issuer}", f"lifetime: {lifetime}", f"key: {key}"]) + "\n"


def _wanted(item: dict[str, t.Any]) -> dict[str, tuple[str, ...]]:
    organizations = sorted({f"O={name}" for name in item.get("organizations", [])})
    names = sorted({f"DNS:{name}" for name in item.get("dns", [])})
    addresses = sorted({f"IP:{address(text, item['name'])}" for text in item.get("ips", [])})
    return {
        "subject": (*organizations, f"CN={item['common_name']}"),
        "alternative names": (*names, *addresses),
        "usages": tuple(sorted(set(item["usages"]))),
    }


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


def address(text: str, name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """An address of a certificate, independent of its notation."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        raise PkiError(f"certificate {name}: {text!r} under ips is not an IP address. Write a name under dns.") from None


def _values(name: x509.Name, kind: x509.ObjectIdentifier) -> list[str]:
    return [str(attribute.value) for attribute in name.get_attributes_for_oid(kind)]


def _extension(certificate: x509.Certificate, kind: type[t.Any]) -> t.Any:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _lifetime_days(certificate: x509.Certificate) -> int:
    return round((certificate.not_valid_after_utc - certificate.not_valid_before_utc) / datetime.timedelta(days=1))


def issued_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    """Whether the authority has signed the certificate."""
    try:
        certificate.verify_directly_issued_by(authority)
    except _unreadable():
        return False
    return True


def _public_key(certificate: x509.Certificate) -> t.Any:
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


def make_authority(authority: str, key: ec.EllipticCurvePrivateKey, now: float) -> x509.Certificate:
    """A root certificate that may sign leaf certificates only."""
    name = x509.Name([x509.NameAttribute(oid.NameOID.COMMON_NAME, authority_name(authority))])
    start = moment(now) - CLOCK_SKEW
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
    days, _ignored = _periods(item)
    start = moment(now) - CLOCK_SKEW
    end = min(start + datetime.timedelta(days=days), authority.not_valid_after_utc)
    builder = _builder(subject=_subject(item), issuer=authority.subject, public_key=public_key, start=start, end=end)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_key_usage(authority=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage(_usages(item)), critical=False)
    issuer_id = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer_id), critical=False)
    names = _general_names(item)
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


def _subject(item: dict[str, t.Any]) -> x509.Name:
    attributes = [(oid.NameOID.ORGANIZATION_NAME, name) for name in sorted(set(item.get("organizations", [])))]
    attributes.append((oid.NameOID.COMMON_NAME, item["common_name"]))
    for _kind, value in attributes:
        if not 0 < len(value) <= COMMON_NAME_LIMIT:
            raise PkiError(
                f"certificate {item['name']}: {value!r} has {len(value)} characters; X.509 allows 1 to {COMMON_NAME_LIMIT} in a subject. "
                "Use a shorter name (a node's name is part of its certificates)."
            )
    return x509.Name([x509.NameAttribute(kind, value) for kind, value in attributes])


def _usages(item: dict[str, t.Any]) -> list[x509.ObjectIdentifier]:
    unknown = [usage for usage in item["usages"] if usage not in _USAGES]
    if unknown or not item["usages"]:
        raise PkiError(f"certificate {item['name']}: usages are {item['usages']!r}; give one or both of {sorted(_USAGES)}.")
    return [x509.ObjectIdentifier(_USAGES[usage]) for usage in sorted(set(item["usages"]))]


def _general_names(item: dict[str, t.Any]) -> list[x509.GeneralName]:
    try:
        names: list[x509.GeneralName] = [x509.DNSName(name) for name in dict.fromkeys(item.get("dns", []))]
    except ValueError as error:
        raise PkiError(f"certificate {item['name']}: a name under dns is not plain ASCII ({error}). Write it in its xn-- form.") from None
    return [*names, *(x509.IPAddress(ip) for ip in dict.fromkeys(address(text, item["name"]) for text in item.get("ips", [])))]
