# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where nodes and administrators reach the API, and the names its certificates carry."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.libraries import netaddr
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import cidrs, naming, port_matrix
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.component_table import LOCAL_API_PORT
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.hosts import Node
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.inputs import Reader, nearest
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.problems import Problems
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.roles_of_hosts import Roles

MODES = ("direct", "vip", "local", "external")
# Milliseconds between two times that a proxy asks an apiserver whether it is ready; at most, this is doubled until the longest.
SHORTEST_CHECK_INTERVAL, LONGEST_CHECK_INTERVAL = 1000, 8000
# How often all proxies together may ask one apiserver, each second. An answer costs it 1.6 ms (docs/many-hosts.md).
CHECKS_OF_AN_APISERVER = 20


@dataclasses.dataclass(frozen=True)
class Endpoint:
    """The address nodes and clients use. ``host`` is an IPv4 address or a DNS name."""

    mode: str
    host: str
    port: int

    @property
    def url(self) -> str:
        return f"https://{self.host}:{self.port}" if self.host else ""


def choose_mode(roles: Roles) -> str:
    """The mode for a cluster that does not name one."""
    if roles.by_role["balancer"]:
        return "vip"
    return "local" if len(roles.by_role["master"]) > 1 else "direct"


def read_endpoint(
    reader: Reader, problems: Problems, roles: Roles, nodes: t.Mapping[str, Node], networks: cidrs.Networks, *, api_port: int | None
) -> Endpoint | None:
    """The API endpoint; None when there is a fault in it or when its master is not known.

    An etcd cluster of its own has no masters and no endpoint: mode ``none``, host and URL empty.
    """
    if not roles.by_role["master"] and reader.given("cluster_master_hosts") and api_port is not None:
        return Endpoint(mode="none", host="", port=api_port)
    mode = _mode(reader, roles)
    host = _host(reader)
    port = _port(reader, mode, api_port)
    if mode is None or host is None or port is None:
        return None
    if mode != "vip" and roles.by_role["balancer"]:
        problems.warn(f"in the API endpoint mode {mode!r} the balancers ({', '.join(roles.by_role['balancer'])}) have nothing to do")
    if mode == "vip" and len(roles.by_role["balancer"]) == 1:
        problems.warn(f"there is one balancer ({roles.by_role['balancer'][0]}), and the API is lost with it: a second one would take over")
    fault = _MODE_CHECKS[mode](roles, host, nodes, networks)
    if fault:
        reader.problem(_where(reader, mode), *fault)
        return None
    if not _port_fits(reader, roles, mode=mode, port=port, api_port=api_port):
        return None
    return _endpoint(mode, host, port, roles, nodes)


def proxy_hosts(endpoint: Endpoint, roles: Roles) -> tuple[str, ...]:
    """The hosts that run a proxy in front of the apiservers: balancers, or every host with a kubelet for itself."""
    if endpoint.mode == "vip":
        return roles.by_role["balancer"]
    return roles.nodes if endpoint.mode == "local" else ()


def check_interval(proxies: int) -> int:
    """Milliseconds between two times that each of so many proxies asks an apiserver whether it is ready.

    It is doubled, and not counted out, so that a host more or less seldom changes the configuration of all others.
    """
    interval = SHORTEST_CHECK_INTERVAL
    while interval < LONGEST_CHECK_INTERVAL and proxies * 1000 > CHECKS_OF_AN_APISERVER * interval:
        interval *= 2
    return interval


def _port(reader: Reader, mode: str | None, api_port: int | None) -> int | None:
    if reader.given("cluster_api_endpoint_port"):
        return reader.integer("cluster_api_endpoint_port", low=1, high=65535)
    return LOCAL_API_PORT if mode == "local" and api_port != LOCAL_API_PORT else api_port


def _port_fits(reader: Reader, roles: Roles, *, mode: str, port: int, api_port: int | None) -> bool:
    name = "cluster_api_endpoint_port"
    shared = [host for host in roles.by_role["balancer"] if host in roles.by_role["master"]]
    if mode == "direct" and port != api_port:
        wrong = f"differs from cluster_api_port {api_port}, and in mode {mode!r} nothing listens there"
        reader.fault(name, wrong, "Leave it out, or set cluster_api_port")
    elif mode == "local" and port == api_port:
        wrong = f"needs a port of its own on 127.0.0.1, and {port} is the one of the apiservers (cluster_api_port)"
        reader.problem(_where(reader, mode), wrong, f"Set {name} to another port, e.g. 8443")
    elif mode == "vip" and shared and port == api_port:
        wrong = f"needs port {port} on {shared[0]} for the balancer, and the apiserver of that host has it"
        reader.problem(_where(reader, mode), wrong, f"Set {name} to another port, e.g. 8443")
    elif mode in ("vip", "local") and port in port_matrix.TAKEN:
        reader.fault(name, f"is the port of {port_matrix.TAKEN[port]}", "Use another port, e.g. 8443")
    else:
        return True
    return False


def apiserver_names(
    reader: Reader, roles: Roles, nodes: t.Mapping[str, Node], endpoint: Endpoint, *, domain: str, service_address: str
) -> dict[str, list[str]]:
    """The subject alternative names of every apiserver: any of them is valid for any master."""
    dns = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", f"kubernetes.default.svc.{domain}", "localhost"]
    ips = ["127.0.0.1", service_address]
    for host in roles.by_role["master"]:
        dns.append(nodes[host].name)
        ips.append(nodes[host].address)
    for name in [endpoint.host, *(reader.list_of_text("cluster_api_extra_sans") or [])]:
        address = cidrs.parse_address(name)
        if address is not None:
            ips.append(str(address))
        else:
            dns.append(name.lower())
    return {"dns": list(dict.fromkeys(dns)), "ips": list(dict.fromkeys(ips))}


