# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who renews the certificates of kubelets: we (``issued``), or kubelets themselves with an authority on the masters (``rotated``)."""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.inputs import Reader

ISSUED, ROTATED = CHOICES = ("issued", "rotated")


def read(reader: Reader) -> str | None:
    """The value of ``cluster_node_certificates``, or None after a problem was recorded."""
    text = reader.text("cluster_node_certificates")
    if text is None or text in CHOICES:
        return text
    reader.fault("cluster_node_certificates", f"is not one of {', '.join(CHOICES)}", f"Write {ISSUED}, or nothing")
    return None


def as_dict(chosen: str) -> dict[str, t.Any]:
    """``nodes``: the choice; ``node_authority``: whether hosts trust the authority of kubelets.

    That, and ``chain``, are completed by what the PKI directory has (``known_authorities``).
    """
    return {"nodes": chosen, "node_authority": chosen == ROTATED, "chain": False}
