# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of the pod network: flannel's lease and interfaces, the ways between nodes, services and names."""

from __future__ import annotations

import collections.abc as c
import ipaddress
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.check import ERROR, Checks, Found
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.facts import Facts, HostFacts
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.component_table import FLANNELD

CHECKS = Checks("pod-network", "flannel, the ways between nodes, services and names.", needs=("pod_network",))

# A VXLAN packet is longer than what it carries by this much: Ethernet, IP, UDP and VXLAN headers (RFC 7348).
_VXLAN_BYTES = 50
_TABLE = "ip kube-proxy"
_PORT = FLANNELD.ports["vxlan"].number

Network = c.Mapping[str, t.Any]


def _subnet(network: Network) -> str:
    return str(network["lease"].get("FLANNEL_SUBNET", ""))


@CHECKS.of_host(
    "pod-network-no-subnet",
    ERROR,
    subject="flannel",
    looks_at="the file with flannel's lease",
    wanted="a subnet of this node",
    why="Without one no pod of this node gets an address.",
    remedy="see `journalctl -u flanneld -n 50 --no-pager`; then `systemctl restart flanneld`",
    explains=("pod-network-no-tunnel", "pod-network-no-way", "pod-network-cut", "runtime-network-missing"),
)
def _no_subnet(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    if not _subnet(host["pod_network"]):
        yield Found("no subnet")


@CHECKS.of_host(
    "pod-network-no-tunnel",
    ERROR,
    looks_at="the interface of flannel's tunnel",
    wanted="that it is there, and up",
    why="Pods of this node reach none of another one.",
    remedy="`systemctl restart flanneld`, which makes it anew",
    explains=("pod-network-no-way", "pod-network-cut", "pod-network-names-silent"),
)
def _no_tunnel(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    tunnel = host["pod_network"]["tunnel"]
    if not tunnel["up"]:
        yield Found(f"{tunnel['name']} is {'down' if tunnel['exists'] else 'not there'}")


@CHECKS.of_host(
    "pod-network-mtu",
    ERROR,
    looks_at="the MTU of flannel's tunnel, beside that of the host's interface",
    wanted="50 less than the interface's, or smaller",
    why="Large packets between pods get lost: connections are made, and then hang.",
    remedy="set MTU in flannel_backend, or mend that of the interface; run site.yml and start the pods anew",
    needs=("pod_network", "names"),
)
def _mtu(host: HostFacts, facts: Facts) -> c.Iterator[Found]:
    tunnel, address = host["pod_network"]["tunnel"], str(facts.cluster["nodes"][host.name]["address"])
    for one in host["names"]["interfaces"]:
        most = one["mtu"] - _VXLAN_BYTES
        if tunnel["mtu"] > most and any(text.partition("/")[0] == address for text in one["addresses"]):
            yield Found(f"{tunnel['name']} has {tunnel['mtu']}, {one['name']} has {one['mtu']}", wanted=f"{most} or less")


@CHECKS.of_host(
    "pod-network-bridge-differs",
    ERROR,
    looks_at="the address of the bridge of pods, beside flannel's lease",
    wanted="the first address of the lease, where there is a bridge",
    why="The node was registered anew and has got another subnet. Its pods are cut off.",
    remedy="`systemctl restart flanneld`, which brings bridge and pods to the lease",
)
def _bridge_differs(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    bridge, subnet = host["pod_network"]["bridge"], _subnet(host["pod_network"])
    if bridge["addresses"] and subnet and subnet not in bridge["addresses"]:
        yield Found(f"{bridge['name']} has {', '.join(bridge['addresses'])}", wanted=subnet)


@CHECKS.of_cluster(
    "pod-network-lease-differs",
    ERROR,
    subject="flannel's lease",
    looks_at="flannel's lease on each node, beside the node's podCIDR",
    wanted="the same",
    why="Other nodes send packets for this node's pods elsewhere.",
    remedy="`systemctl restart flanneld` on that host",
    needs=("pod_network", "control_plane"),
)
def _lease(facts: Facts) -> c.Iterator[Found]:
    if facts.cluster["flannel"]["backend"] != "kube":
        return
    ready = [host["control_plane"] for host in facts.having("control_plane") if host["control_plane"]["ready"]]
    parts = {node["name"]: node["pod_cidr"] for plane in ready[:1] for node in plane["nodes"]}
    for host in facts.having("pod_network"):
        subnet, wanted = _subnet(host["pod_network"]), parts.get(facts.name_of(host.name))
        if subnet and wanted and str(ipaddress.ip_interface(subnet).network) != wanted:
            yield Found(str(ipaddress.ip_interface(subnet).network), host=host.name, wanted=wanted)


@CHECKS.of_cluster(
    "pod-network-no-way",
    ERROR,
    subject="flannel",
    looks_at="the ways to other nodes that flannel has set up on each node",
    wanted="one to each node",
    why="Pods of this node reach none of those. flannel itself may count as healthy, such as after its interface was deleted.",
    remedy="`systemctl restart flanneld`, which sets them up anew",
    explains=("pod-network-cut", "pod-network-names-silent", "pod-network-service-silent"),
)
def _no_way(facts: Facts) -> c.Iterator[Found]:
    networks = {facts.name_of(host.name): host["pod_network"] for host in facts.having("pod_network")}
    asked = {name: [peer for peer in own["peers"] if facts.host_of(peer["name"]) not in facts.silent] for name, own in networks.items()}
    missing = {name: [peer["name"] for peer in peers if not peer["known"]] for name, peers in asked.items()}
    without = [name for name in networks if missing[name] and len(missing[name]) == len(asked[name])]
    lost = {name for name in without if _lost_its_ways(name, missing, networks)}
    known = {peer["name"] for peers in asked.values() for peer in peers if peer["known"]}
    unreached = sorted({name for asker in missing if asker not in lost for name in missing[asker]} - known)
    for name in unreached:
        # nobody's fault but its own, such as a lease that it has lost
        yield Found(f"no node has a way to {name}", host=facts.host_of(name))
    for asker, names in missing.items():
        left = [name for name in names if name not in unreached]
        if left:
            yield Found(f"it has no way to {', '.join(left)}", host=facts.host_of(asker))


def _lost_its_ways(name: str, missing: c.Mapping[str, list[str]], networks: c.Mapping[str, Network]) -> bool:
    """Of a node that has no way to any: whether that is its own fault. With two nodes, the other one's own network tells."""
    return not _is_well(networks[name]) or all(_is_well(networks.get(other)) for other in missing[name])


def _is_well(network: Network | None) -> bool:
    return network is not None and bool(_subnet(network)) and bool(network["tunnel"]["up"])


@CHECKS.of_cluster(
    "pod-network-cut",
    ERROR,
    subject="the pod network",
    looks_at="the way from each node to others, by flannel's tunnel and in long packets",
    wanted="that each reaches each",
    why="Pods of these two nodes do not reach each other, nor services behind them.",
    remedy=f"allow UDP port {_PORT} between the hosts: `firewall-cmd --list-all`; see `journalctl -u flanneld -n 30`",
    explains=("pod-network-names-silent",),
)
def _cut(facts: Facts) -> c.Iterator[Found]:
    faults: dict[str, list[tuple[str, str]]] = {}
    for host in facts.having("pod_network"):
        for peer in host["pod_network"]["peers"]:
            if peer["fault"]:
                faults.setdefault(facts.host_of(peer["name"]), []).append((host.name, peer["fault"]))
    # Who is reached by nobody is the one to look at. Who reaches nobody is as well, and is named there once.
    for culprit, seen in _by_culprit(faults):
        places = ", ".join(name for name, _fault in seen)
        yield Found(f"not between {culprit} and {places}: {seen[0][1]}", host=culprit)


def _by_culprit(faults: c.Mapping[str, list[tuple[str, str]]]) -> c.Iterator[tuple[str, list[tuple[str, str]]]]:
    """Each pair once, with the host that has most of them."""
    pairs = {tuple(sorted((host, other))): fault for host, seen in faults.items() for other, fault in seen}
    counts: dict[str, int] = {}
    for pair in pairs:
        for host in pair:
            counts[host] = counts.get(host, 0) + 1
    left = dict(pairs)
    for host in sorted(counts, key=lambda name: (-counts[name], name)):
        own = {pair: fault for pair, fault in left.items() if host in pair}
        if own:
            yield host, [(pair[1] if pair[0] == host else pair[0], fault) for pair, fault in own.items()]
            left = {pair: fault for pair, fault in left.items() if pair not in own}


@CHECKS.of_host(
    "pod-network-proxy-silent",
    ERROR,
    subject="kube-proxy",
    looks_at="kube-proxy's page of health",
    wanted="healthy",
    why="Services are as they were when it ended: new pods get no connections, and pods that are gone still do.",
    remedy="see what it says: `journalctl -u kube-proxy -n 50 --no-pager`",
    explains=("pod-network-service-silent",),
)
def _proxy(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    if host["pod_network"]["proxy"]:
        yield Found(host["pod_network"]["proxy"])


@CHECKS.of_host(
    "pod-network-no-rules",
    ERROR,
    looks_at="kube-proxy's table of nftables",
    wanted="that it is there, where kube-proxy's mode is nftables",
    why="Somebody has flushed the rules. No service works until kube-proxy writes them anew.",
    remedy="`systemctl restart kube-proxy`; see who flushes: `systemctl status nftables`",
    needs=("pod_network", "firewall"),
    explains=("pod-network-service-silent", "pod-network-names-silent"),
)
def _rules(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    network = host["pod_network"]
    nftables = host["firewall"]["nftables"]
    asked = network["mode"] == "nftables" and not network["proxy"] and not nftables["fault"]
    if asked and _TABLE not in nftables["tables"]:
        yield Found(f"there is no table {_TABLE}")


@CHECKS.of_host(
    "pod-network-service-silent",
    ERROR,
    subject="the service of the API",
    looks_at="a connection from each node to the service of the API",
    wanted="that it is accepted",
    why="Pods of this node do not reach the API, and maybe no other service.",
    remedy="see `nft list table ip kube-proxy | head`, and `journalctl -u kube-proxy -n 30 --no-pager`",
)
def _service(host: HostFacts, facts: Facts) -> c.Iterator[Found]:
    if host["pod_network"]["service"]:
        yield Found(f"{facts.cluster['network']['api_service_address']}:443: {host['pod_network']['service']}")


@CHECKS.of_host(
    "pod-network-names-silent",
    ERROR,
    subject="the cluster's DNS",
    looks_at="a question from each node to the cluster's DNS",
    wanted="the address of the API's service",
    why="Pods of this node find no service by its name.",
    remedy="see `kubectl get pods -n kube-system -o wide` and `kubectl logs -n kube-system -l k8s-app=kube-dns`",
)
def _names(host: HostFacts, facts: Facts) -> c.Iterator[Found]:
    if host["pod_network"]["dns"]:
        yield Found(f"{facts.cluster['network']['dns_address']}: {host['pod_network']['dns']}")
