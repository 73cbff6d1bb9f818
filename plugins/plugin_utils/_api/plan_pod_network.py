# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which nodes a node must reach by the pod network, to know that it works. Pure."""

from __future__ import annotations

import collections.abc as c
import typing as t

Object = dict[str, t.Any]


def peers(cluster: Object, host: str) -> list[Object]:
    """The nodes that this one asks: those 1, 2, 4, 8 … places after it in the ring of all nodes.

    Every node asks another and is asked by another, near and far. Up to five nodes every pair is asked; of a hundred, each asks seven.
    """
    ring = cluster["node_hosts"]
    place = ring.index(host)
    chosen = dict.fromkeys(ring[(place + step) % len(ring)] for step in _steps(len(ring)))
    return [{key: cluster["nodes"][other][key] for key in ("name", "address")} for other in chosen]


def _steps(length: int) -> c.Iterator[int]:
    step = 1
    while step < length:
        yield step
        step *= 2
