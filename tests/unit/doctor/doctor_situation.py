# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster in which all is well, as its hosts tell it, and what may be done to it. Groups of facts are in files of their own."""

from __future__ import annotations

import collections.abc as c
import functools
import importlib
import pathlib
import typing as t

from spec_inventory import build

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor import judging, registry
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.facts import Facts, HostFacts
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.judging import Finding, Verdict
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.resolve import resolve

Object = dict[str, t.Any]

NOW = 1_800_000_000.0
MASTER, WORKERS = "m1", ("w1", "w2")
HOSTS = (MASTER, *WORKERS)
ADDRESSES = {"m1": "192.0.2.10", "w1": "192.0.2.11", "w2": "192.0.2.12"}


class Fault(t.NamedTuple):
    """What is done to a situation, and what the doctor is to say: which host, with which words, and what to type.

    ``also``: checks that find something of their own in it.
    """

    change: c.Callable[[Situation], t.Any]
    found: str
    remedy: str
    host: str = "w1"
    also: tuple[str, ...] = ()


class Situation:
    """One master with etcd, and two workers. Changes are made to what they have told."""

    def __init__(self) -> None:
        self.cluster = cluster()
        self.groups: dict[str, dict[str, Object]] = {host: healthy(host) for host in HOSTS}
        self.gaps: dict[str, dict[str, str]] = {host: {} for host in HOSTS}
        self.root = dict.fromkeys(HOSTS, True)
        self.ahead = dict.fromkeys(HOSTS, 0.0)
        self.uncompared: dict[str, tuple[str, ...]] = dict.fromkeys(HOSTS, ())
        self.silent: dict[str, str] = {}
        self.left_out: tuple[str, ...] = ()
        self.controller: Object = {"entries": [], "notes": [], "backup": NOW - 3600}

    def facts(self) -> Facts:
        hosts = {host: self._host(host) for host in HOSTS if host not in self.silent and host not in self.left_out}
        return Facts(self.cluster, hosts, NOW, self.silent, self.left_out, self.controller)

    def _host(self, host: str) -> HostFacts:
        groups = {name: told for name, told in self.groups[host].items() if name not in self.gaps[host]}
        return HostFacts(host, groups, self.gaps[host], self.root[host], self.ahead[host], self.uncompared[host])

    def verdict(self) -> Verdict:
        return judging.judge(registry.checks().values(), self.facts())

    def findings(self) -> list[Finding]:
        """Those that nothing explains."""
        return [one for one in self.verdict().findings if not one.explained_by]


@functools.cache
def _resolved() -> Object:
    return resolve(build()).as_dict()


def cluster() -> Object:
    return dict(_resolved())


@functools.cache
def modules() -> list[t.Any]:
    """The files beside this one that have the facts and the faults of a group."""
    names = sorted(path.stem for path in pathlib.Path(__file__).parent.glob("doctor_of_*.py"))
    return [importlib.import_module(name) for name in names]


def healthy(host: str) -> Object:
    """All that a host tells, anew for each caller."""
    told: Object = {}
    for module in modules():
        told.update(module.healthy(host))
    return told


def faults() -> dict[str, Fault]:
    """By the id of the check that is to find it."""
    return {identifier: fault for module in modules() for identifier, fault in module.FAULTS.items()}
