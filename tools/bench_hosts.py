# SPDX-License-Identifier: GPL-3.0-or-later
"""What a benchmark reads on the hosts of the lab, and does there. The product takes no part in it."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Iterable
from typing import NamedTuple

import yaml
from bench_runs import timed

# Prints the seconds of the processor that ended children of sshd have used: each remote command is one, with all that it starts.
# A connection of Ansible's stays open from run to run, so the difference of two readings is what the commands between them used.
_COMMANDS = r"""
import glob, os
ticks = 0
for path in glob.glob("/proc/[0-9]*/stat"):
    try:
        with open(path) as file:
            name, _, rest = file.read().partition("(")[2].rpartition(")")
    except OSError:
        continue
    if name.startswith("sshd"):
        ticks += sum(map(int, rest.split()[13:15]))
print(ticks / os.sysconf("SC_CLK_TCK"))
"""
# Prints the seconds from the restart of the apiserver until it says that it is ready.
_RESTART = r"""
import subprocess, time
started = time.monotonic()
subprocess.run(["systemctl", "restart", "kube-apiserver"], check=True)
ready = ["kubectl", "get", "--raw", "/readyz", "--request-timeout=2s"]
while subprocess.run(ready, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode != 0:
    if time.monotonic() - started > 120:
        raise SystemExit("the apiserver is not ready 120 s after its restart")
    time.sleep(0.05)
print(time.monotonic() - started)
"""


class LabHost(NamedTuple):
    """A host of the lab that is up. Of its groups, ``all`` is not named."""

    name: str
    address: str
    groups: tuple[str, ...]


def of_lab() -> list[LabHost]:
    hosts = json.loads(timed("lab/lab", "status", "--json").output)["hosts"]
    return [LabHost(host["name"], host["address"], tuple(group for group in host["groups"] if group != "all")) for host in hosts]


def masters(hosts: Iterable[LabHost]) -> list[str]:
    return [host.name for host in hosts if "master" in host.groups]


def workers(hosts: Iterable[LabHost]) -> list[str]:
    """Hosts that are nodes and nothing else."""
    return [host.name for host in hosts if host.groups == ("minion",)]


def _run(host: str, program: str) -> float:
    return float(timed("lab/lab", "exec", host, "python3", "-c", program).output)


def used_by_commands(hosts: Iterable[str]) -> float:
    """Seconds of the processor that remote commands on these hosts have used since their connections are there."""
    return sum(_run(host, _COMMANDS) for host in hosts)


def restart_apiservers(hosts: Iterable[str]) -> float:
    """Restarts one apiserver after the other. Returns the seconds until each was ready."""
    return sum(_run(host, _RESTART) for host in hosts)


def apiservers_are_ready(hosts: Iterable[str]) -> None:
    """Ends the program if one is not."""
    for host in hosts:
        timed("lab/lab", "exec", host, "kubectl", "get", "--raw", "/readyz", "--request-timeout=5s")


def by_hand_arguments(hosts: list[LabHost], inventory: pathlib.Path) -> list[str] | None:
    """What tools/by-hand/install wants; None for hosts that its scripts do not support."""
    described = yaml.safe_load((inventory / "group_vars" / "all" / "cluster.yml").read_text(encoding="utf-8"))
    of_masters = [host for host in hosts if "master" in host.groups]
    endpoint = described.get("cluster_api_endpoint_host") or (of_masters[0].address if len(of_masters) == 1 else None)
    with_etcd = all(("etcd" in host.groups) == ("master" in host.groups) for host in hosts)
    if not endpoint or not with_etcd:
        return None
    return [endpoint, *(f"{host.name}={host.address}={','.join(host.groups)}" for host in hosts)]
