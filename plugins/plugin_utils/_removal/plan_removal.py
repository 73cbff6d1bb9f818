# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans the removal of one host from the cluster: whether it is possible, through which hosts, and how its etcd member leaves. Pure."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd import cluster_view, host_plan, plan_members
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.cluster_view import View, Wanted
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.steps import Members, Policy
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.component_table import etcd_urls

# Members that the inventory does not name, among them the one that leaves, are removed whatever etcd_remove_unlisted says.
_POLICY = Policy(remove_unlisted="always")

Object = dict[str, t.Any]
Observations = c.Mapping[str, c.Mapping[str, t.Any]]


@dataclasses.dataclass(frozen=True)
class Leaving:
    """The host that leaves, as the spec has it."""

    host: str
    name: str
    # its entry in the list of members, if it has one
    member: Wanted
    in_etcd: bool
    is_master: bool
    is_node: bool


@dataclasses.dataclass(frozen=True)
class Removal:
    """How the host is removed.

    ``reachable``: whether it answers. ``through_master`` and ``through_member``: hosts that stay, answer, and are asked to change the API
    and the list of members; the host that leaves itself where none is needed.
    """

    reachable: bool
    through_master: str
    through_member: str


def leaving(cluster: Object, host: str) -> Leaving:
    """The host that leaves. Raises PlanError if it is not one of the cluster, or the cluster cannot be without it."""
    nodes = cluster["nodes"]
    if host not in nodes:
        raise PlanError(
            f"Nothing was changed: remove_node is {host or 'not given'}, which is no host of the cluster. "
            f"Write -e remove_node=NAME with one of {', '.join(nodes)}"
        )
    for what, hosts in (("master", cluster["masters"]), ("member of etcd", cluster["etcd_hosts"])):
        if list(hosts) == [host]:
            raise PlanError(
                f"Nothing was changed: {host} is the only {what}. Add another one first; or give up the cluster by playbooks/reset.yml"
            )
    node = nodes[host]
    listed = {entry.host: entry for entry in host_plan.wanted_of(cluster["etcd"]["members"])}
    member = Wanted(host=host, name=node["name"], **etcd_urls(node["address"]))
    return Leaving(
        host=host,
        name=node["name"],
        member=listed.get(host, member),
        in_etcd=host in cluster["etcd_hosts"],
        is_master=host in cluster["masters"],
        is_node=host in cluster["node_hosts"],
    )


def staying_members(cluster: Object, host: str) -> Members:
    return [entry for entry in host_plan.wanted_of(cluster["etcd"]["members"]) if entry.host != host]


def plan(cluster: Object, host: str, *, observations: Observations, allow_unreachable: bool) -> Removal:
    """Raises PlanError, before anything is changed, if one of the later phases would fail.

    ``observations``: of the hosts that answer, by host; ``api`` of a master says why its apiserver is not ready, if it is not.
    """
    found = leaving(cluster, host)
    reachable = host in observations
    if not reachable and not allow_unreachable:
        raise PlanError(
            f"Nothing was changed: {host} does not answer. If it is gone for good, add -e remove_unreachable=true; it must not come "
            "back as it was, since nothing on it is stopped"
        )
    masters = _ready(cluster["masters"], host, observations) if found.is_node else _answering(cluster["masters"], host, observations)
    members = _answering(cluster["etcd_hosts"], host, observations)
    remove_member(found, staying=staying_members(cluster, host), view=host_plan.view_of({name: observations[name] for name in members}))
    return Removal(reachable=reachable, through_master=next(iter(masters), host), through_member=next(iter(members), host))


def _ready(masters: c.Iterable[str], leaving_host: str, observations: Observations) -> list[str]:
    """The masters that stay and whose apiserver is ready. Raises PlanError without one: the Node could not be drained and deleted."""
    answering = _answering(masters, leaving_host, observations)
    faults = {master: observations[master].get("api", "") for master in answering}
    if not answering:
        raise PlanError(
            f"Nothing was changed: no master other than {leaving_host} answers, and one is needed to drain and delete its Node. "
            "Bring one of them back and run remove-node.yml again"
        )
    if all(faults.values()):
        text = "; ".join(f"{master}: {fault}" for master, fault in faults.items())
        raise PlanError(
            f"Nothing was changed: no apiserver other than that of {leaving_host} is ready, and one is needed to drain and delete its "
            f"Node: {text}. Look at 'journalctl -u kube-apiserver' there, and run remove-node.yml again"
        )
    return [master for master in answering if not faults[master]]


def _answering(hosts: c.Iterable[str], leaving_host: str, observations: Observations) -> list[str]:
    return [host for host in hosts if host != leaving_host and host in observations]


def view_after(fresh: c.Mapping[str, t.Any], observations: Observations) -> View:
    """What the members answer now, with the state of the hosts as it was observed before."""
    return cluster_view.view(answers=fresh["answers"], hosts=host_plan.states_of(observations))


def is_listed(found: Leaving, view: View) -> bool:
    return cluster_view.listed(found.member, view.members or ()) is not None


def remove_member(found: Leaving, *, staying: Members, view: View, unchanged: str = "Nothing was changed") -> tuple[PlannedAction, ...]:
    """The changes of the list of members, up to the removal of this one; none if it is not in the list.

    Raises PlanError if it cannot be removed now without risk to the quorum. ``unchanged``: what the error says of the changes so far.
    """
    if view.members is None:
        if found.in_etcd:
            raise PlanError(
                f"etcd: no member other than {found.name} answers, so it cannot be removed from the list of members. "
                f"{unchanged}. Bring the other members back first"
            )
        return ()
    member = cluster_view.listed(found.member, view.members)
    staying = host_plan.identified(staying, view)
    if member is None:
        _not_under_another_name(found, staying=staying, view=view)
        return ()
    actions: list[PlannedAction] = []
    blocking = ""
    for action in plan_members.plan(wanted=staying, view=view, policy=_POLICY).actions:
        if action.operation != "promote" and (action.operation != "remove" or action.data["host"]):
            blocking = f"first {action.operation} {action.target} ({action.reason})"
            break
        actions.append(action)
        if action.operation == "remove" and action.data["id"] == member.id:
            return tuple(actions)
    down = ", ".join(other.title for other in view.members if not other.healthy and other.id != member.id)
    raise PlanError(
        f"etcd: {found.name} cannot be removed now: {blocking or f'not healthy: {down}'}. {unchanged}. "
        "Bring etcd to the inventory with site.yml first, or remove the members that are lost"
    )


def _not_under_another_name(found: Leaving, *, staying: Members, view: View) -> None:
    """Refuses to take a member for one that has left, while the list has a member of which no host of the inventory is known to be."""
    known = {member.id for entry in staying if (member := cluster_view.listed(entry, view.members or ()))}
    strange = [member.title for member in view.members or () if member.id not in known]
    if found.in_etcd and strange:
        raise PlanError(
            f"etcd: {found.name} is not in the list of members, but {', '.join(strange)} is, which no host of the inventory has: it may be "
            f"{found.name} under another name and address. Nothing was changed. Bring etcd to the inventory with site.yml first"
        )
