# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cluster's networks: parsing and every check of one against another. All addresses are netaddr's."""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.libraries import netaddr
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.inputs import Reader
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.problems import Problems

# kube-apiserver: "for 32-bit addresses, the mask must be >= 12".
SERVICE_PREFIX_LOW = 12
# kube-apiserver wants at least 8 service addresses; the cluster's DNS has the tenth by default.
SERVICE_PREFIX_HIGH = 28
# kube-controller-manager: the node CIDR mask may be at most 16 bits longer than that of the cluster CIDR.
NODE_MASK_DIFFERENCE = 16
# The longest mask that leaves a node more than a handful of pods.
NODE_PREFIX_HIGH = 28
# The kubelet's default for maxPods.
KUBELET_MAX_PODS = 110
DOCKER_BRIDGE = "172.17.0.0/16"
IPV6_INSTEAD = "Write IPv4 only; IPv6 and dual stack are not supported by this version"

_UNUSABLE = (
    ("0.0.0.0/8", "the unspecified addresses"),
    ("127.0.0.0/8", "the loopback addresses"),
    ("169.254.0.0/16", "the link-local addresses"),
    ("224.0.0.0/4", "the multicast addresses"),
    ("240.0.0.0/4", "the reserved addresses"),
)


@dataclasses.dataclass(frozen=True)
class Networks:
    """The networks as far as they could be read; None for what was wrong."""

    pod: netaddr.IPNetwork | None
    service: netaddr.IPNetwork | None
    node_prefix: int | None
    dns: netaddr.IPAddress | None


def parse_address(text: str) -> netaddr.IPAddress | None:
    """An address in its full dotted form (``10.1`` and ``010.0.0.1`` are not) or an IPv6 address; else None."""
    try:
        address = netaddr.IPAddress(text, flags=netaddr.INET_PTON)
    except (netaddr.AddrFormatError, ValueError, TypeError):
        return None
    return address if address.version == 6 or str(address) == text else None


def parse_network(text: str) -> netaddr.IPNetwork | None:
    """A network with its prefix length, host bits allowed; None for anything else."""
    address, separator, prefix = text.partition("/")
    parsed = parse_address(address)
    if parsed is None or not separator or not (prefix.isascii() and prefix.isdigit()) or int(prefix) > (32 if parsed.version == 4 else 128):
        return None
    return netaddr.IPNetwork(f"{parsed}/{int(prefix)}")


def overlap(one: netaddr.IPNetwork, other: netaddr.IPNetwork) -> bool:
    return bool(one.first <= other.last and other.first <= one.last)


def unusable(network: netaddr.IPNetwork | netaddr.IPAddress) -> str:
    """The special range that this network or address touches, or nothing."""
    other = netaddr.IPNetwork(network)
    return next((name for special, name in _special_networks() if overlap(special, other)), "")


@functools.cache
def _special_networks() -> tuple[tuple[netaddr.IPNetwork, str], ...]:
    return tuple((netaddr.IPNetwork(network), name) for network, name in _UNUSABLE)


def read_networks(reader: Reader) -> Networks:
    """The cluster's networks, each for itself and against the others."""
    pod = _network(reader, "cluster_pod_cidr", "10.255.0.0/16")
    service = _network(reader, "cluster_service_cidr", "10.254.0.0/16")
    if service is not None:
        service = _service_size(reader, service)
    if pod is not None and service is not None and overlap(pod, service):
        reader.fault(
            "cluster_pod_cidr",
            f"overlaps the service network {service} (cluster_service_cidr)",
            "Give them separate networks, e.g. 10.255.0.0/16 for pods and 10.254.0.0/16 for services",
        )
    node_prefix = _node_prefix(reader, pod)
    return Networks(pod=pod, service=service, node_prefix=node_prefix, dns=_dns(reader, service))


def check_capacity(reader: Reader, problems: Problems, networks: Networks, *, nodes: int) -> None:
    """Whether every node can get its pod network, and every pod an address."""
    for name, network in (("cluster_pod_cidr", networks.pod), ("cluster_service_cidr", networks.service)):
        if network is not None and overlap(network, netaddr.IPNetwork(DOCKER_BRIDGE)):
            problems.warn(f"{name} {network} overlaps {DOCKER_BRIDGE}, the default of Docker's own bridge: move one of them")
    if networks.pod is None or networks.node_prefix is None:
        return
    available = 2 ** (networks.node_prefix - networks.pod.prefixlen)
    if available < nodes:
        needed = networks.node_prefix - (nodes - 1).bit_length()
        reader.fault(
            "cluster_pod_cidr",
            f"holds {available} node networks of /{networks.node_prefix}, and {nodes} hosts need one each",
            f"Write a network of /{needed} or larger, or a longer cluster_node_cidr_size",
        )
    usable = 2 ** (32 - networks.node_prefix) - 3  # without the network, the broadcast and the bridge's own address
    if usable < KUBELET_MAX_PODS:
        problems.warn(
            f"cluster_node_cidr_size {networks.node_prefix} gives each node {usable} pod addresses, fewer than the "
            f"{KUBELET_MAX_PODS} pods a kubelet accepts: pods beyond that stay in ContainerCreating; 24 gives enough"
        )


