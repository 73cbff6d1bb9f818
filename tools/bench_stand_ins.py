# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab with a growing cluster, for tools/bench-scale: one master and one worker are hosts, tools/stand_ins.sh simulates the others."""

from __future__ import annotations

import json
import re
import sys
import time
from typing import Any

import yaml
from bench_runs import ROOT, Timed, changed, copied, ping, say, timed
from bench_trees import Tree

INVENTORY = "inventories/two-node"
MASTER, WORKER = "k8s.master.dev", "k8s.minion1.dev"
# Addresses of stand-ins: networks of their own from this one on, because that of the hosts has room for 140 only.
_FIRST_NETWORK, _IN_A_NETWORK = (192, 168, 201), 250
_SETTINGS = """\
# no kubelet renews the status of the Nodes of stand-ins
master_controller_manager_arguments: {node-monitor-grace-period: 24h}
# room for 1024 Nodes
cluster_pod_cidr: 10.192.0.0/14
"""
_ATTEMPTS = 3
_SECONDS_FOR_A_LEADER = 60


def network(number: int) -> str:
    """The first three bytes of the addresses of a stand-in's network."""
    first, second, third = _FIRST_NETWORK
    return f"{first}.{second}.{third + number // _IN_A_NETWORK}"


def address(number: int) -> str:
    return f"{network(number)}.{number % _IN_A_NETWORK + 1}"


class Cluster:
    """Its hosts are there for all trees. The first tree brings them in."""

    def __init__(self, trees: list[Tree]) -> None:
        self.trees = trees
        self.inventory = copied(INVENTORY, name="scale")
        self.stand_ins: dict[str, str] = {}
        self._hosts = (self.inventory / "hosts.yml").read_text(encoding="utf-8")

    def start(self) -> None:
        (self.inventory / "group_vars" / "all" / "scale.yml").write_text(_SETTINGS, encoding="utf-8")
        timed("lab/lab", "up", str(self.inventory))
        self._ssh_config = (self.inventory / "ssh_config").read_text(encoding="utf-8")
        say(self.site(self.trees[0]), "bare hosts: one master, one worker")

    def grow(self, workers: int) -> Timed:
        """Gives the cluster this number of workers, of which all but one are stand-ins. Returns the run that brings the last one in."""
        wanted = {f"worker-{number:03}": address(number) for number in range(workers - 1)}
        self._create_nodes([name for name in wanted if name not in self.stand_ins])
        self.stand_ins = wanted
        self._write_inventory()
        tree = self.trees[0]
        say(self.site(tree, "--limit", f"{MASTER},{WORKER}"), f"{workers} workers: the two real hosts")
        self._create_stand_ins()
        last = list(wanted)[-1]
        # They share one firewall with the worker, and at their first run all of them write the same files of it at once.
        brought = self.site(tree, "--limit", f"all:!{last}", attempts=_ATTEMPTS)
        say(brought, f"{workers} workers: stand-ins brought in, all but one")
        added = self.site(tree, "--limit", last)
        say(added, f"{workers} workers: the last one alone, by --limit")
        say(self.site(tree, "--limit", f"{MASTER},{last}"), f"{workers} workers: the labels of the last Node, which the master gives it")
        return added

    def changing_nothing(self, tree: Tree) -> Timed:
        """A run without changes. Before it, another tree may leave something to do."""
        for _attempt in range(_ATTEMPTS):
            run = self.site(tree)
            say(run, f"{tree.name}: all hosts again")
            if not changed(run.output):
                return run
        sys.exit(f"{_ATTEMPTS} runs changed something, so there is none that can be measured as a run without changes:\n{run.output}")

    def examined(self) -> Timed:
        """A run of the doctor. What it finds of stand-ins does not count: they have no pod network, and no Docker of their own."""
        run = self.trees[0].playbook("doctor.yml", self.inventory, "--extra-vars", "doctor_fail_on=never", memory=True)
        say(run, "the doctor")
        return run

    def pinged(self) -> Timed:
        run = ping(self.inventory)
        say(run, "ping")
        return run

    def site(self, tree: Tree, *arguments: str, attempts: int = 1) -> Timed:
        # Stand-ins have no pod network of their own that could be checked.
        return tree.site(self.inventory, "--skip-tags", "pod_network", *arguments, memory=True, attempts=attempts)

    def _write_inventory(self) -> None:
        """Adds the stand-ins to the group minion, and to ssh_config: they have the host key of the worker."""
        content: dict[str, Any] = yaml.safe_load(self._hosts)
        for name, own in self.stand_ins.items():
            content["all"]["hosts"][name] = {"ansible_host": own}
            content["all"]["children"]["minion"]["hosts"][name] = None
        (self.inventory / "hosts.yml").write_text(yaml.safe_dump(content), encoding="utf-8")
        common = re.split(r"^Host .*\n", self._ssh_config, flags=re.MULTILINE)[-1]
        block = f"Host {' '.join(self.stand_ins.values())}\n  Port 2222\n  HostKeyAlias {WORKER}\n{common}"
        (self.inventory / "ssh_config").write_text(self._ssh_config + block, encoding="utf-8")

    def _create_stand_ins(self) -> None:
        for own in sorted({network(number) for number in range(len(self.stand_ins))}):
            timed("lab/lab", "run", "ip", "route", "replace", f"{own}.0/24", "dev", "br0")
        script = (ROOT / "tools" / "stand_ins.sh").read_text(encoding="utf-8")
        subnets = self._subnets()
        arguments = [f"{name}={own}={subnets[name]}" for name, own in self.stand_ins.items()]
        self._ssh("sh", "-s", "--", "eth0", *arguments, given=script)

    def _subnets(self) -> dict[str, str]:
        """The pod CIDR of each Node. After a restart, kube-controller-manager gives none until its lease from before has ended."""
        path = "{range .items[*]}{.metadata.name}={.spec.podCIDR} {end}"
        for _attempt in range(_SECONDS_FOR_A_LEADER):
            listed = self._ssh("kubectl", "get", "nodes", "--output", f"'jsonpath={path}'", given="", host=MASTER).output.split()
            subnets = dict(entry.split("=") for entry in listed)
            if all(subnets.values()):
                return subnets
            time.sleep(1)
        sys.exit(f"Nodes without a pod CIDR: {', '.join(name for name, subnet in subnets.items() if not subnet)}")

    def _create_nodes(self, names: list[str]) -> None:
        """Creates the Node objects of the stand-ins, as kubelets would, but without room for pods."""
        no_room = {"cpu": "0", "memory": "0", "pods": "0"}
        status = {"conditions": [{"type": "Ready", "status": "True", "reason": "StandIn"}], "capacity": no_room, "allocatable": no_room}
        # what flanneld would write
        prefix = "flannel.alpha.coreos.com"
        annotations = {f"{prefix}/kube-subnet-manager": "true", f"{prefix}/backend-type": "stand-in"}
        nodes = [
            {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "annotations": annotations}, "status": status} for name in names
        ]
        listed = json.dumps({"apiVersion": "v1", "kind": "List", "items": nodes})
        self._ssh("kubectl", "create", "--filename", "-", given=listed, host=MASTER)

    def _ssh(self, *command: str, given: str, host: str = WORKER) -> Timed:
        return timed("ssh", "-F", str(self.inventory / "ssh_config"), host, *command, given=given)
