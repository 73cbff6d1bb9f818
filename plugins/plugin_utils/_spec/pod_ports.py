# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which ports of hosts pods reach. Pure.

firewalld trusts the interfaces of pods, and takes a pod for its host where flannel masquerades it. So nodes have rules of their own
for what comes from these interfaces: the rows of the port matrix that are for hosts alone are closed to it.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.firewall_service import Ports, ports
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.component_table import ETCD, FLANNELD
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.inputs import Reader, shown

_NAME = "cluster_pod_host_ports"
_OF_HOSTS = (ETCD.ports["client"], ETCD.ports["peer"], FLANNELD.ports["vxlan"])
# https://www.iana.org/assignments/protocol-numbers: the kernel's rules have numbers, and not every host has a file with the names.
_PROTOCOL_NUMBERS = {"vrrp": 112}


@dataclasses.dataclass(frozen=True)
class HostPorts:
    """``named``: the ports of their own host that pods reach besides those of the matrix; None: all that are not for hosts alone."""

    named: tuple[str, ...] | None


def read(reader: Reader) -> HostPorts | None:
    """Which ports of their own host pods reach; None if a value has a fault, which has been recorded."""
    if not reader.given(_NAME):
        return HostPorts(None)
    entries = reader.list_of_text(_NAME)
    if entries is None:
        return None
    for entry in entries:
        found = ports(entry)
        if found is None:
            reader.fault(_NAME, f"holds {shown(entry)}, which is no port with its protocol", "Write e.g. [9100/tcp, 9000-9010/udp]")
            continue
        closed = [port for port in _OF_HOSTS if found.protocol == port.protocol and found.low <= port.number <= found.high]
        if closed:
            what = " and ".join(f"{port.number}/{port.protocol}, the port of {port.purpose}" for port in closed)
            reader.fault(_NAME, f"holds {shown(entry)}, and so {what}: no pod reaches that", "Leave it out")
    return HostPorts(tuple(entries))


def rules(cluster: t.Mapping[str, t.Any], host: str) -> dict[str, t.Any]:
    """What the rules of a node say of packets from pods, as its template takes it.

    ``hosts``: the addresses of the cluster's hosts, the virtual one too. ``of_hosts``: the ports that no pod reaches at these, nor at
    any address of the node itself, by protocol. ``protocols``: further ones, by number. ``of_pods``: the ports of this node that pods
    reach in any case. ``all_others``: whether they reach the other ports of their own host too.
    """
    named = cluster["network"]["pod_host_ports"]
    own = set(cluster["nodes"][host]["roles"])
    of_hosts = [row for row in cluster["ports"] if not row["pods"]]
    of_pods = [row for row in cluster["ports"] if row["pods"] and own & set(row["roles"])]
    return {
        "hosts": _addresses(cluster),
        "of_hosts": _by_protocol(_of_rows(of_hosts)),
        "protocols": sorted(_PROTOCOL_NUMBERS[row["protocol"]] for row in of_hosts if not row["port"]),
        "of_pods": _by_protocol([*_of_rows(of_pods), *(found for text in named or () if (found := ports(text)) is not None)]),
        "all_others": named is None,
    }


def _addresses(cluster: t.Mapping[str, t.Any]) -> list[str]:
    found = [str(node["address"]) for node in cluster["nodes"].values()]
    api = cluster["api"]
    if api["mode"] == "vip" and api["host"] not in found and _is_address(api["host"]):
        found.append(api["host"])
    return found


def _is_address(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def _of_rows(rows: t.Iterable[t.Mapping[str, t.Any]]) -> list[Ports]:
    return [Ports(row["protocol"], row["port"], row["port"]) for row in rows if row["port"]]


def _by_protocol(found: t.Iterable[Ports]) -> dict[str, list[str]]:
    """As nftables has them. It takes no two that overlap."""
    merged: dict[str, list[Ports]] = {}
    for one in sorted(found):
        before = merged.setdefault(one.protocol, [])
        if before and one.low <= before[-1].high + 1:
            before[-1] = before[-1]._replace(high=max(before[-1].high, one.high))
        else:
            before.append(one)
    return {protocol: [_text(one) for one in some] for protocol, some in merged.items()}


def _text(one: Ports) -> str:
    return str(one.low) if one.low == one.high else f"{one.low}-{one.high}"
