# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of an etcd cluster: the wanted members, the answers of the present ones, the state of the hosts."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError

Object = dict[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Wanted:
    """A member that the inventory names.

    ``id``: the member that the process on its host is, empty where no process says so.
    """

    host: str
    name: str
    peer_url: str
    client_url: str
    id: str = ""


@dataclasses.dataclass(frozen=True)
class Member:
    """A member that the cluster lists. A member that never started has no name."""

    id: str
    name: str
    peer_urls: tuple[str, ...]
    learner: bool = False
    # A voter answered a linearizable read; a learner knows a leader.
    healthy: bool = False
    # It has published the address of its clients, which is the first thing that a member does.
    published: bool = True

    @property
    def ran(self) -> bool:
        """Whether it was ever up. Until then an added member has no name, and one of the first start has no client address."""
        return bool(self.name) and self.published

    @property
    def title(self) -> str:
        return f"{self.name or 'not started'} ({', '.join(self.peer_urls)})"


@dataclasses.dataclass(frozen=True)
class HostState:
    """The state of a host. ``data``: whether it has a member's data, None if the host was not observed.

    ``committed``: the raft index up to which its running process has committed, None if no process says so.
    ``was_up``: whether it was a working member once. ``member``: the ID of the member that its process is, empty if none says so.
    """

    data: bool | None = None
    committed: int | None = None
    was_up: bool = False
    member: str = ""


@dataclasses.dataclass(frozen=True)
class View:
    """``members`` is None if no member answered."""

    members: tuple[Member, ...] | None
    hosts: c.Mapping[str, HostState]

    def host(self, wanted: Wanted) -> HostState:
        return self.hosts.get(wanted.host, HostState())

    @property
    def voters(self) -> tuple[Member, ...]:
        return tuple(member for member in self.members or () if not member.learner)


def quorum(voters: int) -> int:
    """The number of voters that must agree, of so many."""
    return voters // 2 + 1


def healthy(members: c.Iterable[Member]) -> int:
    return sum(member.healthy for member in members)


def listed(wanted: Wanted, members: c.Iterable[Member]) -> Member | None:
    """The entry of a wanted member in the list of members.

    It is found by what its process is: a host that got another name and another address has the same member. Else by its name, which
    stays when the address changes; else by its address, because a member that never started has no name.
    """
    found = tuple(members)
    by_process = [member for member in found if wanted.id and member.id == wanted.id]
    by_name = [member for member in found if member.name == wanted.name]
    by_address = [member for member in found if wanted.peer_url in member.peer_urls]
    return next(iter([*by_process, *by_name, *by_address]), None)


def view(*, answers: c.Sequence[Object], hosts: c.Mapping[str, HostState]) -> View:
    """One view from the answers of all endpoints. Raises PlanError if they are not of one sound cluster.

    The list of members is that of a member with a quorum, else that of the member that has applied most.
    """
    there = [answer for answer in answers if answer["members"] is not None]
    clusters = {answer["cluster_id"] for answer in there}
    if len(clusters) > 1:
        found = "; ".join(f"{answer['url']} is of cluster {answer['cluster_id']}" for answer in there)
        raise PlanError(
            f"etcd: the endpoints are of {len(clusters)} different clusters, and nothing was changed: {found}. "
            "Stop etcd on the hosts of the wrong one and move its data away"
        )
    corrupt = sorted({error for answer in there for error in answer["errors"] if "CORRUPT" in error})
    if corrupt:
        raise PlanError(
            f"etcd: the alarm CORRUPT is raised, nothing was changed: {'; '.join(corrupt)}. Compare `etcdctl endpoint hashkv --cluster`, "
            "take the data of the member that differs away, and disarm the alarm with `etcdctl alarm disarm`"
        )
    telling = [answer for answer in there if answer["members"]]
    if not telling:
        return View(members=None, hosts=hosts)
    best = max(telling, key=lambda answer: (answer["linearizable"], answer["applied"]))
    sound = {answer["member_id"] for answer in there if _sound(answer)}
    members = tuple(
        Member(
            id=entry["id"],
            name=entry["name"],
            peer_urls=tuple(entry["peer_urls"]),
            learner=entry["learner"],
            healthy=entry["id"] in sound,
            published=bool(entry["client_urls"]),
        )
        for entry in best["members"]
    )
    return View(members=members, hosts=hosts)


def _sound(answer: Object) -> bool:
    return bool(answer["linearizable"] or (answer["learner"] and answer["leader"]))
