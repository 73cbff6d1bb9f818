# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why an upgrade must not begin. Each function raises PlanError, before anything is changed. Pure."""

from __future__ import annotations

import collections.abc as c
import dataclasses

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._api import drains
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.version_table import numbers_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade import rules
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade.rules import Found, Wanted
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade.stages import Stage
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade.upgrade_request import Request
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade.upgrade_terms import MARK, Observed, Scope, Work, versions_of


def refuse_hosts(observed: Observed, scope: Scope, wanted: Wanted) -> None:
    """For what hosts are, whatever is to be done on them."""
    _refuse_hosts_that_are_away(observed, scope)
    _refuse_bare_hosts(observed, scope)
    _refuse_nodes_before_masters(observed, scope, wanted)


def refuse_work(observed: Observed, scope: Scope, work: c.Sequence[Work], request: Request) -> None:
    """For what is to be done."""
    _refuse_without_snapshot(scope, work)
    _refuse_without_drain(observed.found, work, request)
    _refuse_other_marks(observed, {scope.of_nodes[host] for step in work for host in step.nodes})
    _refuse_batch(observed, scope, work, request)
    if observed.workloads and not request.unmanaged_pods:
        drained = {scope.of_nodes[host] for step in work for host in step.drained}
        drains.refuse_lost_pods(observed.workloads, drained, variable="upgrade_unmanaged_pods")
    if observed.workloads is None and any(step.nodes for step in work) and not any(step.first for step in work):
        raise PlanError(
            "Nothing was changed: no apiserver is ready, so nobody knows which pods run where. See what playbooks/health.yml tells"
        )


def _refuse_hosts_that_are_away(observed: Observed, scope: Scope) -> None:
    away = [host for host in observed.away if host in scope.control_plane]
    if away:
        raise PlanError(
            f"Nothing was changed: {', '.join(away)} {_do(away)} not answer. While a master or a host of etcd is away, the others must not "
            "restart. Bring it back, or remove it (playbooks/remove-node.yml)"
        )


def _refuse_bare_hosts(observed: Observed, scope: Scope) -> None:
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


def _refuse_nodes_before_masters(observed: Observed, scope: Scope, wanted: Wanted) -> None:
    """Masters that this run leaves as they are must have the wanted minor version, and say so."""
    goal = numbers_of(wanted.of_nodes)
    rising = [host for host in scope.nodes if any(found[:2] < goal[:2] for found in versions_of(observed.found, [host], rules.NODE))]
    left = {host: observed.found.apiservers.get(host) for host in wanted.masters if host not in scope.masters}
    late = sorted(host for host, version in left.items() if version is None or version[:2] < goal[:2])
    if rising and late:
        raise PlanError(
            f"Nothing was changed: nodes would get Kubernetes {wanted.of_nodes}, and the apiserver of {', '.join(late)} does not say "
            "that it has this minor version. A kubelet must not be newer than an apiserver. First upgrade all masters: "
            "-e upgrade_only=masters"
        )


def refuse_stage(found: Found, scope: Scope, wanted: Wanted, stage: Stage) -> None:
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


def _refuse_without_snapshot(scope: Scope, work: c.Iterable[Work]) -> None:
    if not scope.members and any(step.masters or step.first for step in work):
        raise PlanError(
            "Nothing was changed: masters would be upgraded, and no host of etcd is in this run, so no snapshot could be taken. Add the "
            "group etcd to --limit"
        )


def _refuse_without_drain(found: Found, work: c.Sequence[Work], request: Request) -> None:
    if request.drain:
        return
    for step in work:
        minor = numbers_of(step.stage.node)[1]
        other = [host for host in step.nodes if any(version[1] != minor for version in versions_of(found, [host], ("kubelet",)))]
        if other:
            raise PlanError(
                f"Nothing was changed: {', '.join(other[:5])} would get another minor version of the kubelet with its pods, which "
                "Kubernetes does not support. Leave upgrade_drain out"
            )


def _refuse_other_marks(observed: Observed, nodes: c.Collection[str]) -> None:
    known = (observed.workloads or {}).get("nodes", {})
    others = {node: str(known[node]["marked"]) for node in sorted(nodes) if node in known and known[node]["marked"] not in ("", MARK)}
    if others:
        told = ", ".join(f"{node} by {mark}" for node, mark in others.items())
        raise PlanError(f"Nothing was changed: nodes are cordoned by a run that has not ended: {told}. Run that again first")


def _refuse_batch(observed: Observed, scope: Scope, work: c.Iterable[Work], request: Request) -> None:
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
