# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signing requests of people: whether one is fit, and one for a key that was made here. Pure, except for randomness."""

from __future__ import annotations

import collections.abc as c
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.libraries import ec, exceptions, hashes, oid, serialization, x509
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import certs


def faults(pem: str, *, user: str, groups: c.Sequence[str], named: bool) -> list[str]:
    """What is wrong with a request that somebody has sent. ``named``: it must have the names in it, for who signs nothing else.

    The names in a request have no effect where the authority signs it. Others than those that are given are a mistake all the same.
    """
    request = _load(pem)
    if request is None:
        return [f"kubeconfig_csr is no signing request in PEM form; its owner makes one with: {command(user, groups)}"]
    if not request.is_signature_valid:
        return ["kubeconfig_csr: its signature is wrong, so its sender may not have the key; ask its owner for another one"]
    if not certs.is_p256(request.public_key()):
        return [f"kubeconfig_csr is not for a key of {certs.KEY_DESCRIPTION}; its owner makes one with: {command(user, groups)}"]
    asked, wanted = _names(request), (user, tuple(sorted(groups)))
    if asked == wanted or (asked == ("", ()) and not named):
        return []
    return [
        f"kubeconfig_csr asks for {_told(*asked)}, and the variables say {_told(*wanted)}; correct kubeconfig_user and "
        f"kubeconfig_groups, or have another request made with: {command(user, groups)}"
    ]


def command(user: str, groups: c.Sequence[str]) -> str:
    """How the owner of a key makes it, and the request."""
    subject = "".join([*(f"/O={group}" for group in groups), f"/CN={user}"])
    return f"openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {user}.key -out {user}.csr -subj {subject}"


def make(user: str, groups: c.Sequence[str]) -> tuple[ec.EllipticCurvePrivateKey, str]:
    """A new key, and a request for it in PEM form."""
    key = certs.new_key()
    attributes = [x509.NameAttribute(oid.NameOID.ORGANIZATION_NAME, group) for group in sorted(groups)]
    attributes.append(x509.NameAttribute(oid.NameOID.COMMON_NAME, user))
    made = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(attributes)).sign(key, hashes.SHA256())
    return key, made.public_bytes(serialization.Encoding.PEM).decode()


def same_key(certificate: x509.Certificate, csr_pem: str) -> bool:
    """Whether a certificate is for the key of a request."""
    request = _load(csr_pem)
    return request is not None and certificate.public_key() == request.public_key()


def _load(pem: str) -> x509.CertificateSigningRequest | None:
    try:
        request = x509.load_pem_x509_csr(pem.encode())
        # parsed only when it is asked for
        request.public_key()
        _names(request)
        return request
    except (ValueError, TypeError, exceptions.UnsupportedAlgorithm):
        return None


def _names(request: x509.CertificateSigningRequest) -> tuple[str, tuple[str, ...]]:
    def values(kind: t.Any) -> list[str]:
        return sorted(str(attribute.value) for attribute in request.subject.get_attributes_for_oid(kind))

    return " and ".join(values(oid.NameOID.COMMON_NAME)), tuple(values(oid.NameOID.ORGANIZATION_NAME))


def _told(user: str, groups: c.Sequence[str]) -> str:
    return f"user {user!r} in {', '.join(groups)}" if groups else f"user {user!r} without groups"
