# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of the machine: processors, memory, control groups, the distribution."""

from __future__ import annotations

import collections.abc as c

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.check import ERROR, NOTE, WARNING, Checks, Found
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.facts import Facts, HostFacts

CHECKS = Checks("machine", "Processors, memory, control groups and the distribution.", needs=("machine",))

_GIB = 1 << 30
# What docs/requirements.md asks for, less what a kernel keeps of a machine of that size.
_KEPT = 0.15
_MEMORY = {"master": 2.5, "minion": 2.0, "etcd": 1.0, "balancer": 0.75}
# Where the kubelet begins to evict pods: its eviction threshold memory.available (KubeletConfiguration, evictionHard).
_LEAST_AVAILABLE = 100 << 20
_LOW_SHARE = 0.10
_CONTROLLERS = {"cpu", "cpuset", "memory", "pids"}
_RELEASES = ("9", "10")
_MOST_LOAD = 4
_MOST_USED = 0.8
_MOST_PRESSURE = 40.0
_LATELY = 600


def _roles(host: HostFacts, facts: Facts) -> list[str]:
    return list(facts.cluster["nodes"][host.name]["roles"])


def _gib(size: float) -> str:
    return f"{size / _GIB:.2f} GiB"


@CHECKS.of_host(
    "machine-memory-small",
    WARNING,
    subject="memory",
    looks_at="the memory of the host",
    wanted="2.5 GiB for a master, 2 GiB for a minion, 1 GiB for etcd alone, 0.75 GiB for a balancer",
    why="With less, the kernel ends programs when the cluster is busy.",
    remedy="give the machine more memory",
    bare=True,
)
def _small(host: HostFacts, facts: Facts) -> c.Iterator[Found]:
    wanted = max((_MEMORY.get(role, 0.0) for role in _roles(host, facts)), default=0.0)
    total = host["machine"]["memory"]["MemTotal"]
    if total < wanted * _GIB * (1 - _KEPT):
        yield Found(_gib(total), wanted=f"{wanted} GiB for {', '.join(_roles(host, facts))}")


