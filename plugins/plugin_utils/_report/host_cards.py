# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts of a group in the picture: a card each, or squares where they are many. Pure."""

from __future__ import annotations

import collections.abc as c
import math
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.check import ERROR, WARNING
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._report import svg
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._report.host_view import AWAY, READY, STATES, UNKNOWN, WELL, HostView
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._report.view import Group

CARD, GAP = 230.0, 10.0
_HIGH, _TITLE = 84.0, 32.0
# Of more hosts a group shows squares.
_CARDS = 12
_SQUARE, _APART = 18.0, 5.0
# Of those that are not well, so many are named.
_NAMED, _NAME = 6, 18.0
# Cards side by side in the whole picture, and in one column one above the other before it grows wider.
_ABREAST, _ABOVE = 4, 3
_STYLES = {AWAY: "p-error", ERROR: "p-error", WARNING: "p-warning", WELL: "p-well"}


class Column(t.NamedTuple):
    """Where the hosts of a group are. ``cards``: so many side by side."""

    left: float
    across: float
    cards: int


def cards_of(groups: c.Sequence[Group]) -> list[int]:
    """How many cards each group has side by side: one at least, and more for those with the most hosts."""
    found = [1] * len(groups)
    wanted = [min(len(group.hosts), _CARDS) for group in groups]
    while sum(found) < _ABREAST:
        rows = [math.ceil(count / cards) for count, cards in zip(wanted, found, strict=True)]
        if not rows or max(rows) <= _ABOVE:
            break
        found[rows.index(max(rows))] += 1
    return found


def _is_large(group: Group) -> bool:
    return len(group.hosts) > _CARDS


def _unwell(group: Group) -> list[HostView]:
    """The worst first."""
    return sorted((host for host in group.hosts if host.state != WELL), key=lambda host: STATES.index(host.state))


def _abreast(column: Column) -> int:
    return int((column.across - 2 * GAP + _APART) // (_SQUARE + _APART))


def height(group: Group, column: Column) -> float:
    if not _is_large(group):
        return _TITLE + math.ceil(len(group.hosts) / column.cards) * (_HIGH + GAP)
    rows = math.ceil(len(group.hosts) / _abreast(column))
    unwell = len(_unwell(group))
    return _TITLE + rows * (_SQUARE + _APART) + GAP + min(unwell, _NAMED + 1) * _NAME + (GAP if unwell else 0)


def drawn(group: Group, column: Column, top: float, bottom: float) -> list[str]:
    number = len(group.hosts)
    title = f"{group.title}: {number} hosts" if number > 1 else group.title
    return [
        svg.box(column.left, top, column.across, bottom - top, style="p-group", round_by=8),
        svg.text(column.left + GAP, top + 21, title, room=column.across - 2 * GAP, size=13, style="p-bold"),
        *(_squares(group, column, top + _TITLE) if _is_large(group) else _cards(group, column, top + _TITLE)),
    ]


def _cards(group: Group, column: Column, top: float) -> c.Iterator[str]:
    for place, host in enumerate(group.hosts):
        yield from _card(host, column.left + GAP + place % column.cards * (CARD + GAP), top + place // column.cards * (_HIGH + GAP))


def _card(host: HostView, x: float, y: float) -> list[str]:
    room, style = CARD - 20, _STYLES.get(host.state, "p-unseen")
    where = f"{host.address} · {host.pod_network}" if host.pod_network else host.address
    return [
        svg.box(x, y, CARD, _HIGH, style="p-card"),
        *_sign(host, x + 17, y + 17),
        svg.text(x + 31, y + 22, host.name, room=room - 22, size=13, style="p-bold"),
        svg.text(x + 10, y + 41, where, room=room, size=11, style="p-dim"),
        svg.text(x + 10, y + 57, roles_in_words(host), room=room, size=11, style="p-text"),
        svg.text(x + 10, y + 74, host.reason or host.told, room=room, size=11, style=style if host.state != WELL else "p-dim"),
    ]


def roles_in_words(host: HostView) -> str:
    """How the host is in each of its roles. What is as it should be is told by its name alone."""
    words = [("etcd", host.member), ("API", host.apiserver), ("node", host.node)]
    told = [role if state == READY else f"{role} {state}" for role, state in words if state and state != UNKNOWN]
    told += [f"{host.pods} pod{'' if host.pods == 1 else 's'}"] if host.pods is not None else []
    return ", ".join(told)


def _sign(host: HostView, x: float, y: float) -> list[str]:
    """A sign beside the colour: a tick, a cross, an exclamation mark, or a line for what was not seen."""
    marks = {
        "p-well": "M-3.2 .2 L-.8 2.8 L3.4 -2.6",
        "p-error": "M-2.6 -2.6 L2.6 2.6 M2.6 -2.6 L-2.6 2.6",
        "p-warning": "M0 -3.6 V.8 M0 3.4 V3.5",
    }
    style = _STYLES.get(host.state, "p-unseen")
    return [svg.dot(x, y, 8, style=style), f'<path d="{marks.get(style, "M-3 0 H3")}" transform="translate({x:g} {y:g})" class="p-sign"/>']


def _squares(group: Group, column: Column, top: float) -> c.Iterator[str]:
    abreast, unwell = _abreast(column), _unwell(group)
    for place, host in enumerate(group.hosts):
        x = column.left + GAP + place % abreast * (_SQUARE + _APART)
        y = top + place // abreast * (_SQUARE + _APART)
        style = _STYLES.get(host.state, "p-unseen")
        yield svg.box(x, y, _SQUARE, _SQUARE, style=style, round_by=3, title=f"{host.name}: {host.reason or host.told}")
        if host.state != WELL:
            yield svg.text(x + _SQUARE / 2, y + 14, "!" if host.state == WARNING else "×", size=14, style="p-mark", anchor="middle")
    y = top + math.ceil(len(group.hosts) / abreast) * (_SQUARE + _APART) + GAP
    told = [f"{host.name}: {host.reason or host.told}" for host in unwell[:_NAMED]]
    told += [f"and {len(unwell) - _NAMED} more that are not well"] if len(unwell) > _NAMED else []
    for number, words in enumerate(told):
        yield svg.text(column.left + GAP, y + 8 + number * _NAME, words, room=column.across - 2 * GAP, style="p-text")
