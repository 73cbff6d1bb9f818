# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The answer of the module dnf, as a restart reads it. Pure."""

from __future__ import annotations

import collections.abc as c
import typing as t


def installed(done: c.Mapping[str, t.Any]) -> list[str]:
    """The packages that came, in order."""
    return sorted(str(line).removeprefix("Installed: ") for line in done.get("results", []) if str(line).startswith("Installed: "))


def complaint(done: c.Mapping[str, t.Any]) -> str:
    """Why it failed."""
    return "; ".join(map(str, [done.get("msg", "dnf failed"), *done.get("failures", [])]))
