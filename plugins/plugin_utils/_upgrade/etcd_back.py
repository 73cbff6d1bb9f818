# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans etcd's way back to the minor version before: https://etcd.io/docs/v3.7/downgrades/. Pure.

The members are told first, and change their data to what the older version reads. Then they get the older program, one after the other.
etcd keeps where it is on that way among its own data. So a run that was killed goes on from what the members say.
"""

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client import alarms
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.databases import Database, Databases
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.version_table import Version, minor_of, parse, text_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade import rules
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade.etcd_levels import WAYS, Levels

KIND = "etcd_downgrade"
_UNCHANGED = "Nothing was changed"

Object = dict[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Wanted:
    """``version``: the older one. ``hosts``: those of the inventory's members, by member. ``run``: the hosts of the run that answered."""

    version: str
    hosts: c.Mapping[str, str]
    run: c.Collection[str]

    @property
    def minor(self) -> str:
        return minor_of(self.version)


@dataclasses.dataclass(frozen=True)
class Back:
    """``hosts``: those whose member gets the older program, in their order. ``enables``: etcd must be told first. ``converts``: members
    have data yet that the older version does not read. ``ends``: etcd has to leave that way, which it does when all are there."""

    version: str
    hosts: tuple[str, ...] = ()
    enables: bool = False
    converts: bool = False
    ends: bool = False
    leader: str = ""
    before: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        return not (self.hosts or self.ends)


def plan(found: Databases, wanted: Wanted) -> Back:
    """Raises PlanError, before anything is changed, if etcd cannot go there now."""
    _refuse_what_is_not_well(found, wanted)
    newer = [member for member in found.members if minor_of(member.version) != wanted.minor]
    targets = sorted({member.downgrade for member in found.members if member.downgrade})
    if any(minor_of(target) != wanted.minor for target in targets):
        raise PlanError(
            f"{_UNCHANGED}: etcd is on its way back to {', '.join(targets)}, and cluster_etcd_version is {wanted.version}. Write a release "
            "of that minor version, or end it: -e downgrade_cancel=true"
        )
    if not newer:
        return Back(wanted.version, ends=bool(targets))
    _refuse_versions(newer, wanted)
    ready = all(reads(member, wanted.minor) for member in found.members)
    mixed = len(newer) < len(found.members)
    if not targets and mixed and not ready:
        raise PlanError(
            f"{_UNCHANGED}: members of etcd have {_versions(found.members)}, and their data is not yet that of one of them. Bring all to "
            f"{_versions(newer)} by site.yml, and run this playbook again"
        )
    turns = sorted(newer, key=lambda member: (member.leads, list(wanted.hosts).index(member.name)))
    hosts = tuple(wanted.hosts[member.name] for member in turns)
    _refuse_a_part(hosts, wanted)
    return Back(
        version=wanted.version,
        hosts=hosts,
        enables=not targets and not mixed,
        converts=not ready,
        ends=True,
        leader=next((wanted.hosts[member.name] for member in turns if member.leads), ""),
        before=tuple(sorted({member.version for member in newer})),
    )


def reads(member: Database, older: str) -> bool:
    return Levels(member.cluster, member.storage).fits(older)


def _refuse_what_is_not_well(found: Databases, wanted: Wanted) -> None:
    faults = [
        f"{member.name}: {member.fault or 'it does not answer a linearizable read'}" for member in found.members if not member.healthy
    ]
    listed, named = {member.name for member in found.members}, set(wanted.hosts)
    faults += [f"{name} is not in the inventory" for name in sorted(listed - named)]
    faults += [f"{name} of the inventory is no member" for name in sorted(named - listed)]
    if found.voters != len(found.members):
        faults.append(f"{found.voters} of {len(found.members)} members have a vote")
    if faults:
        raise PlanError(
            f"{_UNCHANGED}: not all members of etcd are there and well: {'; '.join(faults)}. Mend that (playbooks/health.yml and "
            "site.yml), and run this playbook again"
        )
    if found.alarms:
        raise PlanError(f"{_UNCHANGED}: etcd has an alarm: {'; '.join(alarms.told(found.alarms, found.names))}")


