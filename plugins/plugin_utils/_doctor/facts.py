# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known when checks judge: what each host has told, in groups, and the resolved spec. Pure."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

Object = c.Mapping[str, t.Any]


@dataclasses.dataclass(frozen=True)
class HostFacts:
    """One host that has answered. ``groups``: what it has told, by group; ``gaps``: why it has not told a group.

    ``ahead``: seconds by which its clock was at least ahead of the controller's, negative for behind, 0 for what the way may explain.
    ``uncompared``: what of the wanted state is not known.
    """

    name: str
    groups: c.Mapping[str, Object]
    gaps: c.Mapping[str, str] = dataclasses.field(default_factory=dict)
    root: bool = True
    ahead: float = 0.0
    uncompared: tuple[str, ...] = ()

    def __getitem__(self, group: str) -> Object:
        return self.groups[group]


@dataclasses.dataclass(frozen=True)
class Facts:
    """``silent``: why hosts have not answered; ``left_out``: hosts of the cluster that the run was not to ask."""

    cluster: Object
    hosts: c.Mapping[str, HostFacts]
    now: float
    silent: c.Mapping[str, str] = dataclasses.field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    controller: Object = dataclasses.field(default_factory=dict)

    def having(self, *groups: str) -> list[HostFacts]:
        """The hosts that have told all of these groups."""
        return [host for host in self.hosts.values() if all(group in host.groups for group in groups)]

    def name_of(self, host: str) -> str:
        """The name of a host's node."""
        return str(self.cluster["nodes"][host]["name"])

    def host_of(self, node: str) -> str:
        """The inventory's name of a node; the node's own if the inventory has none."""
        return next((host for host, known in self.cluster["nodes"].items() if known["name"] == node), node)
