# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The chain above an intermediate authority, in the file of its certificate: ``NAME.crt`` holds it first, then what has issued it. Pure.

Hosts trust the intermediate itself, and nothing above it. Whoever trusts the root would take a certificate of any authority below it for
one of an administrator. Servers send the intermediate with their certificates, for clients that trust the root.
"""

from __future__ import annotations

import collections.abc as c

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.libraries import exceptions, x509


def anchors(blocks: c.Sequence[str]) -> list[str]:
    """The certificates that are trusted: without those that have issued another one of them."""
    if len(blocks) < 2:
        return list(blocks)
    found = [_load(block) for block in blocks]
    above = {
        number
        for number, upper in enumerate(found)
        if upper is not None and any(one is not None and one != upper and _issued_by(one, upper) for one in found)
    }
    return [block for number, block in enumerate(blocks) if number not in above]


def sent(blocks: c.Sequence[str]) -> list[str]:
    """What follows a certificate that the first of them has issued: all but roots."""
    loaded = [(block, _load(block)) for block in blocks]
    first = loaded[0][1] if loaded else None
    if first is None or _issued_by(first, first):
        return []
    return [block for block, one in loaded if one is not None and not _issued_by(one, one)]


def _load(block: str) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificate(block.encode())
    except ValueError:
        return None


def _issued_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, exceptions.UnsupportedAlgorithm, exceptions.InvalidSignature):
        return False
    return True