def _refuse_versions(newer: c.Sequence[Database], wanted: Wanted) -> None:
    has = f"members of etcd have {_versions(newer)}, and cluster_etcd_version is {wanted.version}"
    wrong = [member for member in newer if WAYS.get(minor_of(member.version)) != wanted.minor]
    if wrong and all(_numbers(member.version) < _numbers(wanted.version) for member in wrong):
        raise PlanError(f"{_UNCHANGED}: {has}. This playbook only goes back; run site.yml")
    if wrong:
        ways = ", ".join(f"{above} to {below}" for above, below in WAYS.items())
        raise PlanError(f"{_UNCHANGED}: {has}. The ways back that this collection knows: {ways}")
    major, number, _patch = _numbers(wanted.version)
    stone = rules.ETCD_STEPPING_STONES.get((major, number))
    if stone is not None and _numbers(wanted.version) < stone:
        text = text_of(stone)
        raise PlanError(
            f"{_UNCHANGED}: {has}. From a release before {text} etcd could not go on to {_versions(newer)} again. Write "
            f"cluster_etcd_version: {text}, or a later {wanted.minor}"
        )


def _refuse_a_part(hosts: c.Sequence[str], wanted: Wanted) -> None:
    left = [host for host in hosts if host not in wanted.run]
    if left:
        raise PlanError(
            f"{_UNCHANGED}: {', '.join(left)} did not answer, or {'is' if len(left) == 1 else 'are'} left out by --limit. All members "
            "of etcd go back in one run"
        )


def _numbers(text: str) -> Version:
    return parse(text) or (0, 0, 0)


def _versions(members: c.Iterable[Database]) -> str:
    return ", ".join(sorted({member.version for member in members}))


# ---------------------------------------------------------------- what is told, done and asked for


def lines(back: Back, *, folder: str) -> list[str]:
    """The plan, for the operator."""
    if back.empty:
        return [f"etcd has {minor_of(back.version)} already, and is on no way back. There is nothing to do"]
    told = [f"etcd goes back from {', '.join(back.before)} to {back.version}"] if back.hosts else []
    if back.hosts:
        told.append("the older programs are put beside the present ones")
    if back.enables:
        told.append(f"a snapshot is saved in {folder}, and proven by a trial restore")
        told.append(f"etcd is told that it goes back to {minor_of(back.version)}")
    if back.converts:
        told.append(f"all members change their data to that of {minor_of(back.version)}, while they go on serving")
    told += [f"{host}: its member restarts with {back.version}{' (the leader)' if host == back.leader else ''}" for host in back.hosts]
    if back.ends:
        told.append("etcd ends its way back when all members are there")
    return [f"{number}. {line}" for number, line in enumerate(told, 1)] if len(told) > 1 else told


def enabling(back: Back) -> list[PlannedAction]:
    """What is changed before the first program."""
    actions = []
    if back.enables:
        actions.append(PlannedAction(KIND, "enable", "etcd", f"{back.version} is wanted, and {', '.join(back.before)} runs"))
    if back.converts:
        actions.append(PlannedAction(KIND, "convert", "etcd", f"{minor_of(back.version)} does not read it yet"))
    return actions


def cancelling(found: Databases) -> list[PlannedAction]:
    """Raises PlanError if no member can be asked for it."""
    targets = sorted({member.downgrade for member in found.members if member.downgrade})
    if not found.healthy:
        faults = "; ".join(f"{member.name}: {member.fault}" for member in found.members)
        raise PlanError(f"{_UNCHANGED}: no member of etcd answers with a quorum behind it: {faults}. Run playbooks/health.yml")
    return [PlannedAction(KIND, "cancel", "etcd", f"it is on its way back to {', '.join(targets)}")] if targets else []


def asked(found: Databases) -> str:
    """The address of a member that can be asked to change something; the leader, if it is well."""
    return min(found.healthy, key=lambda member: not member.leads).url


def unfinished(found: Databases, wanted: Wanted) -> list[str]:
    """What is not as it must be at the end."""
    told = [f"{member.name} has etcd {member.version}" for member in found.members if member.version != wanted.version]
    told += [f"{member.name} has data of {member.storage}" for member in found.members if not reads(member, wanted.minor)]
    told += [f"{member.name}: {member.fault or 'it does not answer a linearizable read'}" for member in found.members if not member.healthy]
    told += sorted({f"etcd is still on its way back to {member.downgrade}" for member in found.members if member.downgrade})
    return told
