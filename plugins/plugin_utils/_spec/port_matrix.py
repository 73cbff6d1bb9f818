# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ports of the cluster: which programs hold which on a host, and what the firewall lets in from where."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import cidrs, component_table
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.hosts import Node
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.inputs import Reader, shown
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.problems import Problems
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.roles_of_hosts import Roles

# Linux gives programs their ports from here on (net.ipv4.ip_local_port_range).
EPHEMERAL_LOW = 32768

# Ports that are taken on some host of every cluster, whether or not others can reach them.
TAKEN: t.Mapping[int, str] = {22: "SSH", **component_table.ports()}


@dataclasses.dataclass(frozen=True)
class PortRange:
    low: int
    high: int

    def __contains__(self, port: int) -> bool:
        return self.low <= port <= self.high

    def __str__(self) -> str:
        return f"{self.low}-{self.high}"


@dataclasses.dataclass(frozen=True)
class Opening:
    """One row of the firewall matrix; no sources: from anywhere. A protocol without ports has port 0.

    ``pods``: whether pods are among the callers. What is for hosts alone, no pod reaches, on its own host neither (``pod_ports``).
    """

    name: str
    port: int
    protocol: str
    roles: tuple[str, ...]
    sources: tuple[str, ...]
    reason: str
    pods: bool


def read_api_port(reader: Reader) -> int | None:
    """The port the apiservers listen on."""
    port = reader.integer("cluster_api_port", low=1024, high=65535)
    if port is not None and port in TAKEN:
        reader.fault("cluster_api_port", f"is the port of {TAKEN[port]}", "Use another port, e.g. 6443")
        return None
    return port


def read_node_ports(reader: Reader, problems: Problems, *, api_ports: t.Collection[int]) -> str | None:
    """The NodePort range, which must leave the hosts' own ports alone."""
    name = "cluster_node_port_range"
    text = reader.text(name)
    if text is None:
        return None
    match = re.fullmatch(r"(\d{1,5})-(\d{1,5})", text, re.ASCII)
    ports = PortRange(low=int(match[1]), high=int(match[2])) if match else None
    if ports is None:
        reader.fault(name, "is not a range of two ports joined by '-'", "Write e.g. 30000-32767")
    elif not 1 <= ports.low <= ports.high <= 65535:
        reader.fault(name, "does not lie between 1 and 65535, or ends before it begins", "Write e.g. 30000-32767")
    else:
        taken = {**TAKEN, **dict.fromkeys(api_ports, "the Kubernetes API")}
        inside = [f"{port} ({taken[port]})" for port in sorted(taken) if port in ports]
        if not inside:
            if ports.high >= EPHEMERAL_LOW:
                problems.warn(f"{name} {ports} reaches into the ports that hosts use for their own connections, from {EPHEMERAL_LOW} on")
            return str(ports)
        reader.fault(
            name, f"holds ports that the hosts use themselves: {', '.join(inside)}", "Write a range without them, e.g. 30000-32767"
        )
    return None


def read_sources(reader: Reader, name: str) -> tuple[str, ...] | None:
    """Who may reach something besides the cluster's hosts, as IPv4 addresses and networks; empty: everybody."""
    entries = reader.list_of_text(name)
    if entries is None:
        return None
    found = []
    for entry in entries:
        network = cidrs.parse_network(entry if "/" in entry else f"{entry}/32")
        if network is None or network.version != 4:
            reader.fault(
                name, f"holds {shown(entry)}, which is neither an IPv4 address nor a network", "Write e.g. [192.0.2.10, 10.0.0.0/24]"
            )
        elif network.ip != network.network:
            reader.fault(name, f"holds {shown(entry)}, with bits set behind its prefix of {network.prefixlen}", f"Write {network.cidr}")
        elif network.prefixlen == 0:
            reader.fault(name, f"holds {shown(entry)}, which is everybody", "Leave the variable out, which lets everybody in")
        else:
            found.append(str(network.ip) if network.prefixlen == 32 else str(network.cidr))
    return tuple(found)


