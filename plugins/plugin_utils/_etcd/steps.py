# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps that change the membership of an etcd cluster, and the state after each of them. Pure."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.cluster_view import HostState, Member, View, Wanted, listed
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction

KIND = "etcd_member"

Members = c.Sequence[Wanted]


@dataclasses.dataclass(frozen=True)
class Policy:
    """What the operator allows.

    ``remove_unlisted`` is about members that the inventory does not name. ``safe`` removes them if the inventory names at least half
    of the voters, since otherwise the inventory may be wrong (see ``refuse_a_part`` of host_plan); ``always`` has no such condition;
    ``never`` keeps them.
    No choice lets the quorum be lost.
    ``disaster_recovery`` rebuilds a cluster that lost its quorum from the surviving member that has committed most. It also permits a
    change of an address that interrupts the quorum while the member restarts.
    """

    remove_unlisted: str = "safe"
    disaster_recovery: bool = False


@dataclasses.dataclass(frozen=True)
class Plan:
    """The planned actions in their order, and warnings about what the plan does not bring to the inventory."""

    actions: tuple[PlannedAction, ...]
    warnings: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Model:
    """A view of the cluster, and what the plan has done so far that the view does not show."""

    view: View
    wanted: Members
    policy: Policy
    started: frozenset[str] = frozenset()

    def data(self, wanted: Wanted) -> bool | None:
        return self.view.host(wanted).data

    def wanted_entry(self, member: Member) -> Wanted | None:
        """The entry of the inventory for a listed member."""
        return next((wanted for wanted in self.wanted if (found := listed(wanted, self.members)) and found.id == member.id), None)

    @property
    def members(self) -> tuple[Member, ...]:
        return self.view.members or ()

    @property
    def voters(self) -> tuple[Member, ...]:
        return self.view.voters

    def with_members(self, members: c.Iterable[Member]) -> Model:
        return dataclasses.replace(self, view=dataclasses.replace(self.view, members=tuple(members)))


# ---------------------------------------------------------------- steps on hosts


def initial_cluster(entries: c.Iterable[tuple[str, str]]) -> str:
    return ",".join(f"{name}={url}" for name, url in entries)


def start_member(model: Model, wanted: Wanted, *, reason: str) -> PlannedAction:
    """A joining member must start with exactly the present members; one that has data ignores the list."""
    entries = []
    for member in model.members:
        owner = model.wanted_entry(member)
        name = owner.name if owner else member.name or f"member-{member.id}"
        entries += [(name, url) for url in member.peer_urls]
    return start(wanted, reason=reason, initial=initial_cluster(entries), state="existing")


def start(wanted: Wanted, *, reason: str, initial: str, state: str) -> PlannedAction:
    return PlannedAction(
        kind=KIND,
        operation="start",
        target=wanted.name,
        reason=reason,
        data={"host": wanted.host, "initial_cluster": initial, "state": state},
    )


def discard(wanted: Wanted, *, reason: str) -> PlannedAction:
    return PlannedAction(kind=KIND, operation="discard", target=wanted.name, reason=reason, data={"host": wanted.host})


def names(wanted: c.Iterable[Wanted]) -> str:
    return ", ".join(entry.name for entry in wanted)


# ---------------------------------------------------------------- the state after a step


def after(model: Model, action: PlannedAction) -> Model:
    """The model of the cluster after a step that succeeded."""
    return _EFFECTS[action.operation](model, action)


def _changed(model: Model, action: PlannedAction, **fields: t.Any) -> Model:
    return model.with_members(
        dataclasses.replace(member, **fields) if member.id == action.data["id"] else member for member in model.members
    )


def _after_update(model: Model, action: PlannedAction) -> Model:
    """The member listens at its old address until it is restarted."""
    changed = _with_data(_changed(model, action, peer_urls=(action.data["peer_url"],), healthy=False), action, data=True)
    return dataclasses.replace(changed, started=model.started - {action.data["host"]})


def _after_remove(model: Model, action: PlannedAction) -> Model:
    left = model.with_members(member for member in model.members if member.id != action.data["id"])
    return dataclasses.replace(left, started=model.started - {action.data["host"]})


def _after_add(model: Model, action: PlannedAction) -> Model:
    added = Member(id=f"new-{action.target}", name="", peer_urls=(action.data["peer_url"],), learner=True)
    return model.with_members([*model.members, added])


def _after_start(model: Model, action: PlannedAction) -> Model:
    wanted = next(wanted for wanted in model.wanted if wanted.host == action.data["host"])
    member = listed(wanted, model.members)
    members = tuple(
        dataclasses.replace(entry, name=wanted.name, healthy=True, published=True) if entry == member else entry for entry in model.members
    )
    return dataclasses.replace(_with_data(model, action, data=True).with_members(members), started=model.started | {wanted.host})


def _with_data(model: Model, action: PlannedAction, *, data: bool) -> Model:
    hosts = {**model.view.hosts, action.data["host"]: HostState(data=data)}
    return dataclasses.replace(model, view=dataclasses.replace(model.view, hosts=hosts))


def _after_discard(model: Model, action: PlannedAction) -> Model:
    return dataclasses.replace(_with_data(model, action, data=False), started=model.started - {action.data["host"]})


def _after_rebuild(model: Model, action: PlannedAction) -> Model:
    survivor = next(wanted for wanted in model.wanted if wanted.host == action.data["host"])
    alone = Member(id=f"alone-{survivor.name}", name=survivor.name, peer_urls=(survivor.peer_url,), healthy=True)
    return model.with_members([alone])


_EFFECTS: dict[str, c.Callable[[Model, PlannedAction], Model]] = {
    "update": _after_update,
    "remove": _after_remove,
    "add": _after_add,
    "promote": lambda model, action: _changed(model, action, learner=False, healthy=True),
    "start": _after_start,
    "discard": _after_discard,
    "rebuild": _after_rebuild,
}
