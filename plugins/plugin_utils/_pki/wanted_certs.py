# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates as they are described: what they are to hold, and in what one that is there differs. Pure."""

from __future__ import annotations

import datetime
import ipaddress
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.libraries import oid, x509
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import certs, generations
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.certs import PkiError

DEFAULT_DAYS = 365
DEFAULT_RENEW_BEFORE_DAYS = 30
COMMON_NAME_LIMIT = 64


def check(item: dict[str, t.Any]) -> None:
    """Raises PkiError for a description of which no certificate can be issued, so that check mode refuses what a run would refuse."""
    periods(item)
    subject(item)
    usages(item)
    general_names(item)


def wanted_text(item: dict[str, t.Any]) -> str:
    """The wanted certificate as text for a diff. It does not depend on the time of issue."""
    values = _wanted(item)
    lifetime = f"{int(item.get('days', DEFAULT_DAYS))} days"
    return certs.as_text(values, issuer=certs.authority_name(item["authority"]), lifetime=lifetime, key=certs.KEY_DESCRIPTION)


def fault(item: dict[str, t.Any], certificate: x509.Certificate, authority_pem: str | None, now: float) -> str | None:
    """Why this certificate must be issued again, or None. The key is not checked: it is only on its host.

    There is more than one authority in ``authority_pem`` where the key of the present one is lost.
    """
    authorities = [found for block in generations.blocks(authority_pem) if (found := certs.load(block)) is not None]
    name = certs.authority_name(item["authority"])
    if not authorities:
        return f"its authority {name} does not exist yet"
    authority = next((one for one in authorities if certs.issued_by(certificate, one)), None)
    if authority is None:
        return f"it was not issued by the present {name}"
    if not certs.is_p256(certs.key_of(certificate)):
        return f"its key is not {certs.KEY_DESCRIPTION}"
    return _content_fault(item, certificate) or _time_fault(item, certificate, authority, certs.moment(now))


def _content_fault(item: dict[str, t.Any], certificate: x509.Certificate) -> str | None:
    wanted, found = _wanted(item), certs.contents(certificate)
    for what in ("subject", "alternative names", "usages"):
        if wanted[what] != found[what]:
            return f"its {what} differ" if what.endswith("s") else f"its {what} differs"
    return None


def _time_fault(item: dict[str, t.Any], certificate: x509.Certificate, authority: x509.Certificate, now: datetime.datetime) -> str | None:
    days, renew_before = periods(item)
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now < start:
        return f"it is valid only from {start:%Y-%m-%d %H:%M} UTC on"
    if end <= now:
        return f"it expired on {end:%Y-%m-%d}"
    # A certificate cannot outlive its authority, so one that ends together with it is not issued again.
    with_authority = end == authority.not_valid_after_utc
    if certs.lifetime_days(certificate) != days and not (with_authority and certs.lifetime_days(certificate) < days):
        return "its lifetime differs"
    if end - now < datetime.timedelta(days=renew_before) and not with_authority:
        return f"it expires on {end:%Y-%m-%d}, within {renew_before} days"
    if start + certs.CLOCK_SKEW < certs.moment(item.get("issued_since", 0)):
        return "its renewal was asked for"
    return None


def differences(item: dict[str, t.Any], certificate: x509.Certificate, authority: x509.Certificate | None) -> list[str]:
    """All in which a certificate is not as described, apart from the time. Without an authority, what depends on it is left out."""
    found = []
    if authority is not None and not certs.issued_by(certificate, authority):
        found.append(f"it was not issued by the present {certs.authority_name(item['authority'])}")
    if authority is not None and certificate.not_valid_after_utc > authority.not_valid_after_utc:
        found.append(f"it ends after its authority, which ends on {authority.not_valid_after_utc:%Y-%m-%d}")
    if not certs.is_p256(certs.key_of(certificate)):
        found.append(f"its key is not {certs.KEY_DESCRIPTION}")
    wanted, there = _wanted(item), certs.contents(certificate)
    if wanted["subject"] != there["subject"]:
        found.append(f"its subject is {', '.join(there['subject']) or 'empty'}, wanted {', '.join(wanted['subject'])}")
    for what in ("alternative names", "usages"):
        lacking, further = ([name for name in one[what] if name not in other[what]] for one, other in ((wanted, there), (there, wanted)))
        parts = [f"lack {', '.join(lacking)}" if lacking else "", f"have {', '.join(further)} besides" if further else ""]
        if lacking or further:
            found.append(f"its {what} {' and '.join(part for part in parts if part)}")
    return found


def periods(item: dict[str, t.Any]) -> tuple[int, int]:
    """For how many days it is valid, and how many before its end it is renewed."""
    own = item.get("renew_before_days")
    days, renew_before = int(item.get("days", DEFAULT_DAYS)), DEFAULT_RENEW_BEFORE_DAYS if own is None else int(own)
    if renew_before >= days:
        raise PkiError(
            f"certificate {item['name']}: renew_before_days is {renew_before}, but it is valid for {days} days only, so every run would "
            "issue it anew. Give a renew_before_days below days."
        )
    return days, renew_before


def _wanted(item: dict[str, t.Any]) -> dict[str, tuple[str, ...]]:
    organizations = sorted({f"O={name}" for name in item.get("organizations", [])})
    names = sorted({f"DNS:{name}" for name in item.get("dns", [])})
    addresses = sorted({f"IP:{_address(text, item['name'])}" for text in item.get("ips", [])})
    return {
        "subject": (*organizations, f"CN={item['common_name']}"),
        "alternative names": (*names, *addresses),
        "usages": tuple(sorted(set(item["usages"]))),
    }


def subject(item: dict[str, t.Any]) -> x509.Name:
    attributes = [(oid.NameOID.ORGANIZATION_NAME, name) for name in sorted(set(item.get("organizations", [])))]
    attributes.append((oid.NameOID.COMMON_NAME, item["common_name"]))
    for _kind, value in attributes:
        if not 0 < len(value) <= COMMON_NAME_LIMIT:
            raise PkiError(
                f"certificate {item['name']}: {value!r} has {len(value)} characters; X.509 allows 1 to {COMMON_NAME_LIMIT} in a subject. "
                "Use a shorter name (a node's name is part of its certificates)."
            )
    return x509.Name([x509.NameAttribute(kind, value) for kind, value in attributes])


def usages(item: dict[str, t.Any]) -> list[x509.ObjectIdentifier]:
    unknown = [usage for usage in item["usages"] if usage not in certs.USAGES]
    if unknown or not item["usages"]:
        raise PkiError(f"certificate {item['name']}: usages are {item['usages']!r}; give one or both of {sorted(certs.USAGES)}.")
    return [x509.ObjectIdentifier(certs.USAGES[usage]) for usage in sorted(set(item["usages"]))]


def general_names(item: dict[str, t.Any]) -> list[x509.GeneralName]:
    try:
        names: list[x509.GeneralName] = [x509.DNSName(name) for name in dict.fromkeys(item.get("dns", []))]
    except ValueError as error:
        raise PkiError(f"certificate {item['name']}: a name under dns is not plain ASCII ({error}). Write it in its xn-- form.") from None
    return [*names, *(x509.IPAddress(ip) for ip in dict.fromkeys(_address(text, item["name"]) for text in item.get("ips", [])))]


def _address(text: str, name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """An address of a certificate, independent of its notation."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        raise PkiError(f"certificate {name}: {text!r} under ips is not an IP address. Write a name under dns.") from None