def with_hosts(sources: tuple[str, ...], nodes: t.Mapping[str, Node]) -> tuple[str, ...]:
    """These sources, and the cluster's own hosts, and so the pods on them. Nothing, where everybody may come."""
    return (*_addresses(nodes, list(nodes)), *sources) if sources else ()


def openings(
    roles: Roles,
    nodes: t.Mapping[str, Node],
    *,
    api_port: int,
    endpoint_port: int,
    balanced: bool,
    flannel_on_etcd: bool,
    api_sources: tuple[str, ...] = (),
) -> list[Opening]:
    """What other machines must reach on the hosts of each role.

    A host is opened for a row when it has one of the row's roles. NodePorts are not here: their packets are redirected
    before the firewall's input rules see them. Pods reach their own host through the trusted interfaces, cni0 and flannel's,
    and other hosts under their own host's address, because flannel masquerades what leaves the pod network. firewalld cannot tell
    them from hosts, so each row says whether it is for them.
    """
    callers = with_hosts(api_sources, nodes)
    found = [
        *_of_control_plane(roles, nodes, api_port=api_port, api_callers=callers, flannel_on_etcd=flannel_on_etcd),
        *_of_nodes(roles, nodes),
    ]
    return [*found, *(_of_balancers(roles, nodes, endpoint_port=endpoint_port, api_callers=callers) if balanced else [])]


def _addresses(nodes: t.Mapping[str, Node], *groups: t.Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(nodes[host].address for hosts in groups for host in hosts))


def _of_control_plane(
    roles: Roles, nodes: t.Mapping[str, Node], *, api_port: int, api_callers: tuple[str, ...], flannel_on_etcd: bool
) -> list[Opening]:
    etcd, ports = roles.by_role["etcd"], component_table.ETCD.ports
    clients = (roles.by_role["master"], etcd, *([roles.nodes] if flannel_on_etcd else []))
    programs = "the apiservers, flannel on the nodes" if flannel_on_etcd else "the apiservers"
    why = f"etcd, for {programs} and for its members' own tools"
    api, among = "the Kubernetes API, for administrators, nodes and pods", "etcd, among its members"
    return [
        Opening("barehost-kube-apiserver", api_port, "tcp", ("master",), api_callers, api, pods=True),
        Opening("barehost-etcd-client", ports["client"].number, "tcp", ("etcd",), _addresses(nodes, *clients), why, pods=False),
        Opening("barehost-etcd-peer", ports["peer"].number, "tcp", ("etcd",), _addresses(nodes, etcd), among, pods=False),
    ]


def _of_nodes(roles: Roles, nodes: t.Mapping[str, Node]) -> list[Opening]:
    if not roles.nodes:
        return []
    kubelet, vxlan = component_table.KUBELET.ports["server"], component_table.FLANNELD.ports["vxlan"]
    own = tuple(role for role in ("master", "minion") if any(host in roles.nodes for host in roles.by_role[role]))
    callers = _addresses(nodes, roles.by_role["master"], roles.nodes)
    why = "the kubelet, for the apiservers (logs, exec) and for metrics pods on other nodes"
    tunnel = "the pod network, among the nodes"
    return [
        Opening("barehost-kubelet", kubelet.number, "tcp", own, callers, why, pods=True),
        Opening("barehost-flannel-vxlan", vxlan.number, vxlan.protocol, own, _addresses(nodes, roles.nodes), tunnel, pods=False),
    ]


def _of_balancers(roles: Roles, nodes: t.Mapping[str, Node], *, endpoint_port: int, api_callers: tuple[str, ...]) -> list[Opening]:
    balancers = roles.by_role["balancer"]
    why = "the Kubernetes API, balanced over the masters"
    rows = [Opening("barehost-api-balancer", endpoint_port, "tcp", ("balancer",), api_callers, why, pods=True)]
    if len(balancers) > 1:
        among = "Keepalived, among the balancers"
        rows.append(Opening("barehost-vrrp", 0, "vrrp", ("balancer",), _addresses(nodes, balancers), among, pods=False))
    return rows
