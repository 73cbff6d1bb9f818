# SPDX-License-Identifier: GPL-3.0-or-later
"""Which ports of hosts are open from where, as packets find out, beside the matrix that firewalld is configured from."""

from __future__ import annotations

import collections.abc as c
import concurrent.futures
import dataclasses
import json
import pathlib
import sys
import typing as t

import yaml

from . import checks
from .driver import Cluster

PROGRAM = pathlib.Path(__file__).with_name("port_scan.py")
OUTSIDE = "a machine outside"
SSH = 22
_LOOPBACK = ("127.", "[::1]")
Ports = dict[str, list[int]]


@dataclasses.dataclass(frozen=True)
class Matrix:
    """``hosts``: addresses by name. ``nodes``: the hosts that have a kubelet, and so the NodePorts of ``node_ports``."""

    rows: list[dict[str, t.Any]]
    hosts: dict[str, str]
    roles: dict[str, set[str]]
    nodes: set[str]
    node_ports: set[int]

    def lets_in(self, target: str, *, source: str, pod: bool = False) -> Ports:
        """What is to be open on a host from the address of another, or from a pod of that one."""
        found = self._of(target, lambda row: (row["pods"] or not pod) and (not row["sources"] or source in row["sources"]))
        return {"tcp": sorted({*found["tcp"], SSH, *self._node_ports(target)}), "udp": sorted(found["udp"])}

    def lets_in_own_pods(self, target: str, held: Ports) -> Ports:
        """What is to be open on a host from its own pods: all that is not for hosts alone."""
        closed = {(row["protocol"], row["port"]) for row in self.rows if not row["pods"]}
        tried = {"tcp": {*held["tcp"], *self._node_ports(target)}, "udp": {*held["udp"], *self.all_of(target)["udp"]}}
        return {protocol: sorted(port for port in ports if (protocol, port) not in closed) for protocol, ports in tried.items()}

    def all_of(self, target: str) -> Ports:
        """What is to be open on a host from anywhere at all."""
        return {protocol: sorted(ports) for protocol, ports in self._of(target, lambda _row: True).items()}

    def _node_ports(self, target: str) -> set[int]:
        return self.node_ports if target in self.nodes else set()

    def _of(self, target: str, chosen: c.Callable[[dict[str, t.Any]], bool]) -> dict[str, set[int]]:
        rows = [row for row in self.rows if self.roles[target] & set(row["roles"]) and chosen(row)]
        return {protocol: {row["port"] for row in rows if row["protocol"] == protocol} for protocol in ("tcp", "udp")}


def matrix(cluster: Cluster, *options: str) -> Matrix:
    """That of the inventory and these options of ansible-playbook, with the services that the cluster has."""
    run = cluster.playbook("tests/cluster/playbooks/ports.yml", *options)
    (told,) = [result["msg"] for result in run.results if result["task"] == "Tell the ports"]
    inventory = yaml.safe_load((cluster.inventory / "hosts.yml").read_text(encoding="utf-8"))["all"]
    hosts = {host: variables["ansible_host"] for host, variables in inventory["hosts"].items()}
    roles = {host: {group for group, members in inventory["children"].items() if host in members["hosts"]} for host in hosts}
    nodes = {node["metadata"]["name"] for node in cluster.kubectl_json("get", "nodes")["items"]}
    services = cluster.kubectl_json("get", "services", "--all-namespaces")["items"]
    node_ports = {port["nodePort"] for service in services for port in service["spec"]["ports"] if port.get("nodePort")}
    return Matrix(json.loads(told), hosts, roles, nodes, node_ports)


def listening(cluster: Cluster, host: str) -> Ports:
    """The ports at which programs of a host wait for others, at any address but the loopback's."""
    found: dict[str, set[int]] = {"tcp": set(), "udp": set()}
    for line in cluster.on(host, "ss -Hlntu").splitlines():
        protocol, _state, _received, _sent, local, *_rest = line.split()
        address, _colon, port = local.rpartition(":")
        if not address.startswith(_LOOPBACK):
            found[protocol].add(int(port))
    return {protocol: sorted(ports) for protocol, ports in found.items()}


def seen_from(cluster: Cluster, source: str, asked: c.Mapping[str, Ports], *, pod: str = "") -> dict[str, Ports]:
    """What of it answers a host, the machine outside, or a pod of a host."""
    text = json.dumps(asked)
    if source == OUTSIDE:
        done = cluster.lab("run", sys.executable, str(PROGRAM), input=text)
    else:
        inside = (
            f"nsenter --net --target $(docker inspect --format '{{{{.State.Pid}}}}' $(docker ps -q -f name=k8s_POD_{pod}_)) " if pod else ""
        )
        done = cluster.lab("exec", source, "sh", "-c", f'{inside}python3 -c "$0"', PROGRAM.read_text(encoding="utf-8"), input=text)
    answer: dict[str, Ports] = json.loads(done.stdout)
    return answer


def are_the_matrix(cluster: Cluster, wanted: Matrix, *, probed: c.Collection[str]) -> None:
    """From each host to each other, from outside, and from a pod of each of the hosts ``probed``, which have checks.start_probes.

    Every port is tried that somebody listens at, or that the matrix has. A pod reaches its own host through an interface that the
    firewall trusts; at others it has the address of its host.
    """
    held = {host: listening(cluster, host) for host in wanted.hosts}

    def compare(source: str, pod: str) -> None:
        address_of = wanted.hosts.get(source, "")
        targets = {host: address for host, address in wanted.hosts.items() if host != source or pod}
        let_in = {host: wanted.lets_in(host, source=address_of, pod=bool(pod)) for host in targets if host != source}
        if pod:
            let_in[source] = wanted.lets_in_own_pods(source, held[source])
        asked = {address: _together(held[host], wanted.all_of(host), let_in[host]) for host, address in targets.items()}
        seen = seen_from(cluster, source, asked, pod=pod)
        assert {host: seen[address] for host, address in targets.items()} == let_in, f"from {pod or source}"

    sources = [(OUTSIDE, ""), *((host, "") for host in wanted.hosts), *((host, checks.probe(host)) for host in probed)]
    with concurrent.futures.ThreadPoolExecutor() as threads:
        for done in [threads.submit(compare, source, pod) for source, pod in sources]:
            done.result()


def _together(*ports: Ports) -> Ports:
    return {protocol: sorted({port for some in ports for port in some[protocol]}) for protocol in ("tcp", "udp")}


def no_others_answer(cluster: Cluster) -> None:
    """Of all TCP ports of every host, those of the matrix answer a machine outside. It takes minutes."""
    wanted = matrix(cluster)
    for host, address in wanted.hosts.items():
        seen = seen_from(cluster, OUTSIDE, {address: {"tcp": list(range(1, 65536)), "udp": []}})
        assert seen[address]["tcp"] == wanted.lets_in(host, source="")["tcp"], host
