# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who speaks with whom, and on which port: the matrix of the firewall, by groups of hosts. Pure."""

from __future__ import annotations

import collections.abc as c
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._report.view import Group, View

OUTSIDE, PODS = "people and clients outside", "pods"
_SPOKEN = {"vrrp": "VRRP"}


class Connection(t.NamedTuple):
    """``answering`` and ``asking`` are places of groups in the view. ``outside``: whether others than hosts ask, too; ``pods``: pods."""

    port: str
    purpose: str
    answering: tuple[int, ...]
    asking: tuple[int, ...]
    outside: bool
    pods: bool


def connections(view: View) -> list[Connection]:
    """In the order of the matrix, with NodePorts last: nodes redirect them before the firewall has a rule for them."""
    found = [_connection(view, row) for row in view.cluster["ports"]]
    nodes = of_nodes(view)
    if nodes:
        network = view.cluster["network"]
        outside = not network["node_port_sources"] or bool(_others(view, network["node_port_sources"]))
        purpose = "services with a NodePort, on each node"
        found.append(Connection(f"{network['node_port_range']}/tcp and udp", purpose, nodes, (), outside, pods=True))
    return [connection for connection in found if connection.answering]


def _connection(view: View, row: c.Mapping[str, t.Any]) -> Connection:
    answering = _places(view, lambda group: any(role in row["roles"] for role in group.roles))
    port = f"{row['port']}/{row['protocol']}" if row["port"] else _SPOKEN.get(row["protocol"], str(row["protocol"]))
    if row["sources"]:
        asking = _places(view, lambda group: any(host.address in row["sources"] for host in group.hosts))
        return Connection(port, str(row["reason"]), answering, asking, bool(_others(view, row["sources"])), row["pods"])
    # whoever comes: of the cluster's own hosts, balancers ask apiservers, and nodes ask the endpoint
    behind = "master" in row["roles"] and view.cluster["api"]["mode"] == "vip"
    asking = _places(view, lambda group: "balancer" in group.roles) if behind else of_nodes(view)
    return Connection(port, str(row["reason"]), answering, asking, True, row["pods"])


def _others(view: View, sources: c.Iterable[str]) -> set[str]:
    """The sources that are no hosts of the cluster."""
    return set(sources) - {host.address for group in view.groups for host in group.hosts}


def of_nodes(view: View) -> tuple[int, ...]:
    """The groups that have nodes."""
    return _places(view, lambda group: any(host.name in view.cluster["node_hosts"] for host in group.hosts))


def _places(view: View, wanted: c.Callable[[Group], bool]) -> tuple[int, ...]:
    return tuple(place for place, group in enumerate(view.groups) if wanted(group))


def names(view: View, places: c.Iterable[int]) -> list[str]:
    """The groups in words."""
    return [view.groups[place].title for place in places]


def who_asks(view: View, connection: Connection) -> list[str]:
    """All of them in words."""
    others = [*([PODS] if connection.pods else []), *([OUTSIDE] if connection.outside else [])]
    return [*names(view, connection.asking), *others]
