# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom a client of TLS trusts: the authorities in a file, and no others, also where one of them is an intermediate."""

from __future__ import annotations

import ssl
import typing as t

# X509_V_FLAG_PARTIAL_CHAIN of OpenSSL. Python has a name for it since 3.10, and sets it by itself since 3.13. Programs in Go do so always.
PARTIAL_CHAIN = 0x80000


def context(ca: t.Optional[str], *, besides: str = "") -> ssl.SSLContext:
    """Trusts each certificate in the file ``ca`` as it is. Without a file, whom the system trusts. ``besides``: further ones as PEM."""
    made = ssl.create_default_context(cafile=ca or None)
    if besides:
        made.load_verify_locations(cadata=besides)
    made.verify_flags |= PARTIAL_CHAIN
    # Python sets this since 3.13. It refuses what "openssl req -x509" makes of an authority, and no other program of a host does so.
    made.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return made
