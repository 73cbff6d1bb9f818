# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificates that were issued to people, kept in the PKI directory: who may get in, and until when.

A certificate says all of that itself, and holds no secret. So each is a file of its own, which is made once. Nothing is replaced, and
several controllers can record at the same time.
"""

from __future__ import annotations

import pathlib
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.libraries import x509
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import certs, generations
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.certs import PkiError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import Pki

AUTHORITY = "kubernetes"
# Whoever is in it may do everything, and no rule takes that away.
EMERGENCY_GROUP = "system:masters"


class Issued(t.NamedTuple):
    path: pathlib.Path
    certificate: x509.Certificate


def name_of(certificate: x509.Certificate) -> str:
    """The name of its file in the PKI directory. No two certificates of an authority have the same serial number."""
    return f"issued-{certificate.serial_number:x}.crt"


def record(pki: Pki, certificate: x509.Certificate) -> None:
    """Keeps it for the list. Raises PkiError if that cannot be done: what nobody knows of must not be given away."""
    name = name_of(certificate)
    try:
        pki.create(name, certs.pem(certificate), mode=0o644)
    except OSError as error:
        raise PkiError(
            f"{pki.directory / name} cannot be written: {error.strerror}. No kubeconfig was written. Free some space, or mend the rights "
            "of the PKI directory, and run again."
        ) from None


def is_recorded(pki: Pki, certificate: x509.Certificate) -> bool:
    """Whether the certificate was issued here to somebody."""
    try:
        found = certs.load(pki.stored(name_of(certificate)) or "")
    except PkiError:
        return False
    return found == certificate


def still_accepted(pki: Pki, now: float) -> list[Issued]:
    """What lets somebody in: it has not ended, and hosts trust the authority that has signed it. Unreadable files are left out."""
    trusted = generations.blocks(pki.served(f"{certs.authority_name(AUTHORITY)}.crt"))
    found = []
    for path in sorted(pki.directory.glob("issued-*.crt")):
        try:
            text = pki.stored(path.name) or ""
        except PkiError:
            continue
        certificate = certs.load(text)
        if certificate is not None and certificate.not_valid_after_utc > certs.moment(now) and certs.issued_by_any(text, trusted):
            found.append(Issued(path, certificate))
    return found
