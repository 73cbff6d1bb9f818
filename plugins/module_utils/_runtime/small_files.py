# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small text files of a host that need not be there. Bytes that are no UTF-8 are replaced."""

from __future__ import annotations

import os
import typing as t


def text_of(path: t.Union[str, os.PathLike[str]]) -> t.Optional[str]:
    """None if it cannot be read, as a link that points nowhere."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return None


def lines_of(path: str) -> list[str]:
    """No lines if it cannot be read."""
    return (text_of(path) or "").splitlines()
