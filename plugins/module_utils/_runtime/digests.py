# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Digests of files, read in blocks: a host may have little memory."""

from __future__ import annotations

import hashlib

_BLOCK = 1024 * 1024


def sha256_of_file(path: str) -> str:
    # hashlib.file_digest came with Python 3.11
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(_BLOCK), b""):
            digest.update(block)
    return digest.hexdigest()
