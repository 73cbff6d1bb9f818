# SPDX-License-Identifier: GPL-3.0-or-later
"""What a variable changes: the spec, and what tasks and templates say. A program of its own, because Ansible's finder of collections has to
be there before anything of a collection is imported.

Reads a JSON list of cases from standard input, ``{"name", "value", "context"}``, and prints a JSON list of what changes for each.
``value`` null asks for the first of the values that the resolver takes.
"""

from __future__ import annotations

import collections
import itertools
import json
import pathlib
import re
import sys
import typing as t
import unittest.mock

from ansible.plugins.loader import init_plugin_loader

ROOT = pathlib.Path(__file__).parents[3]
init_plugin_loader([str(ROOT / ".collections")])
sys.path[:0] = [str(ROOT / "tests/unit/spec")]

import rendered_roles  # noqa: E402
import spec_inventory  # noqa: E402

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.inputs import ClusterInputs, Given  # noqa: E402
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.problems import SpecError  # noqa: E402
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.resolve import resolve  # noqa: E402

Object = dict[str, t.Any]

HOSTS = {name: {"ansible_host": f"192.0.2.{number}"} for number, name in enumerate(("m1", "m2", "w1", "w2", "b1", "b2"), start=10)}
GROUPS = {"etcd": ["m1"], "master": ["m1"], "minion": ["w1", "w2"]}


def inputs(variables: Object, context: Object) -> ClusterInputs:
    """One master and two workers; the context may give other groups and other variables, and say that one host alone has the variable."""
    shared = {"cluster_mirror": spec_inventory.MIRROR, **context.get("variables", {})}
    own = {context["host"]: variables} if "host" in context else {}
    shared |= {} if own else variables
    groups = context.get("groups", GROUPS)
    members = dict.fromkeys(host for group in groups.values() for host in group)
    hosts = {name: {**shared, **HOSTS[name], **own.get(name, {})} for name in members}
    given = [Given(host, name, value) for host in hosts for name, value in shared.items()]
    return ClusterInputs(variables=shared, hosts=hosts, groups=groups, inventory_directory="/srv/inventory", of_roles=lambda _spec: given)


def _facts(host: str) -> Object:
    """What role balancer gathers of the network."""
    return {"ansible_interfaces": ["eth0"], "ansible_eth0": {"ipv4": {"address": HOSTS[host]["ansible_host"], "netmask": "255.255.255.0"}}}


class Cluster:
    """An inventory, its spec, and the text of each role, made when it is asked for."""

    def __init__(self, variables: Object, context: Object) -> None:
        self._inputs = inputs(variables, context)
        self.spec = resolve(self._inputs).as_dict()
        self._texts: dict[str, list[str]] = {}

    def text(self, place: str) -> list[str]:
        if place not in self._texts:
            hosts = dict.fromkeys(members[0] for members in self._inputs.groups.values())
            self._texts[place] = [line for host in hosts for line in self._lines(place, host)]
        return self._texts[place]

    def _lines(self, place: str, host: str) -> list[str]:
        known = {
            "cluster": self.spec,
            "inventory_hostname": host,
            "inventory_dir": "/srv/inventory",
            "groups": self._inputs.groups,
            # as if each node had been converged before
            "hostvars": {name: {**values, "barehost_converged_node": {"failed": False}} for name, values in self._inputs.hosts.items()},
            "barehost_balancer_facts": {"ansible_facts": _facts(host)},
            "ansible_check_mode": False,
            "ansible_play_hosts": list(self._inputs.hosts),
            "ansible_play_hosts_all": list(self._inputs.hosts),
        }
        variables = {**known, **self._inputs.hosts[host]}
        return rendered_roles.of_playbooks(variables) if place == "playbooks" else rendered_roles.of_role(place, variables)


def _difference(before: Cluster, after: Cluster, places: list[str]) -> list[str]:
    """Where the two differ: ``spec``, and the first role or playbook."""
    found = ["spec"] if before.spec != after.spec else []
    return found + list(itertools.islice((place for place in places if before.text(place) != after.text(place)), 1))


def _lost(before: Cluster, after: Cluster, place: str) -> list[str]:
    """The words that stand in the text of a place without the variable, and less often with it."""
    then, now = (collections.Counter(re.findall(r"[\w./:*=-]+", " ".join(cluster.text(place)))) for cluster in (before, after))
    return sorted((then - now).keys())


def main() -> None:
    answers, bases = [], {}
    for case in json.load(sys.stdin):
        context = case["context"]
        key = json.dumps(context, sort_keys=True)
        if key not in bases:
            bases[key] = Cluster({}, context)
        refused = ""
        changes: list[str] = []
        lost: list[str] = []
        value = None
        for value in case["values"]:
            try:
                after = Cluster({case["name"]: value}, context)
                changes = _difference(bases[key], after, case["places"])
                lost = _lost(bases[key], after, case["places"][0])
            except SpecError as error:
                refused = str(error)
                continue
            refused = ""
            break
        answers.append({"value": value, "changes": changes, "refused": refused, "lost": lost})
    print(json.dumps(answers))


if __name__ == "__main__":
    # What a template says of the time is no change.
    with unittest.mock.patch("time.time", return_value=1_800_000_000.0):
        main()
