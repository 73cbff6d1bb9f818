# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the progress callback words things: times, lists of hosts, and lines that fit a terminal. Pure."""

from __future__ import annotations

import collections.abc as c
import unicodedata


def duration(seconds: float) -> str:
    """A span of time as people read it: 4.2 s, 3 min 05 s."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s"


def count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def names(items: c.Sequence[str], *, shown: int) -> str:
    """The first names, and how many more there are."""
    more = len(items) - shown
    return ", ".join(items) if more <= 0 else f"{', '.join(items[:shown])} and {more} more"


def one_line(text: str) -> str:
    """Without what could move the cursor or colour the rest of the terminal."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def short_task(name: str) -> str:
    """Without the role, which Ansible puts before a task's name: "barehost.kubernetes.etcd : Converge the member"."""
    return one_line(name.split(" : ", 1)[-1])


def columns(text: str) -> int:
    """The places that a line takes on a terminal."""
    return sum(_columns(char) for char in text)


def fit(text: str, width: int) -> str:
    """The text, or as much of it as fits and three dots."""
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
