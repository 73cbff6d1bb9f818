# SPDX-License-Identifier: GPL-3.0-or-later
"""What installed hosts show of the rules of the CIS benchmark, which are in tools/cis_rules.yml."""

from __future__ import annotations

import sys
import typing as t

import yaml

from .driver import ROOT, Cluster

sys.path.insert(0, str(ROOT / "tools"))

import cis

_FLAGS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet")
_CONFIGURATIONS = {"kubelet": "/etc/kubernetes/kubelet.yaml", "kube-proxy": "/etc/kubernetes/proxy.yaml"}


def faults(cluster: Cluster, host: str, *groups: str) -> dict[str, str]:
    """What a host of these groups shows against the rules, by number."""
    facts = _facts(cluster, host)
    found = {rule["id"]: cis.fault(rule, facts) for rule in cis.rules() if rule["group"] in groups}
    return {number: fault for number, fault in found.items() if fault}


def _facts(cluster: Cluster, host: str) -> cis.Facts:
    """The flags and variables of programs are those with which they run, not those of their files."""
    stats = cluster.on(host, f"stat --format '%a %U:%G %n' {' '.join(cis.paths())} 2>/dev/null; true")
    files = [(int(mode, 8), owner, path) for mode, owner, path in (line.split(" ", 2) for line in stats.splitlines())]
    flags = {program: _pairs(_of_process(cluster, host, program, "cmdline")) for program in _FLAGS}
    settings: dict[str, t.Any] = {"etcd": _pairs(_of_process(cluster, host, "etcd", "environ"))}
    for program, path in _CONFIGURATIONS.items():
        text = cluster.on(host, f"cat {path} 2>/dev/null; true")
        settings |= {program: yaml.safe_load(text)} if text else {}
    known = [{name: found for name, found in values.items() if found} for values in (flags, settings)]
    return cis.Facts(files, *known)


def _of_process(cluster: Cluster, host: str, program: str, kind: str) -> list[str]:
    """What the kernel tells of a unit's main process."""
    pid = f"$(systemctl show --property MainPID --value {program}.service)"
    return cluster.on(host, f"tr '\\0' '\\n' < /proc/{pid}/{kind} 2>/dev/null; true").splitlines()


def _pairs(texts: list[str]) -> dict[str, str]:
    return {name.removeprefix("--"): value for name, _equals, value in (text.partition("=") for text in texts)}
