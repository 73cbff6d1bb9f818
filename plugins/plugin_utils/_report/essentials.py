# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cluster in a few lines: what a page has at its head, and a screen too. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates.entries import PERSON, Entry
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.check import ERROR, WARNING
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._report.host_view import (
    AWAY,
    FOLLOWER,
    LEADER,
    READY,
    UNKNOWN,
    HostView,
)
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._report.view import View

WELL = ""
_NEW_BACKUP = 2 * 86400
# Days that are a warning, as for the doctor.
_DUE = 30


class Essential(t.NamedTuple):
    """``severity``: an error, a warning, or ``WELL``."""

    subject: str
    text: str
    severity: str = WELL


def essentials(view: View) -> list[Essential]:
    rows = [_hosts(view), _api(view), _etcd(view), _nodes(view), _certificates(view), _backup(view)]
    return [row for row in rows if row is not None]


def _some(count: int, all_of_them: int) -> str:
    return f"{count} of {all_of_them}"


def _rank(good: bool, *, alive: bool = True) -> str:
    return WELL if good else WARNING if alive else ERROR


def _hosts(view: View) -> Essential:
    hosts = view.hosts
    away = [host.name for host in hosts if host.state == AWAY]
    text = f"{_some(len(view.report.hosts), len(hosts))} answer"
    return Essential("hosts", f"{text}; away: {some_names(away)}" if away else text, ERROR if away else WELL)


def some_names(names: list[str], most: int = 3) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def _api(view: View) -> Essential | None:
    masters = [host for host in view.hosts if host.apiserver]
    if not masters:
        return None
    ready = sum(host.apiserver == READY for host in masters)
    lost = [name for name, holder in view.leaders.items() if not holder]
    led = ", ".join(f"{name.removeprefix('kube-')}: {holder or 'nobody'}" for name, holder in view.leaders.items())
    text = f"{view.cluster['api']['url']}; {_known(masters, 'apiserver', ready)} ready"
    severity = ERROR if lost else _rank(ready == len(masters), alive=ready > 0)
    return Essential("API", f"{text}; leaders: {led}" if led else text, severity)


def _known(hosts: list[HostView], role: str, count: int) -> str:
    """The count; what is not known is told with it."""
    unknown = sum(getattr(host, role) == UNKNOWN for host in hosts)
    return _some(count, len(hosts)) + (f" ({unknown} unknown)" if unknown else "")


def _etcd(view: View) -> Essential | None:
    members = [host for host in view.hosts if host.member]
    if not members:
        return None
    serving = sum(host.member in (LEADER, FOLLOWER) for host in members)
    largest = max((member for member in view.members if member.size and member.quota), key=lambda member: member.size or 0, default=None)
    size = f"; {of_bytes(largest.size)} of {of_bytes(largest.quota)}" if largest else ""
    alarms = [alarm for member in view.members for alarm in member.alarms]
    told = f"; {some_names(alarms)}" if alarms else ""
    text = f"{_known(members, 'member', serving)} members serve; leader: {view.leader or 'none'}{size}{told}"
    alive = serving > len(members) // 2 and bool(view.leader) and not alarms
    return Essential("etcd", text, _rank(serving == len(members) and alive, alive=alive))


def _nodes(view: View) -> Essential | None:
    nodes = [host for host in view.hosts if host.node]
    if not nodes:
        return None
    ready = sum(host.node == READY for host in nodes)
    pods = "" if view.pods is None else f"; {view.pods} pods"
    foreign = f"; not of the inventory: {some_names(list(view.node_names))}" if view.node_names else ""
    severity = ERROR if ready < len(nodes) else WARNING if foreign else WELL
    return Essential("nodes", f"{_known(nodes, 'node', ready)} ready{pods}{foreign}", severity)


def _certificates(view: View) -> Essential | None:
    if view.certificates is None:
        return None
    ending = [entry for entry in view.certificates if entry.days_left is not None and entry.kind != PERSON]
    if not ending:
        return Essential("certificates", "none was found", ERROR)
    first = min(ending, key=lambda entry: entry.days_left or 0)
    wrong = sum(entry.state in ("missing", "unreadable", "differs") for entry in view.certificates)
    text = f"{len(view.certificates)}; {_ends(first)}"
    days = first.days_left or 0
    severity = ERROR if days < 0 or first.state in ("expired", "not valid yet") else WARNING if days < _DUE or wrong else WELL
    return Essential("certificates", f"{text}; {wrong} not as described" if wrong else text, severity)


def _ends(entry: Entry) -> str:
    days = entry.days_left or 0
    where = f"{entry.path} on {entry.host}"
    return f"the first has ended: {where}" if entry.state == "expired" else f"the first ends in {days} days: {where}"


def _backup(view: View) -> Essential | None:
    if view.backup is None:
        return None
    age = view.report.at - view.backup
    text = f"the newest is {since(age)} old" if view.backup else "none"
    return Essential("backup", text, WELL if age < _NEW_BACKUP else WARNING)


def since(seconds: float) -> str:
    """A time in its largest unit."""
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(seconds, 0):.0f} seconds"


def of_bytes(size: float | None) -> str:
    if size is None:
        return ""
    return f"{size / (1 << 30):.1f} GiB" if size >= 1 << 30 else f"{size / (1 << 20):.0f} MiB"
