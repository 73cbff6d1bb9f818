# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans compaction, defragmentation and the end of alarms: https://etcd.io/docs/v3.7/op-guide/maintenance/. Pure.

The order is that of need. Compaction frees space within the databases, defragmentation gives it back to the file system, and only then
there is room below the quota, so that the alarm can end. A member answers nobody while it is defragmented.
"""

from __future__ import annotations

import collections.abc as c
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client import alarms
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.databases import Database, Databases, size
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.maintenance_request import Request
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction

KIND = "etcd_database"
# Every write leaves some free pages. Fewer bytes than this are not worth a time in which a member answers nobody.
WORTH = 1 << 20

Object = dict[str, t.Any]


def plan(found: Databases, request: Request) -> list[PlannedAction]:
    """All that is to be done, in its order. Raises PlanError if it cannot be done safely."""
    actions = [*_compaction(found, request), *_defragmentations(found, request), *_disarming(found, request)]
    refuse(found, actions)
    return actions


def _compaction(found: Databases, request: Request) -> list[PlannedAction]:
    if not request.compact or found.compacted:
        return []
    return [PlannedAction(KIND, "compact", "etcd", f"history up to revision {found.revision} is not needed any more")]


def _defragmentations(found: Databases, request: Request) -> list[PlannedAction]:
    """The leader comes last. How much a compaction will free is not known before it, so all follow it."""
    if not request.defragment:
        return []
    compacting = bool(_compaction(found, request))

    def is_worth_it(member: Database) -> bool:
        return member.free >= WORTH and member.fragmentation >= request.defragment_above

    return [
        _defragmentation(member)
        for member in _in_turn(found.members)
        if not member.learner and (compacting or not member.answers or is_worth_it(member))
    ]


def _in_turn(members: c.Iterable[Database]) -> list[Database]:
    return sorted(members, key=lambda member: (member.leads, member.name))


def _defragmentation(member: Database) -> PlannedAction:
    free = f"{size(member.free)} of {size(member.size)} are free ({member.fragmentation} %)"
    return PlannedAction(KIND, "defragment", member.name, free, before=f"{size(member.size)}\n", after=f"{size(member.in_use)} or more\n")


def _disarming(found: Databases, request: Request) -> list[PlannedAction]:
    if not request.disarm or not found.alarms:
        return []
    who = sorted({f"{alarm.name} of {found.names.get(alarm.member, 'a former member')}" for alarm in found.alarms})
    return [PlannedAction(KIND, "disarm", "etcd", "there is room again", before="".join(f"{line}\n" for line in who))]


# ---------------------------------------------------------------- before every step


def refuse(found: Databases, pending: c.Sequence[PlannedAction]) -> None:
    """Raises PlanError if what is pending cannot begin now. What cannot be known counts as bad."""
    operations = {action.operation for action in pending}
    if not operations:
        return
    if not found.healthy:
        raise PlanError(f"etcd: no member answers with a quorum behind it: {_faults(found.members)}. Run playbooks/health.yml")
    corrupt = [alarm for alarm in found.alarms if alarm.name != alarms.NOSPACE]
    if corrupt:
        raise PlanError(f"etcd: {'; '.join(alarms.told(corrupt, found.names))}. This playbook ends the alarm NOSPACE only")
    if "defragment" in operations:
        _all_voters_must_be_healthy(found)
    if operations == {"disarm"}:
        _must_have_room(found)


def _all_voters_must_be_healthy(found: Databases) -> None:
    bad = [member for member in found.members if not member.healthy and not member.learner]
    if not bad and len(found.healthy) == found.voters:
        return
    named = f": {_faults(bad)}" if bad else ""
    raise PlanError(
        f"etcd: no member is defragmented now, because each answers nobody meanwhile, and {len(found.healthy)} of {found.voters} voters "
        f"are healthy{named}. Mend that, or take the member out of the inventory and run site.yml, and run this playbook again"
    )


def _must_have_room(found: Databases) -> None:
    full = [member for member in found.members if member.full]
    if full:
        listed = ", ".join(f"{member.name} ({size(member.size)}, quota {size(member.quota)})" for member in full)
        raise PlanError(
            f"etcd: the alarm NOSPACE would be raised again by the next large write: still near their quota are {listed}. Make room with "
            "-e etcd_compact=true -e etcd_defragment=true, or raise etcd_quota_backend_bytes and run site.yml"
        )


def _faults(members: c.Iterable[Database]) -> str:
    return "; ".join(f"{member.name}: {member.fault or 'it does not answer a linearizable read'}" for member in members)


# ---------------------------------------------------------------- one step


def following(found: Databases, pending: c.Sequence[PlannedAction]) -> PlannedAction:
    """The next of the planned actions. Who leads may have changed, and comes last."""
    first = pending[0]
    if first.operation != "defragment":
        return first
    waiting = {action.target: action for action in pending if action.operation == "defragment"}
    turns = [member.name for member in _in_turn(found.members) if member.name in waiting]
    return waiting[turns[0]] if turns else first


def payload(found: Databases, action: PlannedAction) -> Object:
    """What the host needs for the step. Members are found again, because their IDs and addresses may be others than when it was planned."""
    leader = next(iter(sorted(found.healthy, key=lambda member: not member.leads)))
    if action.operation == "compact":
        return {"url": leader.url, "revision": found.revision}
    if action.operation == "disarm":
        return {"url": leader.url, "alarms": [list(alarm) for alarm in found.alarms]}
    member = next((member for member in found.members if member.name == action.target), None)
    if member is None:
        raise PlanError(f"etcd: {action.target} is no member any more. Run this playbook again")
    heirs = [other.id for other in found.healthy if other != member]
    return {"url": member.url, "name": member.name, "heir": heirs[0] if member.leads and heirs else ""}
