# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts of the cluster: what each is called, where it is reached, and the labels and taints of its Node."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.listed import at_most
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.libraries import netaddr
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.plain_data import plain
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import cidrs, naming
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.inputs import ClusterInputs, Reader, Unusable, nearest, shown
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.problems import Problems
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.roles_of_hosts import Roles
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.variables import CLUSTER

CONTROL_PLANE_TAINT = {"key": "node-role.kubernetes.io/control-plane", "value": "", "effect": "NoSchedule"}


@dataclasses.dataclass(frozen=True)
class Node:
    """One host of the cluster."""

    host: str
    name: str
    address: str
    interface: str
    roles: tuple[str, ...]
    labels: t.Mapping[str, str]
    taints: tuple[t.Mapping[str, str], ...]


def read_nodes(inputs: ClusterInputs, problems: Problems, roles: Roles) -> dict[str, Node]:
    """Every host with its name, address, labels and taints; hosts with a fault are left out."""
    default_interface = _interface(Reader(inputs, problems), "cluster_interface") or ""
    nodes: dict[str, Node] = {}
    names: dict[str, str] = {}
    addresses: dict[str, str] = {}
    for host in roles.all:
        reader = Reader(inputs, problems, host=host)
        name = _name(reader, host, kubelet=host in roles.nodes)
        address = _address(inputs, reader, roles, host)
        labels = _labels(reader)
        taints = _taints(reader)
        interface = _interface(reader, "node_interface") or default_interface
        if name is not None and not _taken(reader, "node_name", name, names, host):
            names[name] = host
        if address is not None and not _taken(reader, "node_address", address, addresses, host):
            addresses[address] = host
        if name is None or address is None:
            continue
        if address.endswith((".0", ".255")):
            problems.warn(f"the address {address} of {host} is a network or broadcast address in most networks")
        own_roles = roles.of(host)
        own = [dict(CONTROL_PLANE_TAINT)] if "master" in own_roles and "minion" not in own_roles else []
        runs_kubelet = host in roles.nodes
        nodes[host] = Node(
            host=host,
            name=name,
            address=address,
            interface=interface,
            roles=own_roles,
            labels=labels if runs_kubelet else {},
            taints=tuple(own + [taint for taint in taints if taint not in own]) if runs_kubelet else (),
        )
    return nodes


def check_separation(reader: Reader, nodes: t.Mapping[str, Node], networks: cidrs.Networks) -> None:
    """No host may have an address of the pods or of the services."""
    for name, network in (("cluster_pod_cidr", networks.pod), ("cluster_service_cidr", networks.service)):
        inside = [
            f"{node.host} ({node.address})" for node in nodes.values() if network is not None and netaddr.IPAddress(node.address) in network
        ]
        if inside:
            wrong = f"holds the address of {at_most(3, inside)}; hosts, pods and services must have separate networks"
            reader.fault(
                name, wrong, "Write a network that holds no host's address, e.g. 10.255.0.0/16 for pods, 10.254.0.0/16 for services"
            )


def check_equality(inputs: ClusterInputs, problems: Problems, roles: Roles) -> None:
    """A variable of the whole cluster must not differ from host to host: the run would depend on which host asks."""
    reader = Reader(inputs, problems)
    if not roles.all:
        return
    first, *others = roles.all
    for name in CLUSTER:
        expected = plain(inputs.hosts[first].get(name))
        for host in others:
            value = plain(inputs.hosts[host].get(name))
            if value != expected:
                found = f"differs between hosts: {first} has {_or_nothing(expected)}, {host} has {_or_nothing(value)}"
                reader.problem(reader.where(name), found, "It is a variable of the whole cluster: set it once, in group_vars/all")
                break


def _or_nothing(value: t.Any) -> str:
    return "none" if value is None else shown(value)


def _taken(reader: Reader, variable: str, value: str, seen: t.Mapping[str, str], host: str) -> bool:
    if value not in seen:
        return False
    what = "name" if variable == "node_name" else "address"
    reader.problem(
        reader.where(variable), f"gives {host} the {what} {value}, which {seen[value]} has already", f"Give every host its own {variable}"
    )
    return True


def _name(reader: Reader, host: str, *, kubelet: bool) -> str | None:
    given = reader.given("node_name")
    text = reader.text("node_name") if given else host
    if text is None:
        return None
    name = text.lower()
    fault = naming.subdomain_fault(name) or naming.certificate_fault(name, kubelet=kubelet)
    if not fault:
        return name
    subject = reader.where("node_name") if given else f"the inventory name {host}"
    reader.problem(
        subject,
        f"makes the node name {shown(name)}, which {fault}",
        f"Set node_name of this host, e.g. node_name: {naming.mended_name(name, room=naming.name_room(kubelet=kubelet))}",
    )
    return None


