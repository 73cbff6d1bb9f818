# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is the same on several hosts is told once, with the first of their names. Pure."""

from __future__ import annotations

import collections.abc as c
import typing as t

# How many hosts one line names.
HOSTS = 5
Key = t.TypeVar("Key", bound=c.Hashable)
One = t.TypeVar("One")


def gathered(found: c.Iterable[tuple[Key, One]]) -> dict[Key, list[One]]:
    """What has the same key, together, in the order of the first ones."""
    alike: dict[Key, list[One]] = {}
    for key, one in found:
        alike.setdefault(key, []).append(one)
    return alike


def where(hosts: c.Sequence[str]) -> str:
    """The hosts as a line names them: the first, and how many there are besides; ``cluster`` if it is of none."""
    more = len(hosts) - HOSTS
    return ", ".join(hosts[:HOSTS]) + (f" and {more} more" if more > 0 else "") or "cluster"


def lines(texts: c.Mapping[str, c.Iterable[str]]) -> list[str]:
    """One line for each text, with its hosts. ``texts``: by host."""
    told = gathered((text, host) for host, own in texts.items() for text in own)
    return [f"{where(hosts)}: {text}" for text, hosts in told.items()]
