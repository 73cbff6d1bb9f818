# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cluster as a page or a screen shows it, from what hosts have told the doctor and from its findings. Pure."""

from __future__ import annotations

import collections
import collections.abc as c
import dataclasses
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.unit_states import RUNNING
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates import entries
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates.entries import Entry
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates.listing import in_order
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import STRANGE
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.facts import Facts
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.judging import Finding
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.report import Report
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.request import CERTIFICATES, facts_for
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._report.host_view import (
    HostView,
    Object,
    Seen,
    host_view,
    number,
    read,
    said,
)

# Roles in the order of the picture: who asks stands above who answers.
_ORDER = ("balancer", "master", "etcd", "minion")


class Group(t.NamedTuple):
    """Hosts with the same roles."""

    roles: tuple[str, ...]
    hosts: tuple[HostView, ...]

    @property
    def title(self) -> str:
        return ", ".join(self.roles)


@dataclasses.dataclass(frozen=True)
class Member:
    """A member of etcd, by what it says of itself. A number is None where it has not told it. ``sync``: 99 of 100 writes are faster."""

    host: str
    version: str = ""
    size: float | None = None
    in_use: float | None = None
    quota: float | None = None
    applied: float | None = None
    sync: float | None = None
    alarms: tuple[str, ...] = ()
    fault: str = ""


@dataclasses.dataclass(frozen=True)
class Unit:
    """A service on all hosts that are to have it: on how many it runs, and what it is on the others."""

    name: str
    hosts: int
    running: int
    others: tuple[str, ...]
    restarts: int


@dataclasses.dataclass(frozen=True)
class View:
    """``asked``: the groups of facts that were. ``leaders``: who leads, by program. ``pods``: None if no apiserver has told.

    ``node_names``: of nodes that the inventory does not have. ``certificates``, ``units``: None if they were not asked for.
    ``backup``: when the newest was made, 0 for none.
    """

    cluster: Object
    report: Report
    asked: frozenset[str]
    groups: tuple[Group, ...]
    members: tuple[Member, ...]
    leader: str
    leaders: c.Mapping[str, str]
    pods: int | None
    node_names: tuple[str, ...]
    units: tuple[Unit, ...] | None
    certificates: tuple[Entry, ...] | None
    versions: c.Mapping[str, c.Mapping[str, int]]
    backup: float | None

    @property
    def hosts(self) -> list[HostView]:
        return [host for group in self.groups for host in group.hosts]


def view(facts: Facts, report: Report) -> View:
    asked = facts_for(report.request, report.known)
    planes = [host["control_plane"] for host in facts.having("control_plane") if read(host["control_plane"], _is_ready, False)]
    nodes = _nodes(planes)
    seen = Seen(facts, asked, _by_host(report.findings), nodes, _pods(planes), _leader(facts))
    hosts = [host_view(name, seen) for name in facts.cluster["nodes"]]
    own = {host.node_name for host in hosts if host.node}
    return View(
        cluster=facts.cluster,
        report=report,
        asked=asked,
        groups=_groups(hosts),
        members=tuple(_member(host, facts) for host in facts.cluster["etcd_hosts"]) if "etcd" in asked else (),
        leader=next((host.name for host in hosts if host.member == "leader"), ""),
        leaders=read(planes[0], _leaders, {}) if planes else {},
        pods=None if seen.pods is None else read(seen.pods, lambda pods: int(sum(map(number, pods.values()))), None),
        node_names=tuple(name for name in nodes or () if name not in own),
        units=_units(facts),
        certificates=_certificates(facts) if CERTIFICATES in asked else None,
        versions=_versions(facts, planes, hosts),
        backup=_backup(facts) if "etcd" in asked else None,
    )


def _is_ready(plane: Object) -> bool:
    return bool(plane["ready"])


def _by_host(findings: c.Iterable[Finding]) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {}
    for finding in findings:
        found.setdefault(finding.host, []).append(finding)
    return found


def _nodes(planes: c.Sequence[Object]) -> dict[str, Object] | None:
    """By their names, as the first apiserver tells them that has not failed to."""
    for plane in planes:
        found: dict[str, Object] = read(plane, lambda told: {said(node["name"]): node for node in told["nodes"]}, {})
        if found:
            return found
    return None


def _pods(planes: c.Sequence[Object]) -> Object | None:
    return read(planes[0], lambda told: dict(told["pods_of_nodes"]), None) if planes else None


def _leaders(plane: Object) -> dict[str, str]:
    return {said(one["name"]): said(one["holder"]) if one["alive"] else "" for one in plane["leaders"]}


