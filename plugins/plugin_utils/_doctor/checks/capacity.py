# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of what is left: addresses, parts of the pod network, pods, NodePorts."""

from __future__ import annotations

import collections.abc as c
import ipaddress

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.check import WARNING, Checks, Found
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.facts import Facts

CHECKS = Checks("capacity", "What is left of addresses, pods and ports.", needs=("control_plane",))

_MUCH = 0.85
# Of a node's subnet: the network's own address, the bridge's, and broadcast.
_TAKEN = 3


def _nodes(facts: Facts) -> list[c.Mapping[str, object]]:
    ready = [host["control_plane"] for host in facts.having("control_plane") if host["control_plane"]["ready"]]
    return list(ready[0]["nodes"]) if ready else []


@CHECKS.of_cluster(
    "capacity-addresses",
    WARNING,
    subject="addresses of pods",
    looks_at="the addresses of pods on each node",
    wanted="85 % of its subnet, at most",
    why="When none is left, pods stay in ContainerCreating.",
    remedy="spread the pods over more nodes. Addresses of pods that are gone stay in the folder of host-local",
    needs=("pod_network",),
)
def _addresses(facts: Facts) -> c.Iterator[Found]:
    for host in facts.having("pod_network"):
        subnet = host["pod_network"]["lease"].get("FLANNEL_SUBNET")
        size = ipaddress.ip_interface(subnet).network.num_addresses - _TAKEN if subnet else 0
        if size > 0 and host["pod_network"]["addresses"] > _MUCH * size:
            yield Found(f"{host['pod_network']['addresses']} of {size}", host=host.name)


@CHECKS.of_cluster(
    "capacity-pods",
    WARNING,
    subject="pods",
    looks_at="the pods of each node",
    wanted="85 % of what its kubelet takes, at most",
    why="When it is full, further pods stay in Pending.",
    remedy="add a node, or raise minion_max_pods",
)
def _pods(facts: Facts) -> c.Iterator[Found]:
    for host in facts.having("control_plane"):
        plane = host["control_plane"]
        if not plane["ready"]:
            continue
        for node in plane["nodes"]:
            count = plane["pods_of_nodes"].get(node["name"], 0)
            if node["most_pods"] and count > _MUCH * node["most_pods"]:
                yield Found(f"{count} of {node['most_pods']} on {node['name']}", host=facts.host_of(node["name"]))
        return


@CHECKS.of_cluster(
    "capacity-node-networks",
    WARNING,
    subject="nodes",
    looks_at="how many nodes the pod network has room for",
    wanted="85 % in use, at most",
    why="When none is left, a new node gets no podCIDR, and no pods.",
    remedy="the pod network cannot grow in a running cluster: plan another one before you add nodes",
)
def _networks(facts: Facts) -> c.Iterator[Found]:
    network = facts.cluster["network"]
    room = 2 ** (int(network["node_cidr_size"]) - ipaddress.ip_network(network["pod_cidr"]).prefixlen)
    if len(_nodes(facts)) > _MUCH * room:
        yield Found(f"{len(_nodes(facts))} of {room}")


@CHECKS.of_cluster(
    "capacity-node-ports",
    WARNING,
    subject="NodePorts",
    looks_at="the NodePorts of all services",
    wanted="85 % of their range, at most",
    why="When none is left, a new service of that type is refused.",
    remedy="see `kubectl get services -A | grep NodePort`; widen cluster_node_port_range",
)
def _node_ports(facts: Facts) -> c.Iterator[Found]:
    low, _dash, high = str(facts.cluster["network"]["node_port_range"]).partition("-")
    size = int(high) - int(low) + 1
    for host in facts.having("control_plane"):
        if host["control_plane"]["ready"]:
            count = host["control_plane"]["node_ports"]
            if count > _MUCH * size:
                yield Found(f"{count} of {size}")
            return
