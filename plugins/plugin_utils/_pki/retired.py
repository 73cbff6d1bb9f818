# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Authorities that a PKI directory has had, and that nobody is to trust any more. It only reads."""

from __future__ import annotations

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import certs, generations
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import AUTHORITIES, NODE, Pki


def of_directory(pki: Pki) -> dict[str, list[str]]:
    """Their certificates in PEM form, by the name of their files such as ``etcd-ca``. What is trusted again is not among them."""
    found: dict[str, list[str]] = {}
    for name in map(certs.authority_name, (*AUTHORITIES, NODE)):
        former = generations.blocks(pki.stored(generations.public_name(name, generations.RETIRED)))
        if former:
            trusted = generations.blocks(generations.trusted(pki.stored, name))
            found[name] = [block for block in former if block not in trusted]
    return {name: blocks for name, blocks in found.items() if blocks}
