# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host side of ``unit_evidence``: reads only, and needs no lock."""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import units


def run(_step: str, payload: dict[str, t.Any]) -> dict[str, t.Any]:
    """The state of each unit that the host has, with the journal of the first, and of those that do not run."""
    found = {name: units.found(name) for name in payload["units"]}
    known = [name for name, state in found.items() if state["known"]]
    return {
        "lines": [units.evidence(name) if name == known[0] or found[name]["active"] != "active" else f"{name}: active" for name in known]
    }
