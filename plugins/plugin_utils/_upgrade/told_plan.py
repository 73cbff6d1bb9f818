# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the plan of an upgrade says to people. Pure."""

from __future__ import annotations

import collections.abc as c
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.listed import at_most
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.version_table import text_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade import rules
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade.rules import Wanted
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade.upgrade_request import Request
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade.upgrade_terms import Observed, Upgrade, Work

_NAMED = 10

Object = dict[str, t.Any]


def lines(upgrade: Upgrade, observed: Observed, wanted: Wanted, request: Request) -> list[str]:
    """The stages with their steps in order, then what may hold them up."""
    if not upgrade.work:
        return ["Nothing to do: all hosts have the wanted versions", *_left_out(upgrade, wanted)]
    told = []
    before = _versions_now(observed, wanted)
    for number, work in enumerate(upgrade.work, start=1):
        nodes = "" if work.stage.node == work.stage.kubernetes else f" (nodes {work.stage.node})"
        now = f"Kubernetes {work.stage.kubernetes}{nodes}, etcd {work.stage.etcd}"
        told.append(f"Stage {number} of {len(upgrade.work)}: {before} → {now}")
        told += [f"  {position}. {text}" for position, text in enumerate(_steps(work, wanted), start=1)]
        before = now
    return [*told, *_held_up(upgrade, observed, wanted, request), *_left_out(upgrade, wanted)]


def _versions_now(observed: Observed, wanted: Wanted) -> str:
    def several(hosts: c.Iterable[str], names: c.Collection[str]) -> str:
        found = {version for host in hosts for name in names for version in observed.found.programs.get(host, {}).get(name, ())}
        return " and ".join(text_of(version) for version in sorted(found))

    kubernetes = several(dict.fromkeys((*wanted.masters, *wanted.nodes)), (*rules.CONTROL_PLANE, *rules.NODE))
    etcd = several(wanted.members, (rules.ETCD,))
    return ", ".join(f"{name} {versions}" for name, versions in (("Kubernetes", kubernetes), ("etcd", etcd)) if versions)


def _steps(work: Work, wanted: Wanted) -> list[str]:
    several_masters, several_members = len(wanted.masters) > 1, len(wanted.members) > 1
    found = []
    snapshot = "a snapshot of etcd, verified and saved on the controller"
    if work.saved:
        found.append(snapshot)
    if work.first:
        found.append(f"{_named(work.first)}: etcd or the apiserver does not serve there, so it comes first")
    if work.saved_later:
        found.append(snapshot)
    if work.members:
        away = "the others serve meanwhile" if several_members else "the API is away for some seconds"
        found.append(f"etcd on {_named(work.members)}, one member after the other: {away}")
    if work.masters:
        away = "the others serve meanwhile" if several_masters else "the API is away for some seconds"
        found.append(
            f"masters {_named(work.masters)}, one after the other, kube-apiserver before kube-controller-manager and kube-scheduler: {away}"
        )
    if work.objects:
        found.append("access rules and CoreDNS")
    if work.nodes:
        drained = "cordoned and drained, " if work.drained else ""
        back = ", then it takes pods again" if work.drained else ""
        found.append(f"nodes {_named(work.nodes)}: {drained}Docker, cri-dockerd, kubelet, kube-proxy, flannel{back}")
    return found


def _held_up(upgrade: Upgrade, observed: Observed, wanted: Wanted, request: Request) -> list[str]:
    nodes = {wanted.nodes[host] for work in upgrade.work for host in work.drained}
    if observed.workloads is None:
        return ["It is not known what holds up drains, because no apiserver is ready"] if nodes else []
    told = []
    known = observed.workloads["nodes"]
    unready = sorted(node for node in nodes if node in known and not known[node]["ready"])
    if unready:
        told.append(f"Not ready now, so cordoned but not drained: {_named(unready)}")
    left = [wanted.nodes[host] for work in upgrade.work for host in work.nodes if request.drain and host not in work.drained]
    # One that a run before has drained already is only waited for.
    alone = [node for node in left if not known.get(node, {}).get("marked")]
    if alone:
        told.append(f"Not drained, because no other node takes its pods: {_named(alone)}. Its containers run on")
    return [*told, *(text for budget in observed.workloads["budgets"] if (text := _budget(budget, nodes)))]


def _budget(budget: Object, nodes: c.Collection[str]) -> str:
    held = [f"{pod['name']} on {pod['node']}" for pod in budget["pods"] if pod["node"] in nodes]
    if not held:
        return ""
    return (
        f"Holds up a drain now: PodDisruptionBudget {budget['namespace']}/{budget['name']} needs {budget['needed']} healthy pods and has "
        f"{budget['healthy']}: {_named(held)}"
    )


def _left_out(upgrade: Upgrade, wanted: Wanted) -> list[str]:
    if not upgrade.left_out:
        return []
    nodes = [wanted.nodes[host] for host in upgrade.left_out]
    return [f"Left out, because the host does not answer: {_named(nodes)}. Run this again when it is back"]


def _named(names: c.Sequence[str]) -> str:
    return at_most(_NAMED, names)
