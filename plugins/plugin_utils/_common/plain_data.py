# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Converts data to the plain Python types that YAML and JSON libraries accept."""

from __future__ import annotations

import collections.abc as c
import typing as t

_PLAIN = (str, bool, int, float, type(None))


def plain(value: t.Any) -> t.Any:
    """The same value without the subclasses with which Ansible tags values. Values of other types become texts."""
    if type(value) in _PLAIN:
        return value
    if isinstance(value, c.Mapping):
        return {str.__str__(key) if isinstance(key, str) else key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    for kind in (int, float):
        if isinstance(value, kind):
            return kind(value)
    return "".join((str(value),))  # join returns a plain text for a tagged one
