# SPDX-License-Identifier: GPL-3.0-or-later
"""Inventories for the resolver without Ansible: from YAML files of a simple shape, or built of hosts and variables."""

from __future__ import annotations

import pathlib
import typing as t

import yaml

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.inputs import ClusterInputs, Given
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.problems import SpecError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.resolve import Spec, resolve

TESTS = pathlib.Path(__file__).parents[2]
BROKEN = TESTS / "inventories_broken"
MIRROR = "https://192.0.2.1"


def load(path: pathlib.Path) -> ClusterInputs:
    """An inventory file that has variables and hosts under ``all`` and groups of hosts one level below, without templates."""
    inventory = yaml.safe_load(path.read_text(encoding="utf-8"))["all"]
    shared = inventory.get("vars") or {}
    hosts = {name: {**shared, **(own or {})} for name, own in inventory["hosts"].items()}
    return ClusterInputs(
        variables=shared,
        hosts=hosts,
        groups={name: list((group or {}).get("hosts") or {}) for name, group in inventory["children"].items()},
        inventory_directory=str(path.parent),
        of_roles=lambda _spec: [Given(host, name, value) for host, values in hosts.items() for name, value in values.items()],
    )


def expected(path: pathlib.Path) -> list[str]:
    """The ``# expect:`` lines of a broken inventory."""
    mark = "# expect: "
    return [line.removeprefix(mark) for line in path.read_text(encoding="utf-8").splitlines() if line.startswith(mark)]


def build(
    variables: dict[str, t.Any] | None = None,
    *,
    hosts: dict[str, dict[str, t.Any]] | None = None,
    groups: dict[str, list[str]] | None = None,
    directory: str | None = "/srv/inventory",
) -> ClusterInputs:
    """One master, two minions and a mirror, with the given changes."""
    shared = {"cluster_mirror": MIRROR, **(variables or {})}
    own = hosts or {"m1": {"ansible_host": "192.0.2.10"}, "w1": {"ansible_host": "192.0.2.11"}, "w2": {"ansible_host": "192.0.2.12"}}
    return ClusterInputs(
        variables=shared,
        hosts={name: {**shared, **values} for name, values in own.items()},
        groups=groups or {"etcd": ["m1"], "master": ["m1"], "minion": [name for name in own if name.startswith("w")]},
        inventory_directory=directory,
    )


def spec_of(variables: dict[str, t.Any] | None = None, **changes: t.Any) -> Spec:
    return resolve(build(variables, **changes))


def problems_of(inputs: ClusterInputs) -> list[str]:
    """What the resolver finds wrong; fails the test when it finds nothing."""
    try:
        resolve(inputs)
    except SpecError as error:
        return [str(problem) for problem in error.problems]
    raise AssertionError("this inventory was taken")


def large(nodes: int) -> ClusterInputs:
    """One master and many minions."""
    hosts = {"m1": {"ansible_host": "192.0.2.1"}}
    hosts |= {f"w{number}": {"ansible_host": f"198.51.{number // 250}.{number % 250 + 1}"} for number in range(nodes - 1)}
    return build(hosts=hosts)
