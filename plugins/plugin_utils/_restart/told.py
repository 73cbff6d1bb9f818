# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a restart in words, and how to go on where it ends early. Pure."""

from __future__ import annotations

import collections.abc as c
import datetime

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.listed import at_most
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._restart.plan import Plan, Turn
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._restart.request import NEVER, Request

_NAMED = 8
COMMAND = "restart-nodes.yml"


def lines(plan: Plan, wanted: Request) -> list[str]:
    """The plan, as it is shown before anything is done."""
    went = sorted(host for host in plan.turns if plan.turns[host].work.goes_on)
    found = []
    if plan.done or went:
        when = datetime.datetime.fromtimestamp(plan.began).astimezone().strftime("%Y-%m-%d %H:%M")
        found.append(f"Goes on with the restart of {when}" + (f", in which {', '.join(plan.done)} had their turn" if plan.done else ""))
    if not plan.order:
        found.append("No host has to be restarted")
    for number, batch in enumerate(plan.batches, start=1):
        found += [f"{number}. {host}: {_turn(plan.turns[host], wanted)}" for host in batch]
    if plan.idle:
        found.append(f"Nothing to do: {', '.join(plan.idle)}")
    found += [f"Note: {note}" for note in plan.notes]
    return [*found, *left_out(plan.left_out)]


def left_out(hosts: c.Mapping[str, str]) -> list[str]:
    return [f"Left out: {host}: {why}" for host, why in hosts.items()]


def _turn(turn: Turn, wanted: Request) -> str:
    work = turn.work
    parts = ["goes on where an earlier run has ended"] if work.goes_on else []
    if turn.drains:
        parts.append("drain")
    if work.packages:
        parts.append(f"upgrade {_count(work.packages)} ({at_most(_NAMED, work.packages)})")
    if work.reboot:
        parts.append(f"reboot ({'; '.join(work.reboot)})")
    elif work.perhaps:
        parts.append("reboot if the packages need it")
    elif work.packages and wanted.reboot == NEVER:
        parts.append("no reboot")
    if turn.node and turn.stays and work.disturbs:
        parts.append(f"its pods stay: {turn.stays}")
    return "; ".join(parts)


def _count(packages: c.Sequence[str]) -> str:
    return f"{len(packages)} package{'s' if len(packages) > 1 else ''}"


def how_to_go_on(
    turn: Turn, *, touched: bool = True, cordoned: bool = False, done: c.Sequence[str], batches: c.Sequence[c.Sequence[str]]
) -> str:
    """What is said when the turn of a host fails. Those of its batch go on to the end of theirs, and no further batch begins.

    ``cordoned``: its Node is for certain; while it is cordoned, or takes pods again, the failure itself tells.
    """
    number = next(index for index, batch in enumerate(batches) if turn.host in batch)
    beside = [host for host in batches[number] if host not in (turn.host, *done)]
    left = [host for batch in batches[number + 1 :] for host in batch]
    state = f"The turn of {turn.host} has not ended" if touched else f"{turn.host} was not touched"
    state += f", and its Node {turn.node} stays cordoned." if cordoned else "."
    later = f" Restarted before: {', '.join(done)}." if done else ""
    later += f" At work still, to the end of their turn: {', '.join(beside)}." if beside else ""
    later += f" Not restarted: {', '.join(left)}." if left else ""
    again = f" Mend that and run {COMMAND} again, which goes on with this host"
    return state + later + again + (f"; or give it up: kubectl uncordon {turn.node}" if touched and turn.drains else "")
