# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The databases of etcd's members as one host sees them, and how they are told. Pure."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client import alarms
from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client.alarms import Alarm
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.version_table import minor_of

# The default of ETCD_MAX_REQUEST_BYTES
_LARGEST_WRITE = 3 << 19

_FIELDS = ("url", "id", "learner", "version", "size", "in_use", "quota", "index", "cluster", "storage", "downgrade")

Object = dict[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Database:
    """A member with its database. Sizes are in bytes, ``index`` is that of the raft log. ``healthy``: a voter that answered a linearizable
    read. ``cluster``, ``storage`` and ``downgrade`` are as in module_utils/_etcd_client/levels.py. A member that does not answer has
    nothing but an address and a ``fault``."""

    name: str
    url: str
    id: str = ""
    fault: str = ""
    healthy: bool = False
    learner: bool = False
    leads: bool = False
    version: str = ""
    size: int = 0
    in_use: int = 0
    quota: int = 0
    index: int = 0
    cluster: str = ""
    storage: str = ""
    downgrade: str = ""

    @property
    def answers(self) -> bool:
        return bool(self.version)

    @property
    def free(self) -> int:
        """What a defragmentation would give back."""
        return max(0, self.size - self.in_use)

    @property
    def fragmentation(self) -> int:
        """Per cent of the database that is free."""
        return 100 * self.free // self.size if self.size else 0

    @property
    def full(self) -> bool:
        """Whether the next write may raise the alarm. etcd adds the write to the size, whatever is free within it
        (server/storage/quota.go)."""
        return 0 < self.quota <= self.size + _LARGEST_WRITE


@dataclasses.dataclass(frozen=True)
class Databases:
    """All members. ``voters``: how many there are, by the members' list. ``revision`` is 0 where nobody has a quorum behind it.
    ``compacted``: there is no history before the revision. ``names``: of the members by their IDs."""

    members: tuple[Database, ...]
    alarms: tuple[Alarm, ...] = ()
    voters: int = 0
    revision: int = 0
    compacted: bool = False
    names: c.Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def healthy(self) -> tuple[Database, ...]:
        return tuple(member for member in self.members if member.healthy)


def best(observations: c.Mapping[str, Object]) -> str:
    """The host that found most members well, of equals the first one; empty if none has found any. By host, what was registered."""
    found = {host: observation["members"] for host, observation in observations.items() if observation.get("members")}
    return max(found, key=lambda host: sum(bool(member["linearizable"]) for member in found[host]), default="")


def databases(found: Object, *, names: c.Mapping[str, str]) -> Databases:
    """What a host has found (``_collect`` of module_utils/_etcd/maintenance.py). ``names``: those of the inventory by client address."""
    return Databases(
        members=tuple(sorted((_database(entry, names) for entry in found["members"]), key=lambda member: member.name)),
        alarms=tuple(sorted({Alarm(*alarm) for entry in found["members"] for alarm in entry["alarms"]})),
        voters=found["voters"],
        revision=found["revision"],
        compacted=found["compacted"],
        names=found["names"],
    )


def _database(entry: Object, names: c.Mapping[str, str]) -> Database:
    own = {key: entry[key] for key in _FIELDS}
    return Database(
        name=entry["name"] or names.get(entry["url"], entry["url"]),
        fault="; ".join([*([entry["fault"]] if entry["fault"] else []), *entry["errors"]]),
        healthy=bool(entry["linearizable"]) and not entry["learner"],
        leads=bool(entry["id"]) and entry["id"] == entry["leader"],
        **own,
    )


def lines(found: Databases) -> list[str]:
    """One line for each member, and one for each kind of alarm."""
    return [*map(_line, found.members), *alarms.told(found.alarms, found.names)]


def _line(member: Database) -> str:
    if not member.answers:
        return f"{member.name} does not answer: {member.fault}"
    role = "leader" if member.leads else "learner" if member.learner else "follower"
    parts = [
        f"etcd {member.version}, {role}",
        f"{size(member.size)}, {size(member.in_use)} in use ({member.fragmentation} % free)",
        f"{100 * member.size / member.quota:.1f} % of the quota of {size(member.quota)}" if member.quota > 0 else "no quota",
        f"raft index {member.index}",
        *_way_back(member),
    ]
    return f"{member.name}: {', '.join([*parts, *([f'not healthy: {member.fault}'] if member.fault else [])])}"


def _way_back(member: Database) -> list[str]:
    """Only while the member is on it, or is held up there."""
    if member.downgrade:
        return [f"on the way back to {member.downgrade}, data of {member.storage}"]
    older = minor_of(member.storage) != minor_of(member.version)
    return [f"data of {member.storage}"] if member.storage and older else []


def size(number: int) -> str:
    """Bytes in the unit that fits."""
    if number < 1 << 20:
        return f"{number / (1 << 10):.0f} KiB"
    return f"{number / (1 << 20):.1f} MiB" if number < 1 << 30 else f"{number / (1 << 30):.1f} GiB"
