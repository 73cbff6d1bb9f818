# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the certificates in the PKI directory decide of a spec. They are looked at, and not judged."""

from __future__ import annotations

import os
import typing as t

# The authority of kubelets.
_NODE = "node-ca.crt"
# That of the API, also while it is replaced. In one with a chain others stand above it.
_KUBERNETES = ("kubernetes-ca.crt", "kubernetes-ca.next.crt", "kubernetes-ca.previous.crt")
_MARKER = b"-----BEGIN CERTIFICATE-----"


def complete(spec: dict[str, t.Any]) -> dict[str, t.Any]:
    """The spec with ``node_authority`` and ``chain`` of its certificates.

    Hosts trust the authority of kubelets as long as the PKI directory has it, also after the choice has changed. Masters are converged
    before nodes. If they forgot it at once, they would refuse kubelets that have not changed yet.
    """
    certificates, directory = spec["certificates"], spec["pki_directory"]
    certificates["node_authority"] = certificates["node_authority"] or os.path.lexists(os.path.join(directory, _NODE))
    certificates["chain"] = any(_has_chain(os.path.join(directory, name)) for name in _KUBERNETES)
    return spec


def _has_chain(path: str) -> bool:
    try:
        with open(path, "rb") as stream:
            return stream.read().count(_MARKER) > 1
    except OSError:
        return False