@CHECKS.of_host(
    "machine-memory-gone",
    ERROR,
    subject="available memory",
    looks_at="the memory that programs can still get",
    wanted="more than 100 MiB",
    why="The kubelet evicts pods, and the kernel ends programs.",
    remedy="see who has it: `ps -eo rss,comm --sort=-rss | head`",
    bare=True,
    explains=("machine-memory-low",),
)
def _gone(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    available = host["machine"]["memory"]["MemAvailable"]
    if available <= _LEAST_AVAILABLE:
        yield Found(f"{available >> 20} MiB")


@CHECKS.of_host(
    "machine-memory-low",
    WARNING,
    subject="available memory",
    looks_at="the memory that programs can still get",
    wanted="10 % of the memory or more",
    why="The next pod, or an update, may be too much.",
    remedy="see who has it: `ps -eo rss,comm --sort=-rss | head`",
    bare=True,
)
def _low(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    memory = host["machine"]["memory"]
    if memory["MemAvailable"] < _LOW_SHARE * memory["MemTotal"]:
        yield Found(f"{_gib(memory['MemAvailable'])} of {_gib(memory['MemTotal'])}")


@CHECKS.of_host(
    "machine-processors-few",
    WARNING,
    subject="processors",
    looks_at="the processors of a master",
    wanted="2 or more",
    why="With one, etcd and the apiserver wait for each other, and leaders change without need.",
    remedy="give the machine a second processor",
    bare=True,
)
def _processors(host: HostFacts, facts: Facts) -> c.Iterator[Found]:
    if "master" in _roles(host, facts) and host["machine"]["processors"] < 2:
        yield Found(str(host["machine"]["processors"]))


@CHECKS.of_host(
    "machine-cgroup-v1",
    WARNING,
    subject="control groups",
    looks_at="the version of control groups on nodes",
    wanted="2, the unified hierarchy",
    why="Kubelets from 1.35 on refuse version 1 unless failCgroupV1 is false. EL 9 and 10 have version 2.",
    remedy="take systemd.unified_cgroup_hierarchy=0 out: `grubby --update-kernel=ALL --remove-args=systemd.unified_cgroup_hierarchy`",
    bare=True,
)
def _cgroup_v1(host: HostFacts, facts: Facts) -> c.Iterator[Found]:
    if host.name in facts.cluster["node_hosts"] and host["machine"]["control_groups"]["version"] == 1:
        yield Found("version 1")


@CHECKS.of_host(
    "machine-cgroup-controllers",
    ERROR,
    subject="controllers of control groups",
    looks_at="the controllers of control groups on nodes",
    wanted="cpu, cpuset, memory and pids",
    why="The kubelet does not start without them.",
    remedy="take cgroup_disable=… out of the kernel's command line, and reboot: `cat /proc/cmdline` shows it",
    bare=True,
)
def _controllers(host: HostFacts, facts: Facts) -> c.Iterator[Found]:
    there = {name for entry in host["machine"]["control_groups"]["controllers"] for name in entry.split(",")}
    missing = sorted(_CONTROLLERS - there)
    if host.name in facts.cluster["node_hosts"] and missing:
        yield Found(f"missing: {', '.join(missing)}")


@CHECKS.of_host(
    "machine-distribution",
    WARNING,
    subject="distribution",
    looks_at="/etc/os-release",
    wanted="CentOS Stream or EL, 9 or 10",
    why="The collection is made for these: names of packages and paths may differ elsewhere.",
    remedy="install one of these on the host",
    bare=True,
)
def _distribution(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    found = host["machine"]["distribution"]
    family = {found["ID"], *found["ID_LIKE"].split()}
    if not family & {"rhel", "centos"} or found["VERSION_ID"].partition(".")[0] not in _RELEASES:
        yield Found(found["PRETTY_NAME"] or found["ID"] or "nothing")


@CHECKS.of_cluster(
    "machine-id-twice",
    ERROR,
    subject="machine-id",
    looks_at="/etc/machine-id of all hosts",
    wanted="another one on each host",
    why="Cloned machines get the same addresses by DHCP, and flannel's interfaces may get the same MAC address.",
    remedy="on all but one: `rm /etc/machine-id && systemd-machine-id-setup`, then reboot",
    bare=True,
)
def _id_twice(facts: Facts) -> c.Iterator[Found]:
    hosts: dict[str, list[str]] = {}
    for host in facts.having("machine"):
        hosts.setdefault(host["machine"]["machine_id"], []).append(host.name)
    for identity, names in hosts.items():
        if identity and len(names) > 1:
            yield Found(f"the same on {', '.join(names)}")


@CHECKS.of_host(
    "machine-files-many",
    WARNING,
    subject="open files",
    looks_at="open files of the whole host",
    wanted="less than 80 % of fs.file-max",
    why="When none is left, no program can open a file or a connection.",
    remedy="see who has them: `lsof -n | awk '{print $1}' | sort | uniq -c | sort -n | tail`",
    bare=True,
)
def _files(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    opened, _unused, most = host["machine"]["files"]
    if opened > _MOST_USED * most:
        yield Found(f"{opened} of {most}")


@CHECKS.of_host(
    "machine-processes-many",
    WARNING,
    subject="processes",
    looks_at="processes of the whole host",
    wanted="less than 80 % of kernel.pid_max",
    why="When none is left, no probe and no container can start.",
    remedy="see whose they are: `ps -eo user,comm | sort | uniq -c | sort -n | tail`",
    bare=True,
)
def _processes(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    running, most = host["machine"]["processes"], host["machine"]["most_processes"]
    if running > _MOST_USED * most:
        yield Found(f"{running} of {most}")


@CHECKS.of_host(
    "machine-load-high",
    WARNING,
    subject="load",
    looks_at="the load of the last five minutes",
    wanted="less than four for each processor",
    why="Probes and leases that wait too long look like failures.",
    remedy="see who is busy: `top -b -n 1 | head -20`",
    bare=True,
)
def _load(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    machine = host["machine"]
    if machine["load"] > _MOST_LOAD * machine["processors"]:
        yield Found(f"{machine['load']:.1f} with {machine['processors']} processors")


@CHECKS.of_host(
    "machine-disk-waits",
    WARNING,
    subject="tasks waited for disks",
    looks_at="how long tasks waited for disks in the last five minutes (PSI)",
    wanted="less than 40 % of the time",
    why="etcd loses its leader when its disk is slow.",
    remedy="see who writes: `iotop -b -n 1 -o | head`, or `cat /proc/pressure/io`",
    bare=True,
)
def _disk_waits(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    share = host["machine"]["pressure"].get("io", 0.0)
    if share > _MOST_PRESSURE:
        yield Found(f"{share:.0f} % of the time")


@CHECKS.of_host(
    "machine-booted-lately",
    NOTE,
    subject="booted",
    looks_at="when the host has booted",
    wanted="more than ten minutes ago",
    why="Services may still be starting. A boot that nobody asked for has a reason.",
    remedy="see why: `journalctl --boot=-1 --lines=30 --no-pager`",
)
def _booted(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    if host["machine"]["uptime"] < _LATELY:
        yield Found(f"{host['machine']['uptime'] / 60:.0f} minutes ago")
