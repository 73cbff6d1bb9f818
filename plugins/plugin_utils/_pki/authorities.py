# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When the authorities of a PKI directory end. It only reads, and judges nothing else."""

from __future__ import annotations

import contextlib
import datetime
import pathlib
import typing as t

from ansible.errors import AnsibleError

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.libraries import x509
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import certs
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import (
    AUTHORITIES,
    NODE,
    Pki,
    PkiError,
    Vault,
)

# Days before the end of an authority from which on there are warnings. Its replacement is work for all hosts, and wants a plan.
WARN_DAYS = 365


class Authority(t.NamedTuple):
    """``pem`` is empty if the file is not there; ``fault`` says why it cannot be read."""

    name: str
    path: pathlib.Path
    pem: str
    certificate: x509.Certificate | None
    fault: str


def of_directory(directory: str | pathlib.Path, *, vault: Vault | None = None) -> dict[str, Authority]:
    """The authorities by their short names, such as ``etcd``."""
    pki = Pki(pathlib.Path(directory), check_mode=True, vault=vault)
    found = {authority: _read(pki, certs.authority_name(authority)) for authority in (*AUTHORITIES, NODE)}
    # That of kubelets is in few clusters, so it is not missed.
    return {name: authority for name, authority in found.items() if name != NODE or authority.pem or authority.fault}


def _read(pki: Pki, name: str) -> Authority:
    path = pki.directory / f"{name}.crt"
    try:
        text = pki.stored(path.name) or ""
    except PkiError as error:
        return Authority(name, path, "", None, str(error))
    certificate = certs.load(text) if text else None
    return Authority(name, path, text, certificate, "it is no certificate in PEM form" if text and certificate is None else "")


def warnings(directory: str | pathlib.Path, now: float, *, vault: Vault | None = None) -> list[str]:
    """What the operator must know of authorities that end within a year. What cannot be read is told by the task that needs it."""
    found: list[str] = []
    # Who has no library for certificates may still read a spec.
    with contextlib.suppress(AnsibleError):
        for authority in of_directory(directory, vault=vault).values():
            if authority.certificate is not None and (text := ending(authority.certificate, now)):
                found.append(f"{authority.path}: this authority {text}. Plan its replacement: docs/tasks/replace-authorities.md")
    return found


def ending(certificate: x509.Certificate, now: float) -> str:
    """That an authority ends within a year, or has ended; empty if neither."""
    end = certificate.not_valid_after_utc
    days = days_left(certificate, now)
    if days >= WARN_DAYS:
        return ""
    if end <= certs.moment(now):
        return f"ended on {end:%Y-%m-%d}, and nothing that it has signed is accepted any more"
    return f"ends on {end:%Y-%m-%d}, in {days} days, and all that it has signed ends with it"


def days_left(certificate: x509.Certificate, now: float) -> int:
    """Whole days until a certificate ends; negative once it has ended a day ago or more."""
    left = certificate.not_valid_after_utc - certs.moment(now)
    return left.days if left >= datetime.timedelta() else -(-left).days
