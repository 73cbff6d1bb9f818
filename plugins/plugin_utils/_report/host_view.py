# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One host, as a page or a screen shows it: what it is, what it runs, and how it is. Pure.

All of it was told by hosts. A text is shortened, and what is no number where one is wanted is not known: a host with a strange answer costs
no more than its own cells.
"""

from __future__ import annotations

import collections.abc as c
import dataclasses
import math
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import STRANGE
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.shown import shown
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.check import ERROR, SEVERITIES, WARNING
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.facts import Facts, HostFacts
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.judging import Finding

Object = c.Mapping[str, t.Any]
Value = t.TypeVar("Value")

# How a host is, the worst first. An error or a warning is the worst finding of the host.
AWAY, LEFT_OUT, WELL = "away", "left out", "well"
STATES = (AWAY, ERROR, WARNING, LEFT_OUT, WELL)
# What a host has in a role that it was not seen in: nobody has told.
UNKNOWN = "unknown"
READY, NOT_READY, CORDONED, MISSING = "ready", "not ready", "cordoned", "missing"
LEADER, FOLLOWER, LEARNER, SILENT = "leader", "follower", "learner", "silent"
_LONGEST = 120


@dataclasses.dataclass(frozen=True)
class Disk:
    """One file system. ``purposes``: what is on it. ``used``: of what others than root may use, 0 to 1."""

    mount: str
    purposes: tuple[str, ...]
    size: float
    free: float
    used: float


@dataclasses.dataclass(frozen=True)
class HostView:
    """A text is empty, and a number None, where there is no such thing or nobody has told it.

    ``state``: one of ``STATES``; ``counts``: findings by severity. ``node``, ``member`` and ``apiserver``: how it is in that role, empty
    for a host without it. ``memory``: the share in use. ``ahead``: seconds of its clock.
    """

    name: str
    node_name: str
    address: str
    roles: tuple[str, ...]
    state: str
    reason: str = ""
    counts: c.Mapping[str, int] = dataclasses.field(default_factory=dict)
    node: str = ""
    member: str = ""
    apiserver: str = ""
    pods: int | None = None
    most_pods: int | None = None
    pod_network: str = ""
    kubelet: str = ""
    docker: str = ""
    system: str = ""
    processors: int | None = None
    load: float | None = None
    memory: float | None = None
    memory_size: float | None = None
    uptime: float | None = None
    ahead: float | None = None
    disks: tuple[Disk, ...] = ()

    @property
    def fullest(self) -> Disk | None:
        return max(self.disks, key=lambda disk: disk.used, default=None)

    @property
    def told(self) -> str:
        """The state in words."""
        counted = [_counted(self.counts.get(severity, 0), severity) for severity in (ERROR, WARNING) if self.counts.get(severity)]
        return ", ".join(counted) if counted and self.state != AWAY else self.state


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def read(group: Object | None, take: c.Callable[[Object], Value], otherwise: Value) -> Value:
    """What is taken of a group of facts; ``otherwise`` where it was not told, or cannot be read."""
    if group is None:
        return otherwise
    try:
        return take(group)
    except STRANGE:
        return otherwise


def number(value: t.Any) -> float:
    """Raises ValueError for what is none, or is beyond all bounds."""
    found = float(value)
    if not math.isfinite(found):
        raise ValueError(f"not a number: {value!r}")
    return found


def said(value: t.Any) -> str:
    return shown(value, _LONGEST)


class Seen(t.NamedTuple):
    """What is known of all hosts. ``asked``: groups of facts; ``findings``: by host; ``leader``: the id of etcd's.

    ``nodes`` by their names, and ``pods`` by those of their nodes: None if no apiserver has told them.
    """

    facts: Facts
    asked: frozenset[str]
    findings: c.Mapping[str, c.Sequence[Finding]]
    nodes: c.Mapping[str, Object] | None
    pods: c.Mapping[str, int] | None
    leader: str


def host_view(name: str, seen: Seen) -> HostView:
    known = seen.facts.cluster["nodes"][name]
    told = seen.facts.hosts.get(name)
    counts = {severity: sum(one.check.severity == severity for one in seen.findings.get(name, ())) for severity in SEVERITIES}
    base = HostView(
        name=name,
        node_name=str(known["name"]),
        address=str(known["address"]),
        roles=tuple(known["roles"]),
        state=_state(name, seen, counts),
        reason=seen.facts.silent.get(name, ""),
        counts=counts,
        member=_member(name, told, seen),
        apiserver=_apiserver(name, told, seen),
        **_as_node(name, seen),
    )
    return base if told is None else dataclasses.replace(base, **_machine(told))


def _state(name: str, seen: Seen, counts: c.Mapping[str, int]) -> str:
    if name in seen.facts.silent:
        return AWAY
    if name in seen.facts.left_out:
        return LEFT_OUT
    return next((severity for severity in (ERROR, WARNING) if counts[severity]), WELL)


def _group(told: HostFacts | None, group: str) -> Object | None:
    return told.groups.get(group) if told is not None else None


def _member(name: str, told: HostFacts | None, seen: Seen) -> str:
    if "etcd" not in seen.asked or name not in seen.facts.cluster["etcd_hosts"]:
        return ""

    def member(etcd: Object) -> str:
        own = etcd["own"]
        if own["members"] is None:
            return SILENT
        if own["learner"]:
            return LEARNER
        return LEADER if str(own["member_id"]) == seen.leader else FOLLOWER

    return read(_group(told, "etcd"), member, UNKNOWN)


def _apiserver(name: str, told: HostFacts | None, seen: Seen) -> str:
    if "control_plane" not in seen.asked or name not in seen.facts.cluster["masters"]:
        return ""
    return read(_group(told, "control_plane"), lambda plane: READY if plane["ready"] else NOT_READY, UNKNOWN)


def _as_node(name: str, seen: Seen) -> dict[str, t.Any]:
    cluster = seen.facts.cluster
    if "control_plane" not in seen.asked or name not in cluster["node_hosts"]:
        return {}
    if seen.nodes is None:
        return {"node": UNKNOWN}
    node_name = str(cluster["nodes"][name]["name"])
    node = seen.nodes.get(node_name)
    if node is None:
        return {"node": MISSING}
    return {
        "node": read(node, _readiness, UNKNOWN),
        "pods": read(seen.pods, lambda pods: int(number(pods.get(node_name, 0))), None),
        "most_pods": read(node, lambda told: int(number(told["most_pods"])), None),
        "pod_network": read(node, lambda told: said(told["pod_cidr"]), ""),
        "kubelet": read(node, lambda told: said(told["kubelet"]).removeprefix("v"), ""),
    }


def _readiness(node: Object) -> str:
    return NOT_READY if node["fault"] else CORDONED if node["unschedulable"] else READY


def _machine(told: HostFacts) -> dict[str, t.Any]:
    machine, runtime = told.groups.get("machine"), told.groups.get("runtime")
    return {
        "system": read(machine, lambda found: said(found["distribution"]["PRETTY_NAME"]), ""),
        "processors": read(machine, lambda found: int(number(found["processors"])), None),
        "load": read(machine, lambda found: number(found["load"]), None),
        "memory": read(machine, _memory, None),
        "memory_size": read(machine, lambda found: number(found["memory"]["MemTotal"]), None),
        "uptime": read(machine, lambda found: number(found["uptime"]), None),
        "docker": read(runtime, lambda found: said(found["docker"].get("version", "")), ""),
        "disks": read(told.groups.get("disks"), _disks, tuple[Disk, ...]()),
        "ahead": told.ahead,
    }


def _memory(machine: Object) -> float:
    memory = machine["memory"]
    return 1 - number(memory["MemAvailable"]) / number(memory["MemTotal"])


def _disks(disks: Object) -> tuple[Disk, ...]:
    """Each file system once, the fullest first."""
    systems: dict[str, list[Object]] = {}
    for one in disks["directories"]:
        systems.setdefault(str(one["device"]), []).append(one)
    found = [_disk(directories) for directories in systems.values()]
    return tuple(sorted(found, key=lambda disk: -disk.used))


def _disk(directories: c.Sequence[Object]) -> Disk:
    first = directories[0]
    used, free = number(first["used"]), number(first["free"])
    purposes = dict.fromkeys(said(one["purpose"]) for one in directories)
    return Disk(said(first["mount"]), tuple(purposes), number(first["size"]), free, used / (used + free) if used + free else 0.0)
