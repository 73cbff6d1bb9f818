# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans an upgrade: its stages, and which hosts each of them changes and in which order. Pure."""

from __future__ import annotations

import collections.abc as c
import dataclasses

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._api import drains
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.version_table import numbers_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade import rules, upgrade_refusals
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade.rules import Found, Wanted
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade.stages import Running, Stage, stages
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade.upgrade_request import MASTERS, NODES, Request
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade.upgrade_terms import (
    MARK,
    Observed,
    Scope,
    Upgrade,
    Work,
    versions_of,
)


def plan(observed: Observed, wanted: Wanted, request: Request) -> Upgrade:
    """Raises PlanError, before anything is changed, for what must not begin. ``wanted.run``: the hosts of the run."""
    scope = _scope(observed, wanted, request)
    upgrade_refusals.refuse_hosts(observed, scope, wanted)
    work = _all_work(observed, scope, wanted, request)
    upgrade_refusals.refuse_work(observed, scope, work, request)
    left_out = [host for host in observed.away if host in wanted.nodes and request.only != MASTERS]
    return Upgrade(tuple(work), tuple(left_out))


def _all_work(observed: Observed, scope: Scope, wanted: Wanted, request: Request) -> list[Work]:
    found, work = observed.found, list[Work]()
    first = _first(observed, scope)
    for stage in _stages(observed, scope, wanted):
        upgrade_refusals.refuse_stage(found, scope, wanted, stage)
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


def _work(observed: Observed, scope: Scope, stage: Stage, request: Request, *, first: tuple[str, ...], last: bool) -> Work:
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


def _with_snapshot(work: Work, scope: Scope, observed: Observed) -> Work:
    if not (work.first or work.members or work.masters):
        return work
    serving = any(host not in observed.unhealthy for host in scope.members)
    if serving or not work.first:
        return dataclasses.replace(work, saved=scope.members)
    return dataclasses.replace(work, saved_later=scope.members)


def _scope(observed: Observed, wanted: Wanted, request: Request) -> Scope:
    def of_run(hosts: c.Iterable[str], *, asked: bool) -> tuple[str, ...]:
        return tuple(host for host in hosts if asked and host in wanted.run)

    control_plane = request.only != NODES
    nodes = of_run(wanted.nodes, asked=request.only != MASTERS)
    return Scope(
        members=of_run(wanted.members, asked=control_plane),
        masters=of_run(wanted.masters, asked=control_plane),
        nodes=tuple(host for host in nodes if host not in observed.away),
        of_nodes={host: wanted.nodes[host] for host in nodes},
    )


def _first(observed: Observed, scope: Scope) -> tuple[str, ...]:
    silent = {host for host in scope.masters if observed.found.apiservers.get(host) is None}
    hosts = dict.fromkeys((*scope.members, *scope.masters))
    return tuple(host for host in hosts if host in silent or (host in observed.unhealthy and host in scope.members))


def _stages(observed: Observed, scope: Scope, wanted: Wanted) -> list[Stage]:
    goal = Stage(wanted.kubernetes, wanted.etcd)
    apiservers = [version for version in observed.found.apiservers.values() if version is not None]
    control = [*versions_of(observed.found, scope.masters, rules.CONTROL_PLANE), *(apiservers if scope.masters else [])]
    if not control or min(control)[1] >= numbers_of(wanted.kubernetes)[1]:
        # Nodes may be up to three minor versions behind apiservers, and need not go through those in between.
        running = Running(numbers_of(wanted.kubernetes), numbers_of(wanted.kubernetes))
    else:
        kubelets = versions_of(observed.found, scope.nodes, rules.NODE)
        running = Running(min([*control, *kubelets]), max(control))
    members = versions_of(observed.found, scope.members, (rules.ETCD,))
    return stages(running, Running(min(members), max(members)) if members else None, goal)


def _is_behind(found: Found, host: str, programs: c.Iterable[str], target: str, *, last: bool) -> bool:
    """What is beyond a stage already waits for its own; in the last one all get the wanted version."""
    goal = numbers_of(target)
    versions = versions_of(found, [host], programs)
    return any(version != goal if last else version < goal for version in versions)


def _is_unfinished(observed: Observed, node: str, stage: Stage) -> bool:
    """A run that was killed has left it cordoned, or has put the program there and not started it."""
    known = (observed.workloads or {}).get("nodes", {}).get(node)
    return bool(known) and (_is_marked(observed, node) or known["kubelet"] != f"v{stage.node}")


def _is_marked(observed: Observed, node: str) -> bool:
    return bool(((observed.workloads or {}).get("nodes", {}).get(node) or {}).get("marked") == MARK)


def _lacks(found: Found, host: str, request: Request) -> bool:
    return any(set(versions_of(found, [host], [name])) - {numbers_of(version)} for name, version in request.beside.items())


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
