# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts the control plane can be without for the time of a restart. Pure.

A member of etcd goes only while all other voters answer, so each restart waits for the one before. Where there are fewer than three, the
API is away meanwhile whatever is done: that is said, and not refused.
"""

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd import cluster_view, host_plan
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.cluster_view import Member, View

Object = c.Mapping[str, t.Any]


@dataclasses.dataclass(frozen=True)
class ControlPlane:
    """``members``: of each host of etcd, its member if the list has it. ``apis``: of each master, why its apiserver is not ready."""

    masters: tuple[str, ...]
    etcd_hosts: tuple[str, ...]
    apis: c.Mapping[str, str]
    members: c.Mapping[str, Member | None]
    voters: tuple[Member, ...]
    leader: str

    def refusal(self, host: str) -> str:
        """Why the host must not be restarted now; empty if it may be."""
        return self._refused_by_etcd(host) or self._refused_by_masters(host)

    def note(self, host: str) -> str:
        """What is away while the host restarts; empty if nothing is."""
        if self.masters == (host,):
            return f"the API is away while {host} restarts: it is the only master. Pods run on"
        if host in self.etcd_hosts and len(self.voters) < 3 and self.members.get(host) in self.voters:
            return f"the API is away while {host} restarts: etcd has {len(self.voters)} member(s), and needs all of them. Pods run on"
        return ""

    def leads(self, host: str) -> bool:
        member = self.members.get(host)
        return member is not None and member.id == self.leader

    def through(self, host: str) -> str:
        """The master that is asked to drain the Node of a host: another one where there is one that is ready."""
        ready = [master for master in self.masters if not self.apis.get(master, "it was not asked")]
        return next((master for master in ready if master != host), next(iter(ready), ""))

    def _refused_by_etcd(self, host: str) -> str:
        if host not in self.etcd_hosts:
            return ""
        if not self.voters:
            return "no member of etcd answers"
        own = self.members.get(host)
        down = [member for member in self.voters if not member.healthy and member != own]
        if own is None or own.learner or not down:
            return ""
        left, quorum = len(self.voters) - len(down) - 1, cluster_view.quorum(len(self.voters))
        return (
            f"{', '.join(member.title for member in down)} of etcd does not answer, and {host} must not go as well: {left} of "
            f"{len(self.voters)} members would be left, the quorum is {quorum}"
        )

    def _refused_by_masters(self, host: str) -> str:
        others = [master for master in self.masters if master != host]
        if host not in self.masters or not others:
            return ""
        faults = {master: self.apis.get(master, "it does not answer") for master in others}
        if not all(faults.values()):
            return ""
        return "no other apiserver is ready: " + "; ".join(f"{master}: {fault}" for master, fault in faults.items())


def control_plane(cluster: Object, observations: c.Mapping[str, Object]) -> ControlPlane:
    """From what hosts have observed. Raises PlanError if the members are not of one sound cluster."""
    etcd = {host: found["etcd"] for host, found in observations.items() if found.get("etcd")}
    view = host_plan.view_of(etcd) if etcd else View(members=None, hosts={})
    wanted = host_plan.identified(host_plan.wanted_of(cluster["etcd"]["members"]), view)
    leaders = [answer["leader"] for found in etcd.values() for answer in found["answers"] if answer["members"] and answer["leader"]]
    return ControlPlane(
        masters=tuple(cluster["masters"]),
        etcd_hosts=tuple(cluster["etcd_hosts"]),
        apis={host: found["api"]["unready"] for host, found in observations.items() if found.get("api")},
        members={entry.host: cluster_view.listed(entry, view.members or ()) for entry in wanted},
        voters=view.voters,
        leader=next(iter(leaders), ""),
    )
