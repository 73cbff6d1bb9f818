# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of names and addresses: of each host, of the others, and of who finds names."""

from __future__ import annotations

import collections.abc as c
import ipaddress
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.check import ERROR, WARNING, Checks, Found
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.facts import Facts, HostFacts

CHECKS = Checks("names", "Names, addresses and networks of the hosts.", needs=("names",))

# Of programs that make networks of their own: pods, Docker, virtual machines.
_OF_PODS = ("cni", "flannel", "veth", "docker", "br-", "virbr", "lo", "kube-ipvs")
# What the C library and the kubelet take (resolv.conf(5); kubelet: validation.MaxDNSNameservers).
_MOST_SERVERS = 3


def _own_interfaces(host: HostFacts) -> list[c.Mapping[str, t.Any]]:
    return [one for one in host["names"]["interfaces"] if not one["name"].startswith(_OF_PODS)]


def _addresses(host: HostFacts) -> dict[str, str]:
    """By address without its network, the interface."""
    return {text.partition("/")[0]: one["name"] for one in host["names"]["interfaces"] for text in one["addresses"]}


@CHECKS.of_host(
    "names-address-missing",
    ERROR,
    looks_at="the addresses of the interfaces",
    wanted="the address of the host in the inventory",
    why="Certificates, etcd and the pod network are made for that address.",
    remedy="correct node_address or ansible_host in the inventory, or give the interface that address: `ip address`",
    bare=True,
    explains=("unit-unhealthy",),
)
def _missing(host: HostFacts, facts: Facts) -> c.Iterator[Found]:
    address = str(facts.cluster["nodes"][host.name]["address"])
    found = [f"{name} {text}" for text, name in _addresses(host).items() if not name.startswith(_OF_PODS)]
    if address not in _addresses(host) and not host["names"].get("gaps"):
        yield Found(f"none has {address}; there are {', '.join(found) or 'none'}", wanted=address)


@CHECKS.of_cluster(
    "names-address-twice",
    ERROR,
    looks_at="the addresses of all hosts",
    wanted="each address on one host",
    why="Packets go to one of them, now to this and now to that.",
    remedy="take it from one of them. A virtual address on two balancers: `journalctl -u keepalived -n 30`",
    bare=True,
)
def _twice(facts: Facts) -> c.Iterator[Found]:
    hosts: dict[str, list[str]] = {}
    for host in facts.having("names"):
        for one in _own_interfaces(host):
            for text in one["addresses"]:
                hosts.setdefault(text.partition("/")[0], []).append(f"{host.name} ({one['name']})")
    for address, places in hosts.items():
        if len(places) > 1:
            yield Found(f"{address} is on {', '.join(places)}")


@CHECKS.of_host(
    "names-networks-overlap",
    ERROR,
    looks_at="the networks of the interfaces",
    wanted="none that overlaps with those of pods and services",
    why="Hosts of such a network cannot be reached: packets to them go to pods or services.",
    remedy="give the cluster other networks before its first run: cluster_pod_cidr, cluster_service_cidr",
    bare=True,
)
def _overlap(host: HostFacts, facts: Facts) -> c.Iterator[Found]:
    network = facts.cluster["network"]
    taken = {name: ipaddress.ip_network(network[f"{name}_cidr"]) for name in ("pod", "service")}
    for one in _own_interfaces(host):
        for text in one["addresses"]:
            own = ipaddress.ip_interface(text).network
            for name, wanted in taken.items():
                if own.overlaps(wanted):
                    yield Found(f"{one['name']} is in {own}, which overlaps with the network of {name}s, {wanted}")


