# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pieces of a picture: shapes with classes, and texts that are cut where they would not fit. Pure."""

from __future__ import annotations

import unicodedata

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.html_page import text as escaped

# Widths of letters in sizes of the font: those of DejaVu Sans, than which few fonts are wider.
_NARROW, _USUAL, _CAPITAL, _WIDE, _FULL = 0.37, 0.63, 0.71, 0.95, 1.0
_OF_NARROW, _OF_WIDE = "iljtfr.,:;|!'()[]/ ", "mwMW@%…"
_BOLD = 1.11


def width(words: str, size: float, *, bold: bool = False) -> float:
    """About as many units as the words take."""
    return sum(map(_letter, words)) * size * (_BOLD if bold else 1)


def _letter(letter: str) -> float:
    if unicodedata.east_asian_width(letter) in "WF":
        return _FULL
    if letter in _OF_NARROW:
        return _NARROW
    return _WIDE if letter in _OF_WIDE else _CAPITAL if letter.isupper() else _USUAL


def fitted(words: str, room: float, size: float, *, bold: bool = False) -> str:
    """The words, cut in the middle if they do not fit: names of hosts often differ at their ends."""
    if width(words, size, bold=bold) <= room:
        return words
    kept = len(words) - 1
    while kept > 2 and width(_cut(words, kept), size, bold=bold) > room:
        kept -= 1
    return _cut(words, kept)


def _cut(words: str, kept: int) -> str:
    head = (kept + 1) // 2
    return f"{words[:head]}…{words[len(words) - (kept - head) :]}"


def text(x: float, y: float, words: str, *, room: float = 0, size: float = 12, style: str = "", anchor: str = "") -> str:
    """A line of text that begins at x, or is placed there by ``anchor``. With ``room`` it is cut, and whole in its tooltip."""
    told = fitted(words, room, size, bold="p-bold" in style) if room else words
    whole = f"<title>{escaped(words)}</title>" if told != words else ""
    more = f' text-anchor="{anchor}"' if anchor else ""
    return f'<text x="{x:g}" y="{y:g}" font-size="{size:g}"{_class(style)}{more}>{whole}{escaped(told)}</text>'


def labelled(x: float, y: float, label: str, words: str, *, room: float) -> str:
    """A line of text with a bold beginning."""
    left = room - width(f"{label}  ", 13, bold=True)
    told = fitted(words, left, 12)
    whole = f"<title>{escaped(words)}</title>" if told != words else ""
    begin = f'<tspan class="p-bold" font-size="13">{escaped(label)}</tspan>'
    return f'<text x="{x:g}" y="{y:g}" font-size="12" class="p-text">{whole}{begin}<tspan dx="8">{escaped(told)}</tspan></text>'


def box(x: float, y: float, across: float, down: float, *, style: str, round_by: float = 6, title: str = "") -> str:
    told = f"<title>{escaped(title)}</title>" if title else ""
    return f'<rect x="{x:g}" y="{y:g}" width="{across:g}" height="{down:g}" rx="{round_by:g}"{_class(style)}>{told}</rect>'


def dot(x: float, y: float, radius: float, *, style: str) -> str:
    return f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}"{_class(style)}/>'


def line(x: float, y: float, to_x: float, to_y: float, *, style: str) -> str:
    return f'<line x1="{x:g}" y1="{y:g}" x2="{to_x:g}" y2="{to_y:g}"{_class(style)}/>'


def _class(style: str) -> str:
    return f' class="{style}"' if style else ""
