# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The public parts in a file in PEM form: what may leave a host of a file that also holds a key."""

from __future__ import annotations

import re

# Far more than a certificate has, and more than a bundle holds.
BLOCK_LIMIT = 16 * 1024
BLOCKS = 10

_PUBLIC = re.compile(rb"-----BEGIN (CERTIFICATE|PUBLIC KEY)-----[A-Za-z0-9+/=\s]+?-----END \1-----")


def certificates(content: bytes) -> list[str]:
    """The certificates in a text, in their order."""
    return [block for block in public_parts(content) if block.startswith("-----BEGIN CERTIFICATE-----")]


def public_parts(content: bytes) -> list[str]:
    """The certificates and public keys in a text, in their order. What is too long for one, and what comes after many, is left out."""
    found = [match[0] for match in _PUBLIC.finditer(content) if len(match[0]) <= BLOCK_LIMIT]
    return [block.decode("ascii") for block in found[:BLOCKS]]
