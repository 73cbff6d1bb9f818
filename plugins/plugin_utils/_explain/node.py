# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The chain to a node that is ready, judged by the findings of the doctor. Pure."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.facts import Facts
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.judging import Finding
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._explain import links
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._explain.chain import Cause, Explanation, State
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._explain.links import Link

Object = c.Mapping[str, t.Any]

_MOST = 4
_HEALTHY = {"Ready": "True"}
# Of the hosts of the control plane: what is nearest to the machine comes first.
_ORDER = ("host-", "disk-", "unit-", "etcd-", "api-", "certificate-", "firewall-")


@dataclasses.dataclass(frozen=True)
class View:
    """The findings, as one host is concerned. ``host`` is empty for what has no host."""

    host: str
    facts: Facts
    findings: c.Sequence[Finding]

    @property
    def plane(self) -> Object | None:
        """What the first apiserver that is ready says; None if none is."""
        return next((one["control_plane"] for one in self.facts.having("control_plane") if one["control_plane"]["ready"]), None)

    @property
    def node(self) -> Object | None:
        """The Node, as the API has it; None if that is not known, or if it has none."""
        name = self.facts.name_of(self.host) if self.host else ""
        return next((node for node in (self.plane or {}).get("nodes", []) if node["name"] == name), None)

    def told(self) -> Object:
        """What the API says of what was asked about."""
        found = (host["subject"] for host in self.facts.having("subject") if host["subject"]["ready"])
        return next(found, {"node": None, "pod": None, "near": []})

    def untold(self, group: str) -> str:
        """Why no master has told this group of facts."""
        gaps = {name: host.gaps[group] for name, host in self.facts.hosts.items() if group in host.gaps}
        return next((f"{name}: {gap}" for name, gap in gaps.items()), "no host of the control plane has told anything")

    def own(self, link: Link) -> State:
        """A link of the host itself."""
        return self._state(link, self._of({self.host}, link), self._missing(link))

    def certificates(self) -> State:
        """One that is not as described counts only where the node is not ready."""
        link = links.CERTIFICATES
        suspects = [] if self.node is not None and not self.node["fault"] else self._of({self.host}, links.SUSPECTS)
        return self._state(link, [*self._of({self.host}, link), *suspects], self._missing(link))

    def api(self) -> State:
        """Whether the node reaches the API; for what has no host, whether anybody does."""
        link, own = links.CONTROL_PLANE, self.facts.hosts.get(self.host)
        probed = own is not None and "node" in own.groups
        fault = str(own["node"]["api"]) if own is not None and probed else ""
        if (probed and not fault) or (not probed and self.plane is not None):
            return State(link.name, link.asks)
        planes = self.facts.having("control_plane")
        found = sorted(self._of(self._control_hosts(), link), key=_nearness)
        found += [one for one in self._of({self.host}, links.ENDPOINT) if one not in found]
        if found:
            return self._state(link, found, "")
        reason = fault or next((str(host["control_plane"]["fault"]) for host in planes), "")
        if not reason:
            return State(link.name, link.asks, reason=self.untold("control_plane"))
        return State(link.name, link.asks, (Cause(f"{self.facts.cluster['api']['url']}: {reason}"),))

    def flannel(self) -> State:
        """Of two nodes it is not known whose fault it is that one does not know the way to the other: the one that asks looks at itself."""
        state, link = self.own(links.FLANNEL), links.FLANNEL
        found = next((one for one in self.findings if one.check.id == links.NO_WAY), None)
        unknown = self._unknown_to_it_alone()
        if state.causes or found is None or not unknown:
            return state
        cause = self._cause(found, link)._replace(
            found=f"flannel: it has no way to {', '.join(unknown)}", host=self.host, evidence=self._journal(self.host, link.journal_unit)
        )
        return dataclasses.replace(state, causes=(cause,))

    def _unknown_to_it_alone(self) -> list[str]:
        """The nodes to which the host knows no way, and no other host was asked for one."""
        nodes = {host.name: host["pod_network"]["peers"] for host in self.facts.having("pod_network")}
        own = [str(peer["name"]) for peer in nodes.get(self.host, []) if not peer["known"]]
        others = {peer["name"] for host, peers in nodes.items() if host != self.host for peer in peers}
        return [name for name in own if name not in others and self.facts.host_of(name) not in self.facts.silent]

    def controllers(self) -> State:
        return self._led(links.CONTROLLERS)

    def scheduler(self) -> State:
        return self._led(links.SCHEDULER)

    def _led(self, link: Link) -> State:
        """A service of which one of all masters works, by a lease."""
        if self.plane is None:
            return State(link.name, link.asks, reason="no apiserver says who leads", follows=True)
        found = [one for one in self.findings if link.has(one.check.id, one.of)]
        lost = [one for one in found if one.check.id == links.LEADER]
        down = [one for one in found if one.check.id in links.OF_UNITS]
        return self._state(link, (down or lost) if lost else [], "")

    def ready(self) -> State:
        """What the API says of the node, with its conditions and events, where nothing else explains it."""
        link = links.READY
        if self.plane is None:
            return State(link.name, link.asks, reason="no apiserver says so", follows=True)
        state = self._state(link, self._of({self.host}, link), "")
        more = tuple(said(self.told()["node"] or {}))
        return dataclasses.replace(state, causes=tuple(one._replace(evidence=(*more, *one.evidence)) for one in state.causes))

    def _control_hosts(self) -> set[str]:
        cluster = self.facts.cluster
        balancers = set(cluster["balancers"]) if cluster["balancers"] else set()
        return {"", *cluster["masters"], *cluster["etcd_hosts"], *balancers}

    def _of(self, hosts: c.Container[str], link: Link) -> list[Finding]:
        return [one for one in self.findings if one.host in hosts and link.has(one.check.id, one.of)]

    def _missing(self, link: Link) -> str:
        """Why the facts of a link are not there."""
        if self.host in self.facts.left_out:
            return "--limit has left the host out"
        if self.host in self.facts.silent and link is not links.HOST:
            return "the host does not answer"
        own = self.facts.hosts.get(self.host)
        return next((own.gaps[group] for group in link.groups if group in own.gaps), "") if own is not None else ""

    def _state(self, link: Link, found: c.Iterable[Finding], reason: str) -> State:
        """What another link of the chain explains is no cause."""
        all_found = list(found)
        causes = [one for one in all_found if one.explained_by not in links.ids()]
        follows = (bool(all_found) and not causes) or (self.host in self.facts.silent and link is not links.HOST)
        return State(link.name, link.asks, tuple(self._cause(one, link) for one in causes[:_MOST]), reason, follows)

    def _cause(self, finding: Finding, link: Link) -> Cause:
        check = finding.check
        evidence = finding.evidence or self._journal(finding.host or self.host, link.journal_unit)
        return Cause(finding.found, finding.wanted, finding.remedy, check.why, check.id, finding.host, evidence)

    def _journal(self, host: str, unit: str) -> tuple[str, ...]:
        known = self.facts.hosts.get(host)
        units = known.groups.get("units", {}).get("units", []) if known is not None else []
        return next((tuple(one["journal"]) for one in units if one["name"] == unit), ())