def _address(inputs: ClusterInputs, reader: Reader, roles: Roles, host: str) -> str | None:
    """The host's address in the cluster: node_address, else ansible_host or the inventory name when they are addresses."""
    instead = f"Set node_address of {host} to the IPv4 address by which the other hosts reach it"
    if reader.given("node_address"):
        source, text = "node_address", reader.text("node_address")
        if text is None:
            return None
    else:
        connection = inputs.hosts[host].get("ansible_host")
        if isinstance(connection, Unusable):
            reader.problem(reader.where("ansible_host"), f"cannot be evaluated: {connection.reason}", instead)
            return None
        source, text = (
            ("ansible_host", str(connection).strip()) if isinstance(connection, str) and connection.strip() else ("inventory name", host)
        )
    address = cidrs.parse_address(text)
    subject = reader.where(source) if source != "inventory name" else f"host {host}"
    if address is None and source == "inventory name":
        # A group that misspells a host makes another host in Ansible, and the one that was meant is left without a role.
        near = nearest(host, [other for other in inputs.hosts if other not in roles.all], cutoff=0.8)
        hint = f"Did you mean {near}, which is in no group of the cluster? Otherwise s{instead[1:]}" if near else instead
        reader.problem(subject, "has no address: neither node_address nor ansible_host is set", hint)
        return None
    if address is None:
        hint = f"Correct ansible_host of {host}, or s{instead[1:]}" if source == "ansible_host" else instead
        reader.problem(subject, f"is {shown(text)}: it is not an IP address", hint)
        return None
    fault = _address_fault(address)
    if fault:
        reader.problem(subject, f"is {address}: {fault}", cidrs.IPV6_INSTEAD if address.version == 6 else instead)
        return None
    return str(address)


def _address_fault(address: netaddr.IPAddress) -> str:
    if address.version == 6:
        return "it is an IPv6 address"
    special = cidrs.unusable(address)
    if special:
        return f"it is one of {special}, which no other host can reach"
    return ""


def _interface(reader: Reader, name: str) -> str | None:
    text = reader.text(name)
    fault = naming.interface_fault(text) if text else ""
    if fault:
        reader.fault(
            name,
            fault,
            "Write the interface that carries the cluster's traffic, e.g. eth1, or nothing for the one that has the host's address",
        )
        return None
    return text


def _labels(reader: Reader) -> dict[str, str]:
    labels = reader.mapping("node_labels") or {}
    for key, value in labels.items():
        fault = naming.qualified_fault(key)
        if fault:
            reader.fault("node_labels", f"has the key {key!r}, which {fault}", "Write e.g. node_labels: {example.org/rack: r1}")
        elif naming.self_label_fault(key):
            reader.fault(
                "node_labels",
                f"has the key {key!r}, which {naming.self_label_fault(key)}",
                "Use a domain of your own, or set it with kubectl label once the node is there",
            )
        fault = naming.label_value_fault(value)
        if fault:
            reader.fault(
                "node_labels", f"gives {key!r} the value {shown(value)}, which {fault}", "Write e.g. node_labels: {example.org/rack: r1}"
            )
    return labels


def _taints(reader: Reader) -> list[dict[str, str]]:
    taints: list[dict[str, str]] = []
    for entry in reader.list_of_any("node_taints") or []:
        taint = _taint(entry)
        fault = "is not of the form key=value:Effect or key:Effect" if taint is None else _taint_fault(taint)
        if fault or taint is None:
            reader.fault(
                "node_taints", f"holds {shown(entry)}, which {fault}", 'Write e.g. node_taints: ["example.org/dedicated=batch:NoSchedule"]'
            )
        elif any(other["key"] == taint["key"] and other["effect"] == taint["effect"] for other in taints):
            reader.fault("node_taints", f"has {taint['key']}:{taint['effect']} twice", "Keep one of them")
        else:
            taints.append(taint)
    return taints


def _taint(entry: t.Any) -> dict[str, str] | None:
    if isinstance(entry, dict):
        known = {"key", "value", "effect"}
        if not {"key", "effect"} <= set(entry) <= known or not all(isinstance(part, str) for part in entry.values()):
            return None
        return {"key": entry["key"], "value": entry.get("value", ""), "effect": entry["effect"]}
    if not isinstance(entry, str) or ":" not in entry:
        return None
    rest, _colon, effect = entry.rpartition(":")
    key, _equals, value = rest.partition("=")
    return {"key": key, "value": value, "effect": effect}


def _taint_fault(taint: t.Mapping[str, str]) -> str:
    if taint["effect"] not in naming.TAINT_EFFECTS:
        return f"has the effect {taint['effect']!r}; there are {', '.join(naming.TAINT_EFFECTS)}"
    fault = naming.qualified_fault(taint["key"])
    if fault:
        return f"has the key {taint['key']!r}, which {fault}"
    fault = naming.label_value_fault(taint["value"])
    return f"has the value {taint['value']!r}, which {fault}" if fault else ""
