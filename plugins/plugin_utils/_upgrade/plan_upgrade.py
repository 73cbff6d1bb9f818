# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans an upgrade: its stages, which hosts each of them changes and in which order, and what must not begin. Pure."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._api import drains
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.version_table import Version, numbers_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade import rules
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade.rules import Found, Wanted
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade.stages import Running, Stage, stages
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade.upgrade_request import MASTERS, NODES, Request

# What the mark of a Node says that this cordoned.
MARK = "playbooks/upgrade.yml"

Object = dict[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Observed:
    """What hosts and API have said.

    ``away``: hosts of the run that do not answer. ``unhealthy``: hosts of etcd whose member does not serve. ``leader``: the host of
    etcd's leader, empty if it is not known. ``workloads``: what the API says of Nodes and pods, None if no apiserver is ready.
    """

    found: Found
    away: c.Sequence[str] = ()
    unhealthy: c.Collection[str] = ()
    leader: str = ""
    workloads: Object | None = None


@dataclasses.dataclass(frozen=True)
class Work:
    """One stage: the hosts that it changes, in order.

    ``first``: masters and hosts of etcd that do not serve now. While one is away, no other may restart, and a run that was killed leaves
    one so. ``saved``: the hosts that are asked for a snapshot before all that; ``saved_later``: after ``first``, where none serves yet.
    ``objects``: the masters that may be asked to bring CoreDNS and access rules to the stage. ``drained``: of ``nodes`` those whose pods
    can go elsewhere.
    """

    stage: Stage
    saved: tuple[str, ...] = ()
    saved_later: tuple[str, ...] = ()
    first: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    masters: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    drained: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        return not (self.first or self.members or self.masters or self.nodes)


@dataclasses.dataclass(frozen=True)
class Upgrade:
    """``left_out``: nodes whose hosts do not answer."""

    work: tuple[Work, ...]
    left_out: tuple[str, ...] = ()


def plan(observed: Observed, wanted: Wanted, request: Request) -> Upgrade:
    """Raises PlanError, before anything is changed, for what must not begin. ``wanted.run``: the hosts of the run."""
    scope = _scope(observed, wanted, request)
    _refuse_hosts_that_are_away(observed, scope)
    _refuse_bare_hosts(observed, scope)
    _refuse_nodes_before_masters(observed, scope, wanted)
    work = _all_work(observed, scope, wanted, request)
    _refuse_without_snapshot(scope, work)
    _refuse_without_drain(observed.found, work, request)
    _refuse_other_marks(observed, {wanted.nodes[host] for step in work for host in step.nodes})
    _refuse_batch(observed, scope, work, request)
    if observed.workloads and not request.unmanaged_pods:
        drained = {wanted.nodes[host] for step in work for host in step.drained}
        drains.refuse_lost_pods(observed.workloads, drained, variable="upgrade_unmanaged_pods")
    if observed.workloads is None and any(step.nodes for step in work) and not any(step.first for step in work):
        raise PlanError(
            "Nothing was changed: no apiserver is ready, so nobody knows which pods run where. See what playbooks/health.yml tells"
        )
    left_out = [host for host in observed.away if host in wanted.nodes and request.only != MASTERS]
    return Upgrade(tuple(work), tuple(left_out))


def _all_work(observed: Observed, scope: _Scope, wanted: Wanted, request: Request) -> list[Work]:
    found, work = observed.found, list[Work]()
    first = _first(observed, scope)
    for stage in _stages(observed, scope, wanted):
        _refuse(found, scope, wanted, stage)
        last = stage == Stage(wanted.kubernetes, wanted.etcd)
        step = _work(dataclasses.replace(observed, found=found), scope, _with_older(stage, wanted), request, first=first, last=last)
        if not step.empty:
            work.append(_with_snapshot(step, scope, observed))
        found, first = _after(found, step), ()
        observed = _with_kubelets(observed, [scope.of_nodes[host] for host in step.nodes], step.stage.node)
    return work


def _with_kubelets(observed: Observed, nodes: c.Collection[str], version: str) -> Observed:
    """What the API will say of these nodes after a stage."""
    if observed.workloads is None:
        return observed
    known = observed.workloads["nodes"]
    freed = {"marked": "", "schedulable": True}
    done = {
        name: {**known[name], "kubelet": f"v{version}", **(freed if known[name]["marked"] == MARK else {})}
        for name in nodes
        if name in known
    }
    return dataclasses.replace(observed, workloads={**observed.workloads, "nodes": {**known, **done}})


def _with_older(stage: Stage, wanted: Wanted) -> Stage:
    """With what may be older than the apiservers of the stage."""
    there = dataclasses.replace(wanted, kubernetes=stage.kubernetes)
    emulated = wanted.emulated if wanted.emulated and numbers_of(wanted.emulated)[1] < there.minor else ""
    return dataclasses.replace(stage, node=there.of_nodes, emulated=emulated)


def _work(observed: Observed, scope: _Scope, stage: Stage, request: Request, *, first: tuple[str, ...], last: bool) -> Work:
    def behind(host: str, programs: c.Iterable[str], target: str) -> bool:
        return _is_behind(observed.found, host, programs, target, last=last)

    members = [host for host in scope.members if host not in first and behind(host, (rules.ETCD,), stage.etcd)]
    masters = [host for host in scope.masters if host not in first and behind(host, rules.CONTROL_PLANE, stage.kubernetes)]
    unfinished = {
        host
        for host in scope.nodes
        if last and (_is_unfinished(observed, scope.of_nodes[host], stage) or _lacks(observed.found, host, request))
    }
    nodes = tuple(host for host in scope.nodes if host in unfinished or behind(host, rules.NODE, stage.node))
    # They have all programs; a run was killed, or stopped, while their pods were waited for.
    waited_for = {
        host
        for host in unfinished
        if _is_marked(observed, scope.of_nodes[host])
        and not behind(host, rules.NODE, stage.node)
        and not _lacks(observed.found, host, request)
    }
    return Work(
        stage,
        first=first,
        members=tuple(sorted(members, key=lambda host: host == observed.leader)),
        masters=tuple(masters),
        # also where a run was killed after the last master
        objects=scope.masters,
        nodes=nodes,
        drained=tuple(host for host in nodes if request.drain and host not in waited_for and _has_others(observed, scope.of_nodes[host])),
    )


def _has_others(observed: Observed, node: str) -> bool:
    """Whether another Node can take its pods. If the API cannot be asked now, it is drained, as usual."""
    return observed.workloads is None or bool(drains.takers(observed.workloads, MARK) - {node})


def _with_snapshot(work: Work, scope: _Scope, observed: Observed) -> Work:
    if not (work.first or work.members or work.masters):
        return work
    serving = any(host not in observed.unhealthy for host in scope.members)
    if serving or not work.first:
        return dataclasses.replace(work, saved=scope.members)
    return dataclasses.replace(work, saved_later=scope.members)


@dataclasses.dataclass(frozen=True)
class _Scope:
    """The hosts of the run by what is upgraded on them, in the order of the inventory."""

    members: tuple[str, ...]
    masters: tuple[str, ...]
    nodes: tuple[str, ...]
    of_nodes: c.Mapping[str, str]

    @property
    def control_plane(self) -> frozenset[str]:
        return frozenset((*self.members, *self.masters))


def _scope(observed: Observed, wanted: Wanted, request: Request) -> _Scope:
    def of_run(hosts: c.Iterable[str], *, asked: bool) -> tuple[str, ...]:
        return tuple(host for host in hosts if asked and host in wanted.run)

    control_plane = request.only != NODES
    nodes = of_run(wanted.nodes, asked=request.only != MASTERS)
    return _Scope(
        members=of_run(wanted.members, asked=control_plane),
        masters=of_run(wanted.masters, asked=control_plane),
        nodes=tuple(host for host in nodes if host not in observed.away),
        of_nodes={host: wanted.nodes[host] for host in nodes},
    )


def _first(observed: Observed, scope: _Scope) -> tuple[str, ...]:
    silent = {host for host in scope.masters if observed.found.apiservers.get(host) is None}
    hosts = dict.fromkeys((*scope.members, *scope.masters))
    return tuple(host for host in hosts if host in silent or (host in observed.unhealthy and host in scope.members))


def _refuse_hosts_that_are_away(observed: Observed, scope: _Scope) -> None:
    away = [host for host in observed.away if host in scope.control_plane]
    if away:
        raise PlanError(
            f"Nothing was changed: {', '.join(away)} {_do(away)} not answer. While a master or a host of etcd is away, the others must not "
            "restart. Bring it back, or remove it (playbooks/remove-node.yml)"
        )


def _refuse_nodes_before_masters(observed: Observed, scope: _Scope, wanted: Wanted) -> None:
    """Masters that this run leaves as they are must have the wanted minor version, and say so."""
    goal = numbers_of(wanted.of_nodes)
    rising = [host for host in scope.nodes if any(found[:2] < goal[:2] for found in _versions(observed.found, [host], rules.NODE))]
    left = {host: observed.found.apiservers.get(host) for host in wanted.masters if host not in scope.masters}
    late = sorted(host for host, version in left.items() if version is None or version[:2] < goal[:2])
    if rising and late:
        raise PlanError(
            f"Nothing was changed: nodes would get Kubernetes {wanted.of_nodes}, and the apiserver of {', '.join(late)} does not say "
            "that it has this minor version. A kubelet must not be newer than an apiserver. First upgrade all masters: "
            "-e upgrade_only=masters"
        )


def _refuse_without_snapshot(scope: _Scope, work: c.Iterable[Work]) -> None:
    if not scope.members and any(step.masters or step.first for step in work):
        raise PlanError(
            "Nothing was changed: masters would be upgraded, and no host of etcd is in this run, so no snapshot could be taken. Add the "
            "group etcd to --limit"
        )


def _refuse_other_marks(observed: Observed, nodes: c.Collection[str]) -> None:
    known = (observed.workloads or {}).get("nodes", {})
    others = {node: str(known[node]["marked"]) for node in sorted(nodes) if node in known and known[node]["marked"] not in ("", MARK)}
    if others:
        told = ", ".join(f"{node} by {mark}" for node, mark in others.items())
        raise PlanError(f"Nothing was changed: nodes are cordoned by a run that has not ended: {told}. Run that again first")


def _refuse_batch(observed: Observed, scope: _Scope, work: c.Iterable[Work], request: Request) -> None:
    """A batch that drains all nodes which take pods would wait for a place that comes only afterwards."""
    takers = drains.takers(observed.workloads, MARK) if observed.workloads else set[str]()
    for step in work:
        at_once = request.batch.of(len(step.nodes))
        for begin in range(0, len(step.nodes), at_once):
            drained = {scope.of_nodes[host] for host in step.nodes[begin : begin + at_once] if host in step.drained}
            if takers and takers <= drained:
                raise PlanError(
                    f"Nothing was changed: with upgrade_batch {request.batch}, {', '.join(sorted(takers))} would be drained at the same "
                    "time, and no other node takes pods. Write a smaller upgrade_batch"
                )


def _do(hosts: c.Sequence[str]) -> str:
    return "does" if len(hosts) == 1 else "do"


def _refuse_bare_hosts(observed: Observed, scope: _Scope) -> None:
    programs = {host: observed.found.programs.get(host, {}) for host in (*scope.control_plane, *scope.nodes)}
    bare = {
        *(host for host in scope.members if not programs[host].get(rules.ETCD)),
        *(host for host in scope.masters if not programs[host].get("kube-apiserver")),
        *(host for host in scope.nodes if not programs[host].get("kubelet")),
    }
    if bare:
        raise PlanError(
            f"Nothing was changed: {', '.join(sorted(bare))} {'has' if len(bare) == 1 else 'have'} not all programs yet. First bring all "
            "hosts to the version that runs, by site.yml; or leave these out by --limit"
        )


def _stages(observed: Observed, scope: _Scope, wanted: Wanted) -> list[Stage]:
    goal = Stage(wanted.kubernetes, wanted.etcd)
    apiservers = [version for version in observed.found.apiservers.values() if version is not None]
    control = [*_versions(observed.found, scope.masters, rules.CONTROL_PLANE), *(apiservers if scope.masters else [])]
    if not control or min(control)[1] >= numbers_of(wanted.kubernetes)[1]:
        # Nodes may be up to three minor versions behind apiservers, and need not go through those in between.
        running = Running(numbers_of(wanted.kubernetes), numbers_of(wanted.kubernetes))
    else:
        kubelets = _versions(observed.found, scope.nodes, rules.NODE)
        running = Running(min([*control, *kubelets]), max(control))
    members = _versions(observed.found, scope.members, (rules.ETCD,))
    return stages(running, Running(min(members), max(members)) if members else None, goal)


def _versions(found: Found, hosts: c.Iterable[str], programs: c.Iterable[str]) -> list[Version]:
    programs = list(programs)
    return [version for host in hosts for name in programs for version in found.programs.get(host, {}).get(name, ())]


def _refuse(found: Found, scope: _Scope, wanted: Wanted, stage: Stage) -> None:
    """By the rules of site.yml, for one stage. What a host has, and this run leaves as it is, does not count."""
    touched = {rules.ETCD: scope.members, **dict.fromkeys(rules.CONTROL_PLANE, scope.masters), **dict.fromkeys(rules.NODE, scope.nodes)}
    programs = {
        host: {name: versions for name, versions in known.items() if host in touched.get(name, ())}
        for host, known in found.programs.items()
    }
    run = frozenset((*scope.control_plane, *scope.nodes)) if scope.masters else frozenset(scope.nodes) - set(wanted.masters)
    faults = rules.faults(
        dataclasses.replace(found, programs=programs),
        dataclasses.replace(wanted, kubernetes=stage.kubernetes, etcd=stage.etcd, run=run, nodes=scope.of_nodes),
    )
    if faults:
        on_the_way = f"on the way to {wanted.kubernetes}, " if stage.kubernetes != wanted.kubernetes else ""
        raise PlanError(f"Nothing was changed on any host: {on_the_way}{'; '.join(faults)}")


def _is_behind(found: Found, host: str, programs: c.Iterable[str], target: str, *, last: bool) -> bool:
    """What is beyond a stage already waits for its own; in the last one all get the wanted version."""
    goal = numbers_of(target)
    versions = _versions(found, [host], programs)
    return any(version != goal if last else version < goal for version in versions)


def _is_unfinished(observed: Observed, node: str, stage: Stage) -> bool:
    """A run that was killed has left it cordoned, or has put the program there and not started it."""
    known = (observed.workloads or {}).get("nodes", {}).get(node)
    return bool(known) and (_is_marked(observed, node) or known["kubelet"] != f"v{stage.node}")


def _is_marked(observed: Observed, node: str) -> bool:
    return bool(((observed.workloads or {}).get("nodes", {}).get(node) or {}).get("marked") == MARK)


def _lacks(found: Found, host: str, request: Request) -> bool:
    return any(set(_versions(found, [host], [name])) - {numbers_of(version)} for name, version in request.beside.items())


def _after(found: Found, work: Work) -> Found:
    kubernetes, etcd, node = (numbers_of(text) for text in (work.stage.kubernetes, work.stage.etcd, work.stage.node))
    programs = {host: dict(versions) for host, versions in found.programs.items()}
    for hosts, names, version in (
        ((*work.first, *work.members), (rules.ETCD,), etcd),
        ((*work.first, *work.masters), rules.CONTROL_PLANE, kubernetes),
        (work.nodes, rules.NODE, node),
    ):
        for host in hosts:
            programs[host].update({name: [version] for name in names if programs[host].get(name)})
    risen = {host: kubernetes for host in (*work.first, *work.masters) if host in found.apiservers}
    return dataclasses.replace(found, programs=programs, apiservers={**found.apiservers, **risen})


def _refuse_without_drain(found: Found, work: c.Sequence[Work], request: Request) -> None:
    if request.drain:
        return
    for step in work:
        minor = numbers_of(step.stage.node)[1]
        other = [host for host in step.nodes if any(version[1] != minor for version in _versions(found, [host], ("kubelet",)))]
        if other:
            raise PlanError(
                f"Nothing was changed: {', '.join(other[:5])} would get another minor version of the kubelet with its pods, which "
                "Kubernetes does not support. Leave upgrade_drain out"
            )
