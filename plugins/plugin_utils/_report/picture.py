# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cluster as a picture: hosts by their roles, who speaks with whom on which port, and the networks. Pure.

Groups of hosts are columns. Below them each port is a line from those who ask to those who answer; below these are the networks. So lines
never cross, whatever an inventory looks like. A group of many hosts is a field of squares, and those that are not well are named.
"""

from __future__ import annotations

import collections.abc as c
import dataclasses
import ipaddress

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.html_page import text as escaped
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.html_style import COLOURS
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._report import connections, host_cards, svg
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._report.connections import Connection
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._report.host_cards import CARD, GAP, Column
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._report.view import View

STYLE = """
.picture { overflow-x: auto; margin: .8rem 0; }
.picture svg { display: block; }
.p-text, .p-bold, .p-dim { font-family: system-ui, "DejaVu Sans", sans-serif; }
.p-text { fill: var(--ink); }
.p-bold { fill: var(--ink); font-weight: 600; }
.p-dim { fill: var(--dim); }
.p-page { fill: var(--page); }
.p-group { fill: var(--soft); stroke: var(--line); }
.p-card { fill: var(--page); stroke: var(--line); }
.p-well { fill: var(--good); }
.p-error { fill: var(--bad); }
.p-warning { fill: var(--warn); }
.p-unseen { fill: var(--dim); }
.p-sign { fill: none; stroke: var(--page); stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round; }
.p-mark { fill: var(--page); font-weight: 700; font-family: system-ui, "DejaVu Sans", sans-serif; }
.p-line { stroke: var(--link); stroke-width: 1.6; }
.p-asks { fill: var(--page); stroke: var(--link); stroke-width: 1.8; }
.p-answers { fill: var(--link); stroke: var(--link); stroke-width: 1.8; }
.p-both { fill: var(--page); }
.p-rule { stroke: var(--line); }
.p-network { fill: var(--page); stroke: var(--link); stroke-dasharray: 4 3; }
@media print { .picture { overflow: visible; } .picture svg { max-width: 100%; height: auto; } }
"""
_MARGIN, _OUTSIDE, _SPACE = 12.0, 128.0, 16.0
_TOP, _NARROWEST = 72.0, 720.0
_LANE, _BAND = 42.0, 40.0
_ENDPOINTS = {
    "direct": "the apiserver of the only master",
    "vip": "an address that the balancers share",
    "local": "on each node, a proxy to all masters",
    "external": "a load balancer of yours",
}


@dataclasses.dataclass(frozen=True)
class _Layout:
    columns: tuple[Column, ...]
    across: float
    bottom: float

    @property
    def outside(self) -> float:
        return _MARGIN + _OUTSIDE / 2

    def middle(self, place: int) -> float:
        return self.columns[place].left + self.columns[place].across / 2


def picture(view: View) -> str:
    """The picture as a part of a page. It is scrolled in a box of its own where a screen is too narrow."""
    drawn, across, down = _drawn(view)
    return (
        '<div class="picture" role="region" aria-label="Picture of the cluster" tabindex="0">\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {across:g} {down:g}" width="{across:g}" height="{down:g}" '
        f'role="img" aria-labelledby="picture-title picture-words">\n{drawn}\n</svg>\n</div>'
    )


def alone(view: View) -> str:
    """The picture as a file of its own."""
    drawn, across, down = _drawn(view)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!-- SPDX-License-Identifier: GPL-3.0-or-later -->\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {across:g} {down:g}" width="{across:g}" height="{down:g}" '
        f'role="img" aria-labelledby="picture-title picture-words">\n'
        f"<style>{COLOURS}{STYLE}</style>\n{svg.box(0, 0, across, down, style='p-page', round_by=0)}\n{drawn}\n</svg>\n"
    )


def _drawn(view: View) -> tuple[str, float, float]:
    """The markup, and how large it is."""
    layout = _layout(view)
    lanes = connections.connections(view)
    networks = _networks(view)
    below = layout.bottom + 34
    bands = below + len(lanes) * _LANE + 12
    down = bands + len(networks) * _BAND + _MARGIN
    parts = [
        f'<title id="picture-title">The cluster {escaped(view.report.cluster)}</title>',
        f'<desc id="picture-words">{escaped(_in_words(view))}</desc>',
        *_endpoint(view, layout),
        *_outside(layout, down=below + len(lanes) * _LANE),
        *(svg.line(middle, layout.bottom, middle, bands, style="p-rule") for middle in map(layout.middle, range(len(view.groups)))),
        *_columns(view, layout),
        *_legend(layout),
        *(part for number, lane in enumerate(lanes) for part in _lane(lane, layout, below + number * _LANE)),
        *(part for number, network in enumerate(networks) for part in _network(*network, layout, bands + number * _BAND)),
    ]
    return "\n".join(parts), layout.across, down


def _columns(view: View, layout: _Layout) -> c.Iterator[str]:
    for group, column in zip(view.groups, layout.columns, strict=True):
        yield from host_cards.drawn(group, column, _TOP, layout.bottom)


def _layout(view: View) -> _Layout:
    columns, left = list[Column](), _MARGIN + _OUTSIDE + _SPACE
    for cards in host_cards.cards_of(view.groups):
        across = cards * (CARD + GAP) + GAP
        columns.append(Column(left, across, cards))
        left += across + _SPACE
    # the words of ports and networks need room, even if there is one host only
    missing = _NARROWEST - (left - _SPACE + _MARGIN)
    if columns and missing > 0:
        columns[-1] = columns[-1]._replace(across=columns[-1].across + missing)
        left += missing
    down = max((host_cards.height(group, column) for group, column in zip(view.groups, columns, strict=True)), default=0.0)
    return _Layout(tuple(columns), left - _SPACE + _MARGIN, _TOP + down)


def _endpoint(view: View, layout: _Layout) -> list[str]:
    api = view.cluster["api"]
    if not api["url"]:
        return []
    room = layout.across - 2 * _MARGIN
    what = f"Kubernetes API: {api['url']}"
    return [
        svg.text(_MARGIN, 28, what, room=room, size=15, style="p-bold"),
        svg.text(_MARGIN, 48, _ENDPOINTS.get(api["mode"], ""), room=room, style="p-dim"),
    ]


def _outside(layout: _Layout, *, down: float) -> list[str]:
    """The column of those who are no hosts of the cluster."""
    return [
        svg.line(layout.outside, layout.bottom, layout.outside, down, style="p-rule"),
        svg.box(_MARGIN, _TOP, _OUTSIDE, layout.bottom - _TOP, style="p-network", round_by=8),
        svg.text(layout.outside, _TOP + 22, "outside", size=13, style="p-bold", anchor="middle"),
        svg.text(layout.outside, _TOP + 42, "people, kubectl,", style="p-dim", anchor="middle"),
        svg.text(layout.outside, _TOP + 58, "other clients", style="p-dim", anchor="middle"),
    ]


def _legend(layout: _Layout) -> list[str]:
    y = layout.bottom + 20
    signs = (("asks", _asks), ("answers", _answers), ("both, among themselves", _both))
    parts, x = [], _MARGIN + 6
    for words, sign in signs:
        parts += [*sign(x, y - 4), svg.text(x + 12, y, words, style="p-dim")]
        x += 40 + svg.width(words, 12)
    return [svg.box(_MARGIN - 4, y - 15, x - _MARGIN, 22, style="p-page", round_by=0), *parts]


def _asks(x: float, y: float) -> list[str]:
    return [svg.dot(x, y, 5, style="p-asks")]


def _answers(x: float, y: float) -> list[str]:
    return [svg.dot(x, y, 5, style="p-answers")]


def _both(x: float, y: float) -> list[str]:
    return [svg.dot(x, y, 5.5, style="p-answers"), svg.dot(x, y, 2, style="p-page")]


def _lane(connection: Connection, layout: _Layout, y: float) -> list[str]:
    """The port with its purpose, and below it the line."""
    room = layout.across - 2 * _MARGIN
    across = svg.width(connection.port, 13, bold=True) + 8 + svg.width(connection.purpose, 12)
    line = y + 24
    points = {place: layout.middle(place) for place in (*connection.answering, *connection.asking)}
    ends = [*points.values(), *([layout.outside] if connection.outside else [])]
    return [
        svg.box(_MARGIN, y - 4, min(room, across), 18, style="p-page", round_by=0),
        svg.labelled(_MARGIN, y + 9, connection.port, connection.purpose, room=room),
        svg.line(min(ends), line, max(ends), line, style="p-line"),
        *(_asks(layout.outside, line) if connection.outside else []),
        *(part for place, x in points.items() for part in _sign(connection, place)(x, line)),
    ]


def _sign(connection: Connection, place: int) -> c.Callable[[float, float], list[str]]:
    if place in connection.answering:
        return _both if place in connection.asking else _answers
    return _asks


def _networks(view: View) -> list[tuple[str, tuple[int, ...]]]:
    """Each with the groups that are in it."""
    network = view.cluster["network"]
    everybody = tuple(range(len(view.groups)))
    nodes = connections.of_nodes(view)
    found = [(f"hosts {_span([host.address for host in view.hosts])}", everybody)]
    if nodes:
        pods = f"pod network {network['pod_cidr']}, a /{network['node_cidr_size']} for each node"
        services = f"service network {network['service_cidr']}, API {network['api_service_address']}, DNS {network['dns_address']}"
        found += [(pods, nodes), (services, nodes)]
    return found


def _span(addresses: c.Iterable[str]) -> str:
    """From the lowest address to the highest one."""
    found = sorted({ipaddress.ip_address(address) for address in addresses}, key=int)
    return " to ".join(str(address) for address in dict.fromkeys((found[0], found[-1]))) if found else ""


def _network(words: str, places: tuple[int, ...], layout: _Layout, y: float) -> list[str]:
    """A box below the groups of a network. Groups that are not in it part it."""
    runs: list[list[int]] = []
    for place in places:
        if runs and runs[-1][-1] == place - 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    boxes = []
    for run in runs:
        left, last = layout.columns[run[0]].left, layout.columns[run[-1]]
        boxes.append((left, last.left + last.across - left))
    widest = max(boxes, key=lambda one: one[1])
    return [
        *(svg.box(left, y, across, 30, style="p-network") for left, across in boxes),
        svg.text(widest[0] + 10, y + 19, words, room=widest[1] - 20, style="p-text"),
    ]


def _in_words(view: View) -> str:
    """For those who cannot see it. The tables of a page say the same, and more."""
    groups = [f"{group.title}: {', '.join(f'{host.name} ({host.told})' for host in group.hosts)}" for group in view.groups]
    return f"{len(view.hosts)} hosts by their roles. {'. '.join(groups)}."
