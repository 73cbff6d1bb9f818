# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One line of the list: a certificate or a key, what it is, how long it lasts, who uses it, and in what it is not as described. Pure."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import datetime
import hashlib
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.libraries import exceptions, serialization, x509
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.shown import each, shown
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import certs, identity
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.authorities import WARN_DAYS, Authority, days_left

# The name of the controller in the column of hosts.
CONTROLLER = "controller"
# Kinds of entries.
CERTIFICATE, AUTHORITY, KUBECONFIG, UNKNOWN = "certificate", "authority", "kubeconfig", "not described"
# Issued to somebody, who has it elsewhere. It is to end, and nothing of the cluster with it.
PERSON = "person"
# What a kubelet renews itself.
ROTATED = "rotated certificate"
# Of its lifetime, when it should have done so: between 70 and 90 percent, it says, and then it may have to wait.
_LATE = 0.95
# How it is with an entry, the worst first. What is `due` ends within the days that the operator has chosen.
STATES = ("expired", "not valid yet", "due", "missing", "unreadable", "differs", "warning", "ok")
ENDS = ("expired", "not valid yet", "due")


@dataclasses.dataclass(frozen=True)
class Entry:
    """``days_left`` is None for what does not end. ``ends_with`` is the path of the certificate that a kubeconfig names."""

    host: str
    kind: str
    name: str
    path: str
    state: str = "ok"
    days_left: int | None = None
    not_before: str = ""
    not_after: str = ""
    subject: str = ""
    alternative_names: tuple[str, ...] = ()
    usages: tuple[str, ...] = ()
    issuer: str = ""
    issuer_fingerprint: str = ""
    fingerprint: str = ""
    key_fingerprint: str = ""
    serial: str = ""
    used_by: tuple[str, ...] = ()
    ends_with: str = ""
    details: str = ""
    differences: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, t.Any]:
        return {field: list(value) if isinstance(value, tuple) else value for field, value in dataclasses.asdict(self).items()}


def of_dict(given: c.Mapping[str, t.Any]) -> Entry:
    """The entry that ``as_dict`` gave."""
    values: dict[str, t.Any] = {field: tuple(value) if isinstance(value, list) else value for field, value in given.items()}
    return Entry(**values)


def of_certificate(base: Entry, certificate: x509.Certificate, *, now: float, authorities: c.Mapping[str, Authority]) -> Entry:
    """The entry with all that the certificate says of itself. Its issuer is named by who has really signed it, if that is known."""
    contents = certs.contents(certificate)
    issuer = next(
        (one for one in authorities.values() if one.certificate is not None and certs.issued_by(certificate, one.certificate)), None
    )
    own = ", ".join(str(value.value) for value in certificate.issuer) or "nobody"
    return dataclasses.replace(
        base,
        days_left=days_left(certificate, now),
        not_before=_moment(certificate.not_valid_before_utc),
        not_after=_moment(certificate.not_valid_after_utc),
        subject=shown(", ".join(contents["subject"]) or certificate.subject.rfc4514_string()),
        alternative_names=each(contents["alternative names"]),
        usages=each(contents["usages"]),
        issuer=issuer.name if issuer else shown(own),
        issuer_fingerprint=identity.fingerprints(issuer.pem)[0] if issuer else "",
        fingerprint=hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).hexdigest(),
        key_fingerprint=_of_key(certificate),
        serial=f"{certificate.serial_number:x}",
    )


def _moment(time: datetime.datetime) -> str:
    """In UTC, with four digits for each year, so that texts compare as times do."""
    return f"{time.replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def _of_key(certificate: x509.Certificate) -> str:
    try:
        return identity.fingerprints(certs.pem(certificate))[0]
    except exceptions.UnsupportedAlgorithm:
        return ""


def _is_late(entry: Entry, now: float) -> bool:
    start, end = (datetime.datetime.fromisoformat(text).timestamp() for text in (entry.not_before, entry.not_after))
    return now > start + _LATE * (end - start)


def judged(entry: Entry, *, days: int, now: float) -> Entry:
    """The entry with its state: what ends matters more than what differs."""
    state = entry.state
    if entry.days_left is not None:
        limit = WARN_DAYS if entry.kind == AUTHORITY else 0
        present = _moment(certs.moment(now))
        over, early = entry.not_after <= present, entry.not_before > present
        due = _is_late(entry, now) if entry.kind == ROTATED else entry.days_left < days and entry.kind != PERSON
        ends = "expired" if over else "not valid yet" if early else "due" if due else ""
        state = ends or (state if state != "ok" else "differs" if entry.differences else "warning" if entry.days_left < limit else "ok")
    elif state == "ok" and entry.differences:
        state = "differs"
    return dataclasses.replace(entry, state=state)
