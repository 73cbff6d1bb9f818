# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists in messages."""

from __future__ import annotations

import typing as t


def at_most(number: int, names: t.Sequence[str], *, between: str = ", ") -> str:
    """The first of the names, and how many more there are."""
    more = len(names) - number
    last = " and" if between == ", " else f"{between}and"
    return between.join(names[:number]) + (f"{last} {more} more" if more > 0 else "")
