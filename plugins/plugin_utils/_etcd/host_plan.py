# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who joins, stays and leaves, and which planned actions each host performs. Pure.

Each host plans by itself from the observations of all. So no host is special, and a run that is limited to one host does its part.
"""

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client import alarms
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd import cluster_view, plan_members
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.cluster_view import HostState, View, listed
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.steps import Members, Plan, Policy
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.component_table import ETCD

Observation = c.Mapping[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Membership:
    """The names of the members by what the plan does with them."""

    joining: tuple[str, ...]
    staying: tuple[str, ...]
    leaving: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class HostPlan:
    """The part of one host in the plan.

    ``actions`` are for ``etcd_members``. ``defer_start``: they start the unit, so the component does not start it.
    ``initial_start``: there is no quorum yet, so a start succeeds only after the other members have started too.
    """

    actions: tuple[PlannedAction, ...]
    defer_start: bool
    initial_start: bool

    @property
    def removes_first(self) -> bool:
        """Whether the host performs its actions before anything else changes, because no member has to join before."""
        return bool(self.actions) and not self.defer_start


def wanted_of(members: c.Iterable[c.Mapping[str, t.Any]]) -> Members:
    """The members of the resolved spec."""
    return [cluster_view.Wanted(**{key: str(member[key]) for key in ("host", "name", "peer_url", "client_url")}) for member in members]


def view_of(observations: c.Mapping[str, Observation]) -> View:
    """One view from the observations by host. Raises PlanError if they are not of one sound cluster."""
    answers = [answer for observation in observations.values() for answer in observation["answers"]]
    return cluster_view.view(answers=answers, hosts=states_of(observations))


def states_of(observations: c.Mapping[str, Observation]) -> dict[str, HostState]:
    """The state of each observed host, and which member its process is: that is what answers on the host itself."""
    return {host: HostState(**observation["host"], member=_own_member(observation)) for host, observation in observations.items()}


def _own_member(observation: Observation) -> str:
    own = (answer for answer in observation["answers"] if answer["url"] == ETCD.urls["client"] and answer["members"] is not None)
    return next((str(answer["member_id"]) for answer in own), "")


def identified(wanted: Members, view: View) -> Members:
    """The wanted members, with what the processes on their hosts are."""
    return [dataclasses.replace(entry, id=view.host(entry).member) for entry in wanted]


def in_sync(wanted: Members, view: View, *, host: str) -> bool:
    """Whether all members are as wanted, as seen from this host; the ordinary case."""
    members = view.members or ()
    found = [listed(entry, members) for entry in wanted]
    sound = all(
        member and member.healthy and not member.learner and entry.peer_url in member.peer_urls
        for entry, member in zip(wanted, found, strict=True)
    )
    return sound and len(members) == len(wanted) and view.hosts.get(host, HostState()).data is True


def standing_alarms(observations: c.Mapping[str, Observation]) -> list[str]:
    """A line for each kind of alarm. No run ends one by itself: only the operator knows whether the space will be there to stay."""
    answers = [answer for observation in observations.values() for answer in observation["answers"]]
    names = {member["id"]: member["name"] for answer in answers for member in answer["members"] or []}
    found = {alarm for answer in answers for alarm in alarms.of(answer["errors"])}
    return [f"etcd: {line}" for line in alarms.told(found, names)]


def in_place(wanted: Members, view: View, *, host: str) -> bool:
    """Whether the host's own member is a healthy voter at its address."""
    own = next(entry for entry in wanted if entry.host == host)
    member = listed(own, view.members or ())
    return bool(member and member.healthy and not member.learner and own.peer_url in member.peer_urls)


def plan(wanted: Members, view: View, policy: Policy) -> Plan:
    return plan_members.plan(wanted=identified(wanted, view), view=view, policy=policy)


def membership(found: Plan, *, wanted: Members) -> Membership:
    """What the plan does with each member. One that lost its data stays: its removal only makes room for its return."""
    names = [entry.name for entry in wanted]
    joining = {action.target for action in found.actions if action.operation in ("add", "start") and _is_new(action)}
    leaving = [action.target for action in found.actions if action.operation == "remove" and action.target not in names]
    return Membership(
        joining=tuple(name for name in names if name in joining),
        staying=tuple(name for name in names if name not in joining),
        leaving=tuple(leaving),
    )


def _is_new(action: PlannedAction) -> bool:
    return action.operation == "add" or action.data["state"] == "new"


