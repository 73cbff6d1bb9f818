# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cluster on one screen of a terminal, however many hosts it has. Pure."""

from __future__ import annotations

import collections
import collections.abc as c

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.check import NOTE
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.report import Told
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._report.essentials import essentials
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._report.host_view import STATES, UNKNOWN, WELL, HostView
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._report.view import Group, View

_WIDTH = 140
# Of more hosts, groups are counted, and only hosts that are not well have a line.
_EACH = 12
_UNWELL, _FINDINGS = 8, 6
_HEADS = ("HOST", "ROLES", "STATE", "ETCD", "API", "NODE", "PODS", "LOAD", "MEMORY", "DISK")


def lines(view: View) -> list[str]:
    versions = view.cluster["versions"]
    head = f"{view.report.cluster}: Kubernetes {versions['kubernetes']}, etcd {versions['etcd']}; {view.report.time}"
    return [head, view.report.summary(), *_essentials(view), *_hosts(view), *_findings(view)]


def _essentials(view: View) -> list[str]:
    rows = essentials(view)
    across = max(len(row.subject) for row in rows)
    return [_cut(f"{row.severity or 'ok':7}  {row.subject:{across}}  {row.text}") for row in rows]


def _hosts(view: View) -> list[str]:
    hosts = view.hosts
    if len(hosts) <= _EACH:
        return _table([_HEADS, *map(_host, hosts)])
    unwell = sorted((host for host in hosts if host.state != WELL), key=lambda host: STATES.index(host.state))
    more = [f"and {len(unwell) - _UNWELL} more hosts that are not well"] if len(unwell) > _UNWELL else []
    groups = _table([("GROUP", "HOSTS", "STATES"), *map(_group, view.groups)])
    return [*groups, *(_table([_HEADS, *map(_host, unwell[:_UNWELL])]) if unwell else []), *more]


def _group(group: Group) -> tuple[str, ...]:
    counts = collections.Counter(host.state for host in group.hosts)
    return group.title, str(len(group.hosts)), ", ".join(f"{counts[state]} {state}" for state in STATES if counts[state])


def _host(host: HostView) -> tuple[str, ...]:
    disk = host.fullest
    return (
        host.name,
        ",".join(host.roles),
        host.told,
        _known(host.member),
        _known(host.apiserver),
        _known(host.node),
        "" if host.pods is None else str(host.pods),
        "" if host.load is None else f"{host.load:.1f}",
        "" if host.memory is None else f"{host.memory:.0%}",
        "" if disk is None else f"{disk.used:.0%} {disk.mount}",
    )


def _known(state: str) -> str:
    return "?" if state == UNKNOWN else state


def _table(rows: c.Sequence[tuple[str, ...]]) -> list[str]:
    """Without the columns that have nothing but a head."""
    kept = [column for column in range(len(rows[0])) if any(row[column] for row in rows[1:])]
    widths = {column: max(len(row[column]) for row in rows) for column in kept}
    return [_cut("  ".join(row[column].ljust(widths[column]) for column in kept).rstrip()) for row in rows]


def _findings(view: View) -> list[str]:
    """One of each check, the worst first, with what to do below it. What is more than fits is counted. Notes are left to the doctor."""
    by_check: dict[str, list[Told]] = {}
    for told in view.report.told:
        by_check.setdefault(told.finding.check.id, []).append(told)
    found = [told for told in by_check.values() if told[0].finding.check.severity != NOTE]
    notes = sum(len(told) for told in by_check.values()) - sum(map(len, found))
    rest = len(found) - _FINDINGS
    more = [f"findings of {rest} more check{'' if rest == 1 else 's'}"] if rest > 0 else []
    more += [f"{notes} note{'' if notes == 1 else 's'}"] if notes else []
    shown = [line for told in found[:_FINDINGS] for line in _finding(told)]
    return [*shown, *([f"Not shown: {', '.join(more)}; see doctor.yml"] if more else [])]


def _finding(of_check: c.Sequence[Told]) -> list[str]:
    told, hosts = of_check[0], {host for one in of_check for host in one.hosts}
    finding = told.finding
    more = (
        f"; like it on {len(hosts)} hosts"
        if len(of_check) > 1 and len(hosts) > 1
        else f"; {len(of_check)} times"
        if len(of_check) > 1
        else ""
    )
    end = f"{more} [{finding.check.id}]"
    return [
        _cut(f"{finding.check.severity:7}  {told.where}: {finding.found}", _WIDTH - len(end)) + end,
        f"         → {finding.remedy}",
    ]


def _cut(line: str, most: int = _WIDTH) -> str:
    return line if len(line) <= most else f"{line[: most - 1]}…"