def check_extra_names(reader: Reader) -> None:
    """User's names for the certificates."""
    for name in reader.list_of_text("cluster_api_extra_sans") or []:
        if cidrs.parse_address(name) is None and naming.subdomain_fault(name.lower().removeprefix("*.")):
            reader.fault(
                "cluster_api_extra_sans",
                f"holds {name!r}, which is neither a DNS name nor an IP address",
                "Write e.g. [api.example.org, 192.0.2.10]",
            )


def _where(reader: Reader, mode: str) -> str:
    return f"{reader.where('cluster_api_endpoint_mode')}, which is {mode!r},"


def _mode(reader: Reader, roles: Roles) -> str | None:
    name = "cluster_api_endpoint_mode"
    if not reader.given(name):
        return choose_mode(roles)
    text = reader.text(name)
    if text is None:
        return None
    if text not in MODES:
        near = nearest(text, MODES)
        reader.fault(
            name, f"is not one of {', '.join(MODES)}", f"Did you mean {near}?" if near else "Write direct for a cluster with one master"
        )
        return None
    return text


def _host(reader: Reader) -> str | None:
    """The given endpoint host; empty when none is given, None when it cannot be one."""
    text = reader.text("cluster_api_endpoint_host")
    if not text:
        return text
    address = cidrs.parse_address(text)
    if address is not None and (address.version == 6 or cidrs.unusable(address)):
        wrong = "is an IPv6 address" if address.version == 6 else f"is one of {cidrs.unusable(address)}, which no other host can reach"
        reader.fault(
            "cluster_api_endpoint_host", wrong, "Write the IPv4 address or DNS name by which nodes and administrators reach the API"
        )
        return None
    if address is None and (naming.subdomain_fault(text.lower()) or text.replace(".", "").isdigit()):
        reader.fault(
            "cluster_api_endpoint_host",
            "is neither an IPv4 address nor a DNS name",
            "Write e.g. api.example.org, without https:// and without a port (that is cluster_api_endpoint_port)",
        )
        return None
    return text.lower()


Fault = tuple[str, str] | None


def _direct_fault(roles: Roles, host: str, nodes: t.Mapping[str, Node], networks: cidrs.Networks) -> Fault:
    masters = roles.by_role["master"]
    if len(masters) > 1:
        return (
            f"sends everybody to one master, and there are {len(masters)}: {', '.join(masters)}",
            "Keep one master in the group, or choose the mode local, vip or external",
        )
    address = cidrs.parse_address(host)
    return _inside(address, networks) if address is not None else None


def _vip_fault(roles: Roles, host: str, nodes: t.Mapping[str, Node], networks: cidrs.Networks) -> Fault:
    if not roles.by_role["balancer"]:
        return (
            "needs hosts that hold the virtual address, and there is no balancer",
            "Put hosts into the group 'balancer', or choose another mode",
        )
    address = cidrs.parse_address(host)
    if address is None:
        return (
            "needs a virtual address in cluster_api_endpoint_host",
            "Set cluster_api_endpoint_host to a free IPv4 address of the balancers' network",
        )
    owner = next((node.host for node in nodes.values() if node.address == host), None)
    if owner:
        return (
            f"needs an address of its own, and cluster_api_endpoint_host {host} is the address of {owner}",
            "Set cluster_api_endpoint_host to a free IPv4 address of the balancers' network",
        )
    return _inside(address, networks)


def _local_fault(roles: Roles, host: str, nodes: t.Mapping[str, Node], networks: cidrs.Networks) -> Fault:
    if host and host != "127.0.0.1":
        return (
            f"has every node balance for itself on 127.0.0.1, and cluster_api_endpoint_host is {host}",
            "Leave cluster_api_endpoint_host out, or choose the mode external",
        )
    return None


def _external_fault(roles: Roles, host: str, nodes: t.Mapping[str, Node], networks: cidrs.Networks) -> Fault:
    if not host:
        return "needs the address of your load balancer", "Set cluster_api_endpoint_host to its IPv4 address or DNS name"
    address = cidrs.parse_address(host)
    return _inside(address, networks) if address is not None else None


def _inside(address: netaddr.IPAddress, networks: cidrs.Networks) -> Fault:
    for name, network in (("cluster_pod_cidr", networks.pod), ("cluster_service_cidr", networks.service)):
        if network is not None and address in network:
            return (
                f"has the address {address} inside {network} ({name})",
                "Set cluster_api_endpoint_host to an address outside the pod and service networks",
            )
    return None


_MODE_CHECKS: t.Mapping[str, t.Callable[[Roles, str, t.Mapping[str, Node], cidrs.Networks], Fault]] = {
    "direct": _direct_fault,
    "vip": _vip_fault,
    "local": _local_fault,
    "external": _external_fault,
}


def _endpoint(mode: str, host: str, port: int, roles: Roles, nodes: t.Mapping[str, Node]) -> Endpoint | None:
    if mode == "local":
        return Endpoint(mode=mode, host="127.0.0.1", port=port)
    if mode == "direct" and not host:
        master = next((nodes[name] for name in roles.by_role["master"] if name in nodes), None)
        return Endpoint(mode=mode, host=master.address, port=port) if master else None
    return Endpoint(mode=mode, host=host, port=port)