def apiservers_to_switch(found: Membership, *, masters: c.Mapping[str, str], wanted: Members) -> list[str]:
    """Hosts of masters whose own member leaves. Their apiservers use it alone, and need the other members before it goes.

    ``masters``: the names of the masters' nodes by host.
    """
    members = {entry.host for entry in wanted}
    return [host for host, name in masters.items() if host not in members and name in found.leaving]


def refuse_to_forget(found: Plan, *, wanted: Members, used: c.Collection[str]) -> None:
    """Refuses a first start where an apiserver already uses members, none of which the inventory has: etcd would begin empty."""
    first = any(action.operation == "start" and action.data["state"] == "new" for action in found.actions)
    if first and used and not {entry.client_url for entry in wanted} & set(used):
        raise PlanError(
            f"etcd: an apiserver uses {', '.join(sorted(used))}, and none of these is a member in the inventory: etcd would begin empty. "
            "Nothing was changed. Keep one of the old members in the group etcd until the new ones have joined, then take it out"
        )


def refuse_a_part(found: Plan, *, wanted: Members, view: View, policy: Policy) -> None:
    """Refuses an inventory that has the minor part of the voters, where such members are kept.

    It is likely to be a part of the inventory only, such as a slice. The run would close the firewalls of its hosts to the voters that it
    does not have, and so take the quorum away.
    """
    names = {entry.id for entry in identified(wanted, view)} - {""}
    lacking = [voter for voter in view.voters if voter.id not in names and not any(listed(entry, [voter]) for entry in wanted)]
    known = len(view.voters) - len(lacking)
    rebuilt = any(action.operation == "rebuild" for action in found.actions)
    if policy.remove_unlisted == "safe" and lacking and 2 * known < len(view.voters) and not rebuilt:
        raise PlanError(
            f"etcd: the inventory has {known} of {len(view.voters)} voters, and lacks {', '.join(voter.title for voter in lacking)}. "
            "Nothing was changed: firewalls would close to them, and the quorum would be lost. Give the run the whole inventory, and "
            "choose hosts with --limit; or set etcd_remove_unlisted: always if they are to go"
        )


def part_of(host: str, found: Plan, *, view: View, present: c.Collection[str]) -> HostPlan:
    """The part of a host. ``present``: the hosts of the play, one of which performs what belongs to no host if nobody joins."""
    own = [action for action in found.actions if action.data["host"] == host]
    # The component starts what does not run: members of a first start, and members that have their data.
    left_to_component = all(action.operation == "start" for action in own) and (
        view.hosts.get(host, HostState()).data is not False or all(action.data["state"] == "new" for action in own)
    )
    own = [] if left_to_component else own
    shared = [action for action in found.actions if not action.data["host"] and _performer(found, action, present=present) == host]
    return HostPlan(
        actions=tuple(action for action in found.actions if action in own or action in shared),
        defer_start=any(action.operation in ("start", "rebuild") for action in own),
        initial_start=cluster_view.healthy(view.voters) < cluster_view.quorum(len(view.voters)),
    )


def _performer(found: Plan, action: PlannedAction, *, present: c.Collection[str]) -> str:
    """The host that performs an action of no host: the one that joins next to it in the plan, else the first by name."""
    changing = [entry for entry in found.actions if not entry.data["host"] or entry.operation != "start"]
    index = changing.index(action)
    before = [entry.data["host"] for entry in changing[:index] if entry.data["host"]]
    after = [entry.data["host"] for entry in changing[index:] if entry.data["host"]]
    if before or after:
        return str(before[-1] if before else after[0])
    return min(present, default="")


def next_for(host: str, *, wanted: Members, observations: c.Mapping[str, Observation], policy: Policy) -> tuple[PlannedAction, ...]:
    """What a host does now that it is its turn. ``observations`` has a fresh one of this host and older ones of others.

    With a quorum the members' answers decide, and the other hosts do their own part. Without a quorum the state of all hosts is needed,
    and this host begins only if the plan begins with it.
    """
    view = view_of({host: observations[host]})
    if cluster_view.healthy(view.voters) >= cluster_view.quorum(len(view.voters)):
        return plan(wanted, view, policy).actions
    actions = plan(wanted, view_of(observations), policy).actions
    count = next((index for index, action in enumerate(actions) if action.data["host"] != host), len(actions))
    return actions[:count]