def _network(reader: Reader, name: str, example: str) -> netaddr.IPNetwork | None:
    text = reader.text(name)
    if text is None:
        return None
    if ":" in text or "," in text:
        reader.fault(name, "is not one IPv4 network", IPV6_INSTEAD)
        return None
    network = parse_network(text)
    if network is None:
        reader.fault(name, "is not a network in CIDR form", f"Write a network such as {example}")
        return None
    if network.ip != network.network:
        reader.fault(name, f"has bits set behind its prefix of {network.prefixlen}", f"Write {network.cidr}")
        return None
    special = unusable(network)
    if special:
        reader.fault(name, f"overlaps {special}", f"Write a private network such as {example}")
        return None
    return network


def _service_size(reader: Reader, service: netaddr.IPNetwork) -> netaddr.IPNetwork | None:
    if SERVICE_PREFIX_LOW <= service.prefixlen <= SERVICE_PREFIX_HIGH:
        return service
    size = "too large: the apiserver takes" if service.prefixlen < SERVICE_PREFIX_LOW else "too small: services and DNS need"
    reader.fault(
        "cluster_service_cidr",
        f"is {size} a prefix from /{SERVICE_PREFIX_LOW} to /{SERVICE_PREFIX_HIGH}",
        f"Write e.g. {service.ip}/{min(max(service.prefixlen, 16), 24)}",
    )
    return None


def _node_prefix(reader: Reader, pod: netaddr.IPNetwork | None) -> int | None:
    name = "cluster_node_cidr_size"
    prefix = reader.integer(name, low=8, high=NODE_PREFIX_HIGH)
    if prefix is None or pod is None:
        return prefix
    high = min(pod.prefixlen + NODE_MASK_DIFFERENCE, NODE_PREFIX_HIGH)
    if prefix < pod.prefixlen:
        reader.fault(
            name,
            f"asks for node networks larger than the pod network {pod}",
            f"Write a number from {pod.prefixlen} to {high}, or a larger cluster_pod_cidr",
        )
        return None
    if prefix > high:
        reader.fault(
            name,
            f"is more than {NODE_MASK_DIFFERENCE} bits longer than the prefix of {pod}, and the controller-manager refuses that",
            f"Write a number from {pod.prefixlen} to {high}",
        )
        return None
    return prefix


def _dns(reader: Reader, service: netaddr.IPNetwork | None) -> netaddr.IPAddress | None:
    name = "cluster_dns_address"
    default = netaddr.IPAddress(service.first + 10) if service is not None else None
    if not reader.given(name):
        return default
    text = reader.text(name)
    if text is None:
        return None
    address = parse_address(text)
    if address is None:
        reader.fault(name, "is not an IPv4 address", f"Write an address of the service network, e.g. {default or '10.254.0.10'}")
    elif address.version != 4:
        reader.fault(name, "is an IPv6 address", IPV6_INSTEAD)
    elif service is not None and address not in service:
        reader.fault(name, f"is outside the service network {service}", f"Write e.g. {default}, or nothing for that default")
    elif service is not None and int(address) in (service.first, service.last):
        reader.fault(
            name, f"is the first or last address of the service network {service}, which no service can have", f"Write e.g. {default}"
        )
    elif service is not None and int(address) == service.first + 1:
        reader.fault(name, "is the address of the service 'kubernetes', the first of the service network", f"Write e.g. {default}")
    else:
        return address
    return None


def as_dict(networks: Networks, *, node_port_range: str) -> dict[str, t.Any]:
    """``cluster.network``; only to be called when nothing was wrong."""
    if networks.pod is None or networks.service is None or networks.node_prefix is None or networks.dns is None:
        raise ValueError("the networks are incomplete")
    return {
        "pod_cidr": str(networks.pod),
        "service_cidr": str(networks.service),
        "node_cidr_size": networks.node_prefix,
        "dns_address": str(networks.dns),
        "api_service_address": str(netaddr.IPAddress(networks.service.first + 1)),
        "node_port_range": node_port_range,
    }
