# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks again until all is well, or the time is over."""

from __future__ import annotations

import operator
import time
import typing as t

Found = t.TypeVar("Found")


def last_found(look: t.Callable[[], Found], *, deadline: float, pause: float, well: t.Callable[[Found], bool] = operator.not_) -> Found:
    """What is found once it is well, at the latest after so many seconds. Without ``well``, what is found is wrong, and nothing is well."""
    end = time.monotonic() + deadline
    while True:
        found = look()
        if well(found) or time.monotonic() >= end:
            return found
        time.sleep(pause)
