# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts from hosts, made fit to be shown: whoever owns a host may put anything into a certificate, or into a file's name. Pure."""

from __future__ import annotations

import collections.abc as c
import typing as t
import unicodedata

# Characters of one text, and texts of one list.
LONGEST = 300
MOST = 100


def shown(text: t.Any, longest: int = LONGEST) -> str:
    """The text on one line and of limited length. What steers terminals, or the direction of writing, is written as its code."""
    given = str(text)
    cut = "".join(_visible(character) for character in given[:longest])
    return f"{cut}…" if len(given) > longest else cut


def _visible(character: str) -> str:
    # C: control, format (such as right-to-left marks), surrogates, private use; Zl, Zp: separators of lines
    kind = unicodedata.category(character)
    return f"<U+{ord(character):04X}>" if kind.startswith("C") or kind in ("Zl", "Zp") else character


def visible(told: t.Any) -> t.Any:
    """The same data, but what steers terminals or the direction of writing is written as its code in each text. Lines stay lines."""
    if isinstance(told, str):
        # The common case, by what Python has in C.
        if told.replace("\n", "").replace("\t", "").isprintable():
            return told
        return "".join(character if character in "\n\t" else _visible(character) for character in told)
    if isinstance(told, dict):
        return {visible(key): visible(entry) for key, entry in told.items()}
    if isinstance(told, (list, tuple)):
        return type(told)(visible(entry) for entry in told)
    return told


def each(texts: c.Iterable[t.Any]) -> tuple[str, ...]:
    """Each text as it is shown; the number of those that are too many in place of them."""
    found = list(texts)
    told = [shown(text) for text in found[:MOST]]
    return (*told, f"… {len(found) - MOST} more") if len(found) > MOST else tuple(told)
