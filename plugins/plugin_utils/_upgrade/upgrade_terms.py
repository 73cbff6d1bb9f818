# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan of an upgrade is made from, and what it consists of. Pure."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.version_table import Version
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade.rules import Found
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade.stages import Stage

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


@dataclasses.dataclass(frozen=True)
class Scope:
    """The hosts of the run by what is upgraded on them, in the order of the inventory."""

    members: tuple[str, ...]
    masters: tuple[str, ...]
    nodes: tuple[str, ...]
    of_nodes: c.Mapping[str, str]

    @property
    def control_plane(self) -> frozenset[str]:
        return frozenset((*self.members, *self.masters))


def versions_of(found: Found, hosts: c.Iterable[str], programs: c.Iterable[str]) -> list[Version]:
    """The versions that these hosts have of these programs."""
    programs = list(programs)
    return [version for host in hosts for name in programs for version in found.programs.get(host, {}).get(name, ())]
