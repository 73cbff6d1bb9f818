# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an authority that an operator gives can be that of a cluster: a root, or an intermediate with the chain above it. Pure."""

from __future__ import annotations

import itertools
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.libraries import oid, x509
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import certs, generations
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.certs import PkiError


def check(text: str, now: float, *, path: str) -> None:
    """Raises PkiError with every fault. ``now`` is seconds since the epoch, ``path`` where it stands."""
    certs.check_authority(text, now, path=path)
    chain = [certs.load(block) for block in generations.blocks(text)]
    first = chain[0] if chain else None
    if first is None or None in chain:
        raise PkiError(f"{path}: a certificate of the chain cannot be read. Put the authority's own certificate first, then its issuers.")
    faults = [*_own_faults(first), *_chain_faults([one for one in chain if one is not None], now)]
    if not is_root(t.cast(t.Any, chain[-1])):
        faults.append("the chain does not reach a root, which HAProxy and clients with OpenSSL want; put it last into this file")
    if faults:
        raise PkiError(f"{path}: {'; '.join(faults)}. Nothing was changed. Have another certificate issued, or leave it out")


def is_root(certificate: x509.Certificate) -> bool:
    return certs.issued_by(certificate, certificate)


def _own_faults(certificate: x509.Certificate) -> list[str]:
    """What would make programs refuse what it issues. Go, OpenSSL and Python look at different parts."""
    faults = []
    usages = _extension(certificate, x509.ExtendedKeyUsage)
    wanted = {oid.ExtendedKeyUsageOID.SERVER_AUTH, oid.ExtendedKeyUsageOID.CLIENT_AUTH}
    if not certs.is_p256(certificate.public_key()):
        faults.append(f"its key is not {certs.KEY_DESCRIPTION}")
    if not _may_sign(certificate):
        faults.append("its key usage does not allow to sign certificates (keyCertSign)")
    if _extension(certificate, x509.SubjectKeyIdentifier) is None:
        faults.append("it has no subject key identifier")
    if not list(certificate.subject):
        faults.append("its subject is empty")
    if usages is not None and oid.ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE not in usages and not wanted <= set(usages):
        faults.append("its extended key usages are not both serverAuth and clientAuth, and a cluster needs both")
    if _extension(certificate, x509.NameConstraints) is not None:
        faults.append("it has name constraints, and names such as kubernetes.default.svc and addresses are outside of them")
    return faults


def _chain_faults(chain: list[x509.Certificate], now: float) -> list[str]:
    faults = []
    for depth, (lower, upper) in enumerate(itertools.pairwise(chain)):
        name = upper.subject.rfc4514_string()
        constraints = _extension(upper, x509.BasicConstraints)
        if not certs.issued_by(lower, upper):
            faults.append(f"certificate {depth + 2} of the chain ({name}) has not issued the one before it")
        elif constraints is None or not constraints.ca or not _may_sign(upper):
            faults.append(f"{name} of the chain may not sign certificates")
        elif constraints.path_length is not None and constraints.path_length <= depth:
            faults.append(f"{name} of the chain allows {constraints.path_length} authorities below it, and there are {depth + 1}")
        if upper.not_valid_after_utc <= certs.moment(now):
            faults.append(f"{name} of the chain ended on {upper.not_valid_after_utc:%Y-%m-%d}")
    return faults


def _may_sign(certificate: x509.Certificate) -> bool:
    usage = _extension(certificate, x509.KeyUsage)
    return usage is not None and bool(usage.key_cert_sign)


def _extension(certificate: x509.Certificate, kind: type[t.Any]) -> t.Any:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
