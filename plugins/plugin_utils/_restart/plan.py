# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans the restart of hosts: which, in which order, and what stands in the way. Pure.

Workers go first. There is no skew between versions to keep here, unlike in an upgrade, and a kernel that is not good shows on a host that
the cluster can do without: so the first worker goes alone, whatever the batch. Then balancers, the one that holds the virtual address
last; then masters and hosts of etcd, each alone, the leader last. A host that an earlier run has left in the middle goes before all.
"""

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._api import drains
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._restart import members, work
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._restart.members import ControlPlane
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._restart.request import Request
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._restart.work import Work

# What the mark of a Node says that this cordoned.
MARK = "playbooks/restart-nodes.yml"

Object = c.Mapping[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Turn:
    """What is done with one host. ``node``: its Node, empty if it has none. ``through``: the master that is asked about it.

    ``stays``: why its pods stay; empty if they are evicted.
    """

    host: str
    node: str
    through: str
    work: Work
    stays: str = ""

    @property
    def drains(self) -> bool:
        return bool(self.node) and not self.stays


@dataclasses.dataclass(frozen=True)
class Plan:
    """``batches``: which hosts go together, in order. ``left_out``: why a host is not restarted that perhaps should be.

    ``ignored``: uids of controllers that have pods which are not ready, before anything is done. ``began``: when this restart began.
    """

    batches: tuple[tuple[str, ...], ...]
    turns: c.Mapping[str, Turn]
    left_out: c.Mapping[str, str]
    done: tuple[str, ...]
    idle: tuple[str, ...]
    notes: tuple[str, ...]
    ignored: tuple[str, ...]
    began: float

    @property
    def order(self) -> tuple[str, ...]:
        return tuple(host for batch in self.batches for host in batch)


@dataclasses.dataclass(frozen=True)
class Situation:
    """What is known.

    ``observations``: of the hosts that answer; ``workloads``: what a ready apiserver says of Nodes and pods, None if none is ready;
    ``asked``: the hosts of the run; ``controller``: the boot of the controller.
    """

    cluster: Object
    observations: c.Mapping[str, Object]
    workloads: Object | None
    asked: tuple[str, ...]
    controller: str
    now: float

    @property
    def api(self) -> Object:
        """What a ready apiserver says. Raises PlanError if none is ready."""
        if self.workloads is not None:
            return self.workloads
        said = {host: found["api"]["unready"] for host, found in self.observations.items() if found.get("api")}
        faults = "; ".join(f"{host}: {why or 'it was ready, and then it was not'}" for host, why in said.items()) or "no master answers"
        raise PlanError(f"Nothing was changed: no apiserver is ready, so nobody knows which pods run where: {faults}")


def plan(situation: Situation, wanted: Request) -> Plan:
    """Raises PlanError, before anything is changed, for what must not begin."""
    cluster, api = situation.cluster, situation.api
    control = members.control_plane(cluster, situation.observations)
    answering = {host: situation.observations[host] for host in situation.asked if host in situation.observations}
    began = work.began([found["host"]["mark"] for found in answering.values()], now=situation.now)
    left_out = {host: "it does not answer" for host in situation.asked if host not in answering}
    turns, done, idle = dict[str, Turn](), list[str](), list[str]()
    for host, found in answering.items():
        node = _node(cluster, api, host)
        marked = api["nodes"][node]["marked"] if node else ""
        host_work = work.work(found["host"], found["packages"]["available"], wanted, began_at=began, cordoned=marked == MARK)
        why = _refusal(host, found, host_work, situation, control, marked)
        if why:
            left_out[host] = why
        elif host_work.any:
            turns[host] = Turn(host, node, control.through(host), host_work, _stays(api, node, host_work, wanted))
        else:
            (done if host_work.done else idle).append(host)
    _refuse_unknown_packages(answering, wanted)
    batches = _batches(situation, control, turns, wanted)
    if not wanted.unmanaged_pods:
        drained = {turn.node for turn in turns.values() if turn.drains}
        drains.refuse_lost_pods(api, drained, variable="restart_unmanaged_pods")
    _refuse_too_many(api, batches, turns, wanted)
    order = [host for batch in batches for host in batch]
    notes = [*(note for host in order if turns[host].work.disturbs and (note := control.note(host))), *_budgets(api, turns)]
    return Plan(
        batches=batches,
        turns=turns,
        left_out=left_out,
        done=tuple(done),
        idle=tuple(idle),
        notes=tuple(notes),
        ignored=tuple(drains.ignored(api, MARK)),
        began=began,
    )


def _node(cluster: Object, api: Object, host: str) -> str:
    """The Node of a host; empty if it has none."""
    name = str(cluster["nodes"][host]["name"])
    return name if host in cluster["node_hosts"] and name in api["nodes"] else ""


def _refusal(host: str, found: Object, host_work: Work, situation: Situation, control: ControlPlane, marked: str) -> str:
    """Why a host with work is left out; empty if it is not."""
    if found["packages"]["fault"]:
        return f"its packages cannot be looked at: {found['packages']['fault']}"
    if not host_work.any:
        return ""
    if host_work.disturbs and (found["local"] or found["host"]["boot"] == situation.controller):
        return "this run works from it, and would end with it: restart it from another controller, or by hand"
    if marked and marked != MARK:
        return f"its Node is cordoned by {marked}, which has not ended. Run that again first"
    if host_work.reboot and not host_work.packages and (lacks := work.refusal(found["host"])):
        return lacks
    return control.refusal(host) if host_work.disturbs else ""


def _stays(api: Object, node: str, host_work: Work, wanted: Request) -> str:
    """Why the pods of a host stay where they are; empty if they are evicted."""
    if not node or not host_work.disturbs:
        return "nothing disturbs them"
    if not wanted.drain:
        return "restart_drain is false"
    return "" if drains.takers(api, MARK) - {node} else "no other Node takes them"


def _batches(situation: Situation, control: ControlPlane, turns: c.Mapping[str, Turn], wanted: Request) -> tuple[tuple[str, ...], ...]:
    cluster = situation.cluster
    control_plane = {*control.masters, *control.etcd_hosts}
    going_on = [host for host in turns if turns[host].work.goes_on]
    workers = [host for host in turns if host not in control_plane and host not in cluster["balancers"]]

    def last_of_its_kind(host: str) -> tuple[bool, bool, bool, bool]:
        holds = bool(situation.observations[host]["host"]["holds_address"])
        return (host in control_plane, host in control.etcd_hosts, control.leads(host), holds)

    first = sorted(going_on, key=last_of_its_kind)
    together = [host for host in workers if host not in first]
    alone = sorted((host for host in turns if host not in first and host not in workers), key=last_of_its_kind)
    size = wanted.batch.of(len(workers))
    rest = [tuple(together[index : index + size]) for index in range(1, len(together), size)]
    return (*((host,) for host in first), *([(together[0],)] if together else []), *rest, *((host,) for host in alone))


def _refuse_unknown_packages(answering: c.Mapping[str, Object], wanted: Request) -> None:
    """A name that is misspelt would upgrade nothing, and nobody would notice."""
    names = wanted.packages if isinstance(wanted.packages, tuple) else ()
    unknown = [name for name in names if answering and all(name in found["host"]["absent"] for found in answering.values())]
    if unknown:
        raise PlanError(f"Nothing was changed: restart_packages has {', '.join(unknown)}, and no host of this run has that installed")


def _refuse_too_many(api: Object, batches: c.Iterable[tuple[str, ...]], turns: c.Mapping[str, Turn], wanted: Request) -> None:
    takers = drains.takers(api, MARK)
    for batch in batches:
        drained = {turns[host].node for host in batch if turns[host].drains}
        if len(batch) > 1 and drained and not takers - drained:
            raise PlanError(
                f"Nothing was changed: restart_batch is {wanted.batch}, so {', '.join(batch)} would be drained together, and no other Node "
                "takes their pods. Write a smaller number"
            )


def _budgets(api: Object, turns: c.Mapping[str, Turn]) -> list[str]:
    """The budgets that let no pod go now, and on which a drain may have to wait."""
    drained = {turn.node for turn in turns.values() if turn.drains}
    held = [budget for budget in api["budgets"] if any(pod["node"] in drained for pod in budget["pods"])]
    return [
        f"the budget {budget['namespace']}/{budget['name']} lets no pod go now ({budget['healthy']} healthy, {budget['needed']} needed): a "
        "drain waits for it"
        for budget in held
    ]
