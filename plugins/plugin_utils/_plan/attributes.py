# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares owner, group and mode, and formats them for reasons and diffs."""

from __future__ import annotations

import typing as t

_NAMES = ("owner", "group", "mode")
_NUMBERS = {"owner": "uid", "group": "gid"}


def ownership(item: dict[str, t.Any]) -> dict[str, str]:
    return {name: item[name] for name in _NAMES}


def as_wanted(found: dict[str, t.Any], wanted: dict[str, str]) -> dict[str, str]:
    """The attributes found, with owner and group as numbers where the description gives numbers."""
    return {name: found[_NUMBERS[name] if name in _NUMBERS and wanted[name].isdigit() else name] for name in _NAMES}


def differences(state: dict[str, t.Any], wanted: dict[str, str]) -> str:
    """The differences, worded as the reason of an action; empty if there are none."""
    found = as_wanted(state, wanted)
    return ", ".join(f"{name} is {found[name]}, wanted {wanted[name]}" for name in _NAMES if found[name] != wanted[name])


def attributes_text(attributes: dict[str, t.Any]) -> str:
    return " ".join(attributes[name] for name in _NAMES)
