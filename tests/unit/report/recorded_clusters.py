# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters as their hosts told them once, and larger ones made of these."""

from __future__ import annotations

import collections.abc as c
import copy
import functools
import json
import pathlib
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor import judging, registry
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.facts import Facts, HostFacts
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.report import Report
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.request import request
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._report.view import View, view
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.inputs import ClusterInputs
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.resolve import resolve

Object = dict[str, t.Any]

RECORD = pathlib.Path(__file__).parent / "recorded_lab.json"
MASTER, MINION, FAULTY = "k8s.master.dev", "k8s.minion1.dev", "k8s.minion2.dev"


@functools.cache
def _read() -> str:
    return RECORD.read_text(encoding="utf-8")


class Recorded:
    """What the four hosts of inventories/lab told while the kubelet of one was stopped. Changes are made to it."""

    def __init__(self) -> None:
        told = json.loads(_read())
        self.cluster: Object = told["cluster"]
        self.now: float = told["now"]
        self.hosts: dict[str, Object] = told["hosts"]
        self.controller: Object = told["controller"]
        self.silent: dict[str, str] = {}
        self.left_out: tuple[str, ...] = ()
        self.options: Object = {}

    def facts(self) -> Facts:
        hosts = {name: _host(name, told) for name, told in self.hosts.items() if name not in self.silent and name not in self.left_out}
        return Facts(self.cluster, hosts, self.now, self.silent, self.left_out, self.controller)

    def report(self, facts: Facts) -> Report:
        known = registry.checks()
        wanted = request(self.options, known)
        verdict = judging.judge((known[name] for name in wanted.checks), facts)
        name = str(self.cluster["name"])
        return Report(name, self.now, wanted, known, verdict, tuple(facts.hosts), self.silent, self.left_out)

    def view(self) -> View:
        facts = self.facts()
        return view(facts, self.report(facts))


def _host(name: str, told: Object) -> HostFacts:
    return HostFacts(name, told["facts"], told["gaps"], told["root"], told["ahead"], tuple(told["uncompared"]))


def of_hosts(groups: c.Mapping[str, c.Sequence[str]], variables: Object | None = None) -> Recorded:
    """A cluster with these groups. Each host tells what the recorded one of its kind told, with names and addresses of its own."""
    names = list(dict.fromkeys(name for hosts in groups.values() for name in hosts))
    addresses = {name: f"192.0.2.{number}" if number < 255 else f"198.51.100.{number - 254}" for number, name in enumerate(names, start=1)}
    shared = {"cluster_mirror": "https://192.0.2.254", "cluster_name": "example", **(variables or {})}
    inputs = ClusterInputs(
        variables=shared,
        hosts={name: {**shared, "ansible_host": address} for name, address in addresses.items()},
        groups={name: list(hosts) for name, hosts in groups.items()},
        inventory_directory="/srv/inventory",
    )
    found = Recorded()
    source = found.hosts
    source_cluster = found.cluster
    found.cluster = resolve(inputs).as_dict()
    found.hosts = {}
    for number, name in enumerate(names):
        kind = MASTER if name in groups["master"] or name in groups["etcd"] else MINION
        given, wanted = (source_cluster["nodes"][kind]["address"], found.cluster["nodes"][name]["address"])
        renames = {f'"{kind}': f'"{name}', given: wanted, '"machine_id": "': f'"machine_id": "{number}'}
        found.hosts[name] = _renamed(source[kind], renames)
    _nodes_of(found, source)
    return found


def _renamed(told: Object, renames: c.Mapping[str, str]) -> Object:
    text = json.dumps(told)
    for given, wanted in renames.items():
        text = text.replace(given, wanted)
    return t.cast(Object, json.loads(text))


def _nodes_of(found: Recorded, source: c.Mapping[str, Object]) -> None:
    """What apiservers and members of etcd tell of the others."""
    node = source[MASTER]["facts"]["control_plane"]["nodes"][0]
    nodes = [
        {**node, "name": name, "address": found.cluster["nodes"][name]["address"], "pod_cidr": f"10.255.{number}.0/24"}
        for number, name in enumerate(found.cluster["node_hosts"])
    ]
    members = [
        {"id": str(number), "name": one["name"], "peer_urls": [one["peer_url"]]}
        for number, one in enumerate(found.cluster["etcd"]["members"], start=1)
    ]
    for name, told in found.hosts.items():
        facts = told["facts"]
        if name in found.cluster["masters"]:
            facts["control_plane"] = {
                **facts["control_plane"],
                "nodes": copy.deepcopy(nodes),
                "pods_of_nodes": {one["name"]: 3 for one in nodes},
            }
        else:
            facts.pop("control_plane", None)
        own = next((member for member in members if member["name"] == found.cluster["nodes"][name]["name"]), None)
        if own is None:
            facts.pop("etcd", None)
        else:
            facts["etcd"]["own"].update(members=members, leader="1", member_id=own["id"])
