# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one host does of the plan for the whole etcd cluster. Pure.

Each host plans by itself, from what it was told of all; so no host is special, and a run with one host of many does its part.
"""

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd import cluster_view, plan_members
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.cluster_view import HostState, View, listed
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.steps import Members, Plan, Policy
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction

Look = c.Mapping[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Share:
    """``actions`` are for ``etcd_members``; ``hold`` says that they start the unit, so that nobody else does.

    ``together``: the unit starts where no member has a quorum yet, so that it cannot be waited for before the others start.
    """

    actions: tuple[PlannedAction, ...]
    hold: bool
    together: bool


def wanted_of(members: c.Iterable[c.Mapping[str, t.Any]]) -> Members:
    """The members of the resolved spec."""
    return [cluster_view.Wanted(**{key: str(member[key]) for key in ("host", "name", "peer_url", "client_url")}) for member in members]


def view_of(looks: c.Mapping[str, Look]) -> View:
    """One view out of what the hosts found. Raises PlanError if that is not of one sound cluster."""
    answers = [answer for look in looks.values() for answer in look["answers"]]
    hosts = {host: HostState(**look["host"]) for host, look in looks.items()}
    return cluster_view.view(answers=answers, hosts=hosts)


def settled(wanted: Members, view: View, *, host: str) -> bool:
    """Whether a host sees nothing to do for anybody: what an ordinary run finds."""
    members = view.members or ()
    found = [listed(entry, members) for entry in wanted]
    sound = all(
        member and member.healthy and not member.learner and entry.peer_url in member.peer_urls
        for entry, member in zip(wanted, found, strict=True)
    )
    return sound and len(members) == len(wanted) and view.hosts.get(host, HostState()).data is True


def in_place(wanted: Members, view: View, *, host: str) -> bool:
    """Whether the host's own member is a healthy voter at its address."""
    own = next(entry for entry in wanted if entry.host == host)
    member = listed(own, view.members or ())
    return bool(member and member.healthy and not member.learner and own.peer_url in member.peer_urls)


def plan(wanted: Members, view: View, policy: Policy) -> Plan:
    return plan_members.plan(wanted=wanted, view=view, policy=policy)


def refuse_to_forget(found: Plan, *, wanted: Members, used: c.Collection[str]) -> None:
    """A first start beside an apiserver that has used other members is none: they are there, and were taken out of the inventory."""
    first = any(action.operation == "start" and action.data["state"] == "new" for action in found.actions)
    if first and used and not {entry.client_url for entry in wanted} & set(used):
        raise PlanError(
            f"etcd: an apiserver uses {', '.join(sorted(used))}, and none of these is a member in the inventory: etcd would begin empty. "
            "Nothing was changed. Keep one of the old members in the group etcd until the new ones have joined, then take it out"
        )


def share(found: Plan, *, view: View, host: str, present: c.Collection[str]) -> Share:
    """``present`` are the hosts that take part in the play; one of them does what is no host's own if nobody joins."""
    own = [action for action in found.actions if action.data["host"] == host]
    # A first start and that of a member with data are the component's: it starts what does not run.
    left_to_unit = all(action.operation == "start" for action in own) and (
        view.hosts.get(host, HostState()).data is not False or all(action.data["state"] == "new" for action in own)
    )
    mine = [] if left_to_unit else own
    duties = [action for action in found.actions if not action.data["host"] and _doer(found, action, present=present) == host]
    actions = tuple(action for action in found.actions if action in mine or action in duties)
    no_quorum = cluster_view.healthy(view.voters) < cluster_view.quorum(len(view.voters))
    return Share(
        actions=actions,
        hold=any(action.operation in ("start", "rebuild") for action in mine),
        together=no_quorum,
    )


def _doer(found: Plan, action: PlannedAction, *, present: c.Collection[str]) -> str:
    """Who does what is no host's own: who joins, since it makes room for that or follows from it; else any one host, the same for all."""
    changing = [entry for entry in found.actions if not entry.data["host"] or entry.operation != "start"]
    index = changing.index(action)
    before = [entry.data["host"] for entry in changing[:index] if entry.data["host"]]
    after = [entry.data["host"] for entry in changing[index:] if entry.data["host"]]
    if before or after:
        return str(before[-1] if before else after[0])
    return min(present, default="")


def next_for(host: str, *, wanted: Members, looks: c.Mapping[str, Look], policy: Policy) -> tuple[PlannedAction, ...]:
    """What a host whose turn it is does now; ``looks`` has a fresh one of its own and older ones of others.

    With a quorum it goes by what the members say, and leaves the other hosts to themselves. Without one it needs to know all,
    and begins only if it is the first to act.
    """
    view = view_of({host: looks[host]})
    if cluster_view.healthy(view.voters) >= cluster_view.quorum(len(view.voters)):
        return plan(wanted, view, policy).actions
    actions = plan(wanted, view_of(looks), policy).actions
    count = next((index for index, action in enumerate(actions) if action.data["host"] != host), len(actions))
    return actions[:count]
