# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of nftables."""

from __future__ import annotations

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import run


def tables(timeout: float = 300) -> tuple[list[str], str]:
    """Each as "family name", and why they cannot be listed, which is empty if they can. ``timeout`` in seconds."""
    done = run(["nft", "list", "tables"], timeout=timeout)
    found = [line[len("table ") :] for line in done.output.splitlines() if line.startswith("table ")]
    return found, "" if done.ok else done.complaint()