def _nearness(finding: Finding) -> int:
    return next((place for place, start in enumerate(_ORDER) if finding.check.id.startswith(start)), len(_ORDER))


def said(told: Object) -> c.Iterator[str]:
    """Conditions that are not as they should be, and warnings, the newest first."""
    for one in told.get("conditions", []):
        if one["status"] != _HEALTHY.get(one["type"], "False") and one["message"]:
            yield f"{one['type']}={one['status']} ({one['reason']}): {one['message']}"
    for event in told.get("events", []):
        if event["type"] == "Warning":
            yield event_words(event)


def event_words(event: Object) -> str:
    times = f", {event['count']} times" if event["count"] > 1 else ""
    return f"{event['reason']}, {event['seconds']} s ago{times}: {event['message']}"


def states(view: View) -> list[State]:
    """All links from the host to the node that is ready."""
    special = {
        links.CERTIFICATES: view.certificates,
        links.FLANNEL: view.flannel,
        links.READY: view.ready,
    }
    before, behind = ([special[link]() if link in special else view.own(link) for link in part] for part in links.PARTS)
    return [*before, view.api(), view.controllers(), *behind]


def explain(view: View) -> Explanation:
    """Why a node is not ready."""
    name, node = view.facts.name_of(view.host), view.node
    if view.plane is None:
        about = f"{name}: no apiserver says how it is"
    elif node is None:
        about = f"{name} is not known to the API"
    else:
        about = f"{name} is not ready: {node['fault']}" if node["fault"] else f"{name} is ready"
    return Explanation(about, node is not None and not node["fault"], tuple(states(view)))
