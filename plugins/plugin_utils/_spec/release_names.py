# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which names each minor version has, and since when or until when: reads the table of ``release_facts``. Pure.

A minor version that nobody has asked is not known: every name is taken there.
"""

from __future__ import annotations

import collections.abc as c
import functools

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import release_facts
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.inputs import nearest
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.version_table import numbers_of, text_of


@functools.cache
def names(kind: str) -> c.Mapping[str, frozenset[str]]:
    """By name of this kind, the minor versions that have it."""
    found: dict[str, frozenset[str]] = {}
    for minors, text in release_facts.TABLES.get(kind, {}).items():
        for name in text.split():
            found[name] = found.get(name, frozenset()) | frozenset(minors.split())
    return found


def is_known(minor: str) -> bool:
    return minor in release_facts.ASKED


def has(kind: str, name: str, minor: str) -> bool:
    return minor in names(kind).get(name, ())


def why_not(kind: str, name: str, minor: str) -> str:
    """When the name came or went, or nothing if no release that was asked has it."""
    having = sorted(map(numbers_of, names(kind).get(name, ())))
    if not having or numbers_of(minor) in having:
        return ""
    if having[0] > numbers_of(minor):
        return f"it came with {text_of(having[0])}"
    last = max(number for number in having if number < numbers_of(minor))
    asked = sorted(numbers_of(other) for other in release_facts.ASKED if numbers_of(other) > last)
    return f"it was removed between {text_of(last)} and {text_of(asked[0])}"


def meant(kind: str, name: str, minor: str) -> str:
    """The name that was probably meant, or nothing."""
    return nearest(name, [other for other, minors in names(kind).items() if minor in minors and other != name], cutoff=0.8)