def _leader(facts: Facts) -> str:
    """The id of etcd's leader, of which most members tell."""
    told = [read(host["etcd"], lambda etcd: str(etcd["own"]["leader"] or ""), "") for host in facts.having("etcd")]
    counts = collections.Counter(one for one in told if one not in ("", "0"))
    return counts.most_common(1)[0][0] if counts else ""


def _groups(hosts: c.Iterable[HostView]) -> tuple[Group, ...]:
    found: dict[tuple[str, ...], list[HostView]] = {}
    for host in hosts:
        found.setdefault(tuple(sorted(host.roles, key=_ORDER.index)), []).append(host)
    return tuple(Group(roles, tuple(found[roles])) for roles in sorted(found, key=lambda roles: [_ORDER.index(role) for role in roles]))


def _member(name: str, facts: Facts) -> Member:
    told = facts.hosts.get(name)
    if told is None:
        return Member(name, fault=facts.silent.get(name, "not asked"))
    if "etcd" not in told.groups:
        return Member(name, fault=said(told.gaps.get("etcd", "not asked")))
    own: Object = read(told["etcd"], lambda etcd: dict(etcd["own"]), {})

    def counted(field: str) -> float | None:
        return read(own, lambda values: number(values[field]), None)

    return Member(
        host=name,
        version=said(own.get("version") or ""),
        size=counted("size"),
        in_use=counted("in_use"),
        quota=counted("quota"),
        applied=counted("applied"),
        sync=read(told["etcd"], lambda etcd: number(etcd["metrics"]["sync"]), None),
        alarms=read(own, lambda values: tuple(map(said, values["errors"] or ())), ()),
        fault=said(own.get("fault") or ""),
    )


def _units(facts: Facts) -> tuple[Unit, ...] | None:
    """What runs nowhere comes first."""
    told: dict[str, list[tuple[str, Object]]] = {}
    having = facts.having("units")
    for host in having:
        units: list[Object] = read(host["units"], lambda group: list(group["units"]), [])
        for unit in units:
            told.setdefault(read(unit, lambda one: said(one["name"]), "?"), []).append((host.name, unit))
    found = [_unit(name, on) for name, on in told.items()]
    return tuple(sorted(found, key=lambda unit: unit.running - unit.hosts)) if having else None


def _unit(name: str, on: c.Sequence[tuple[str, Object]]) -> Unit:
    others = [f"{host}: {fault}" for host, unit in on if (fault := read(unit, _fault, "unreadable"))]
    restarts = sum(read(unit, lambda one: int(number(one["restarts"])), 0) for _host, unit in on)
    return Unit(name, len(on), len(on) - len(others), tuple(others), restarts)


def _fault(unit: Object) -> str:
    if unit["wanted"] == "started" and unit["active"] not in RUNNING:
        return said(f"{unit['active']} ({unit['state']})")
    return said(unit["health"] or "")


def _certificates(facts: Facts) -> tuple[Entry, ...]:
    found = list[Object](facts.controller.get("entries", []))
    for host in facts.having(CERTIFICATES):
        found += read(host[CERTIFICATES], lambda told: list(told["entries"]), [])
    return in_order([entry for one in found if (entry := _entry(one))], list(facts.hosts))


def _entry(given: Object) -> Entry | None:
    try:
        return entries.of_dict(given)
    except STRANGE:
        return None


def _versions(facts: Facts, planes: c.Iterable[Object], hosts: c.Iterable[HostView]) -> dict[str, dict[str, int]]:
    """By program, how many hosts have which version."""
    told = {
        "kubernetes": [read(plane, lambda one: said(one["version"]).removeprefix("v"), "") for plane in planes],
        "node": [host.kubelet for host in hosts],
        "etcd": [read(host["etcd"], lambda one: said(one["own"]["version"]), "") for host in facts.having("etcd")],
        "docker": [host.docker for host in hosts],
        "cri_dockerd": [read(host["runtime"], lambda one: said(one["cri"]["version"]), "") for host in facts.having("runtime")],
    }
    return {name: dict(collections.Counter(filter(None, found))) for name, found in told.items()}


def _backup(facts: Facts) -> float:
    """The newest of those on the controller and of those that hosts make by a timer."""
    on_hosts = [read(host["etcd"], lambda told: number(told["snapshots"]["newest"]), 0.0) for host in facts.having("etcd")]
    return max([float(facts.controller.get("backup", 0.0)), *on_hosts])
