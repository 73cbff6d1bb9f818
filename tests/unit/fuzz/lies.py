# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that no program of ours gives: true ones, of which some part is something else."""

from __future__ import annotations

import copy
import typing as t
import unicodedata

from hypothesis import strategies as st

# What would steer a terminal, be run as a template, or leave a directory, if anybody let it.
HOSTILE = st.sampled_from(
    ["\x1b[31m", "\x9b2J", "\u202e", "\r", "{{ 7 * 191 }}", "{% raw %}", "../../../etc/x", "/etc/x", "<b>", "\ud800", "\0"]
)
_NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
_PLAIN = st.none() | st.booleans() | _NUMBERS | st.text(max_size=8) | HOSTILE
ANYTHING = st.recursive(
    _PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3), max_leaves=6
)


@st.composite
def lies(draw: st.DrawFn, truth: t.Any) -> t.Any:
    """The truth, with one to three parts that are missing, of another kind, or hostile."""
    told = copy.deepcopy(truth)
    for _number in range(draw(st.integers(1, 3))):
        _spoil(told, draw)
    return told


def _spoil(told: t.Any, draw: st.DrawFn) -> None:
    """Goes down to some part, and puts something else there."""
    while True:
        keys = list(told) if isinstance(told, dict) else list(range(len(told)))
        if not keys:
            return
        key = draw(st.sampled_from(keys))
        below = told[key]
        if isinstance(below, (dict, list)) and below and draw(st.booleans()):
            told = below
            continue
        if draw(st.booleans()):
            told[key] = draw(ANYTHING)
        else:
            del told[key]
        return


def is_shown_safely(text: str) -> bool:
    """Whether nothing of it steers a terminal, or the direction of writing: control and format characters, separators of lines."""
    kinds = {unicodedata.category(character) for character in text if character not in "\n\t"}
    return not [kind for kind in kinds if kind.startswith("C") or kind in ("Zl", "Zp")]
