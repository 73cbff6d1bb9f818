# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Formats times, lists of hosts, and lines that fit a terminal. Pure functions."""

from __future__ import annotations

import collections.abc as c
import unicodedata


def duration(seconds: float) -> str:
    """A duration in seconds or minutes: 4.2 s, 3 min 05 s."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s"


def count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def names(items: c.Sequence[str], *, shown: int) -> str:
    """The first names, and the number of the others."""
    more = len(items) - shown
    return ", ".join(items) if more <= 0 else f"{', '.join(items[:shown])} and {more} more"


def one_line(text: str) -> str:
    """The text without line breaks and control characters, which could move the cursor or change colours."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def short_task(name: str) -> str:
    """A task's name without the role that Ansible puts before it, as in "barehost.kubernetes.etcd : Converge the member"."""
    return one_line(name.split(" : ", 1)[-1])


def columns(text: str) -> int:
    """The number of terminal columns of a line."""
    return sum(_columns(char) for char in text)


def fit(text: str, width: int) -> str:
    """The text, cut and ended by three dots if it is wider than ``width`` columns."""
    if columns(text) <= width:
        return text
    kept, used = "", 0
    for char in text:
        used += _columns(char)
        if used > width - 3:
            break
        kept += char
    return (kept.rstrip() + "...")[: max(width, 0)]


def _columns(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def indented(text: str, *, by: int = 4) -> list[str]:
    return [f"{' ' * by}{line}".rstrip() for line in text.splitlines()]
