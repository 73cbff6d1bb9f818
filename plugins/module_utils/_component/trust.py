# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host side of ``pki_replacement``: the public parts of the PKI that are on this host, and digests of the keys of Secrets."""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import host_lock, identity, pem


def run(_step: str, payload: dict[str, t.Any]) -> dict[str, t.Any]:
    """``texts``: the public parts of each of ``paths``, None where there is no file; ``keys``: by file a digest of each key in its order.

    Raises HostError for a file that cannot be read.
    """
    with host_lock.held(changes=False):
        return {
            "texts": {path: _public_parts(path) for path in payload["paths"]},
            "keys": {path: identity.keys(path) for path in payload["keys"]},
        }


def _public_parts(path: str) -> t.Optional[str]:
    """Nothing else of a file: a kubelet writes its key beside its certificate."""
    text = identity.text(path)
    return None if text is None else "".join(f"{block}\n" for block in pem.public_parts(text.encode()))