@CHECKS.of_host(
    "names-no-route",
    WARNING,
    looks_at="the routes of the host",
    wanted="a default route",
    why="Without one, connections of the host to addresses of services end before kube-proxy sees them.",
    remedy="see `ip route`; set a gateway in the profile: `nmcli connection modify NAME ipv4.gateway ADDRESS`",
    bare=True,
)
def _no_route(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    if not any(route["dst"] == "default" for route in host["names"]["routes"]) and not host["names"].get("gaps"):
        yield Found("no default route")


@CHECKS.of_host(
    "names-own-is-loopback",
    WARNING,
    looks_at="which address programs of the host get for its own name",
    wanted="the address of the host",
    why="Programs that listen on the address of their own name then answer nobody else.",
    remedy="take the name out of the line of 127.0.0.1 in /etc/hosts",
    bare=True,
)
def _loopback(host: HostFacts, facts: Facts) -> c.Iterator[Found]:
    own = host["names"]["own"]
    if own and all(ipaddress.ip_address(address).is_loopback for address in own):
        yield Found(f"{facts.name_of(host.name)} is {', '.join(own)}", wanted=str(facts.cluster["nodes"][host.name]["address"]))


@CHECKS.of_host(
    "names-of-others-wrong",
    WARNING,
    looks_at="names of the cluster's hosts in /etc/hosts",
    wanted="their addresses in the inventory",
    why="Who uses the name reaches another host, or none. The cluster itself goes by addresses.",
    remedy="take the line out of /etc/hosts, and run site.yml",
)
def _wrong(host: HostFacts, facts: Facts) -> c.Iterator[Found]:
    known = {node["name"]: str(node["address"]) for node in facts.cluster["nodes"].values()}
    own = facts.name_of(host.name)
    for address, *names in host["names"]["hosts"]:
        for name in names:
            if name in known and address != known[name] and ":" not in address and not (name == own and address.startswith("127.")):
                yield Found(
                    f"{name} is {address} there", wanted=known[name], remedy=f"`grep -n {name} /etc/hosts`; take the wrong line out"
                )


@CHECKS.of_host(
    "names-resolver-loop",
    ERROR,
    looks_at="the servers in the file of resolvers that pods get",
    wanted="servers that pods can reach",
    why="CoreDNS asks these servers. One on the loopback is CoreDNS itself: it ends with a loop.",
    remedy="set minion_resolv_conf to /run/systemd/resolve/resolv.conf, or name real servers in that file",
)
def _loop(host: HostFacts, facts: Facts) -> c.Iterator[Found]:
    path = host["names"]["of_pods"]
    servers = host["names"]["resolvers"].get(path, {}).get("servers", [])
    local = [server for server in servers if server.startswith("127.") or server == "::1"]
    if host.name in facts.cluster["node_hosts"] and local:
        yield Found(f"{path} has {', '.join(local)}")


@CHECKS.of_host(
    "names-resolver-missing",
    WARNING,
    looks_at="the file of resolvers that pods get",
    wanted="that it is there, with at least one server",
    why="Pods find no name outside of the cluster. The kubelet starts no pod if the file is missing.",
    remedy="name a server there, or in the profile: `nmcli connection modify NAME ipv4.dns ADDRESS`",
)
def _no_resolver(host: HostFacts, facts: Facts) -> c.Iterator[Found]:
    path = host["names"]["of_pods"]
    found = host["names"]["resolvers"].get(path)
    if host.name not in facts.cluster["node_hosts"] or not path or found is None:
        return
    if not found["exists"]:
        yield Found(f"there is no {path}")
    elif not found["servers"]:
        yield Found(f"{path} has no server")


@CHECKS.of_host(
    "names-resolvers-many",
    WARNING,
    looks_at="the file of resolvers that pods get",
    wanted="three servers at most",
    why="Only the first three are asked, and each pod gets a warning.",
    remedy="take the others out of the file",
)
def _many_resolvers(host: HostFacts, facts: Facts) -> c.Iterator[Found]:
    path = host["names"]["of_pods"]
    servers = host["names"]["resolvers"].get(path, {}).get("servers", [])
    if host.name in facts.cluster["node_hosts"] and len(servers) > _MOST_SERVERS:
        yield Found(f"{path} has {len(servers)} servers")


@CHECKS.of_cluster(
    "names-mtu-differs",
    WARNING,
    subject="MTU",
    looks_at="the MTU of the interfaces with the hosts' addresses",
    wanted="the same on all hosts",
    why="Large packets between the hosts get lost, and connections hang after they were made.",
    remedy="set the same on all: `nmcli connection modify NAME 802-3-ethernet.mtu SIZE`",
    bare=True,
)
def _mtu(facts: Facts) -> c.Iterator[Found]:
    sizes: dict[int, list[str]] = {}
    for host in facts.having("names"):
        address = str(facts.cluster["nodes"][host.name]["address"])
        for one in host["names"]["interfaces"]:
            if any(text.partition("/")[0] == address for text in one["addresses"]):
                sizes.setdefault(one["mtu"], []).append(host.name)
    if len(sizes) > 1:
        yield Found("; ".join(f"{size} on {', '.join(names)}" for size, names in sorted(sizes.items())))
