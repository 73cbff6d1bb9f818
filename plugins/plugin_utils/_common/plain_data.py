# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Data of bare Python types, as the writers of YAML and JSON know them."""

from __future__ import annotations

import typing as t


def plain(value: t.Any) -> t.Any:
    """The same value without the subclasses in which Ansible wraps and tags values; what is no data becomes its text."""
    if isinstance(value, t.Mapping):
        return {str.__str__(key) if isinstance(key, str) else key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if value is None or isinstance(value, bool):
        return value
    for kind in (int, float):
        if isinstance(value, kind):
            return kind(value)
    return "".join((str(value),))  # a join makes a plain text of a tagged one
