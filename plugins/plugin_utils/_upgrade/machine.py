# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the programs of a node ask of its machine. Pure.

No minor version from 1.35 to 1.37 asks for more than the one before. The kubelet refuses cgroup v1 unless it is told otherwise
(``failCgroupV1``, pkg/kubelet/apis/config/validation/validation_linux.go); kube-proxy asks for a kernel in its mode nftables
(``NFTablesKubeProxyKernelVersion``, pkg/util/kernel/constants.go).
"""

from __future__ import annotations

import collections.abc as c
import re
import typing as t

NFTABLES_KERNEL = (5, 13)

Object = dict[str, t.Any]


def settings(kubelet_config: t.Any, kubelet_arguments: t.Any, proxy_mode: t.Any) -> Object:
    """Of the variables of a host, what matters here."""
    given = [
        *([kubelet_config.get("failCgroupV1")] if isinstance(kubelet_config, dict) else []),
        *([kubelet_arguments.get("fail-cgroupv1")] if isinstance(kubelet_arguments, dict) else []),
    ]
    return {"takes_cgroup_1": any(str(value).lower() == "false" for value in given), "nftables": proxy_mode == "nftables"}


def faults(machines: c.Mapping[str, Object]) -> list[str]:
    """``machines``: by host with a kubelet, what it has, and its ``settings``."""
    old_cgroups = sorted(
        host
        for host, machine in machines.items()
        if machine["cgroup"] == 1 and not machine["takes_cgroup_1"] and not machine["settings"]["takes_cgroup_1"]
    )
    old_kernels = {
        host: machine["kernel"]
        for host, machine in sorted(machines.items())
        if machine["settings"]["nftables"] and _numbers(machine["kernel"]) < NFTABLES_KERNEL
    }
    told = []
    if old_cgroups:
        told.append(
            f"{', '.join(old_cgroups)}: the machine has cgroup v1, with which the kubelet does not start. Boot it with cgroup v2, or write "
            "failCgroupV1: false into minion_kubelet_config"
        )
    if old_kernels:
        needed = ".".join(map(str, NFTABLES_KERNEL))
        told.append(
            f"{', '.join(f'{host}: the kernel is {release}' for host, release in old_kernels.items())}, and kube-proxy needs {needed} for "
            "nftables. Boot a newer kernel, or write minion_proxy_mode: iptables"
        )
    return told


def _numbers(release: str) -> tuple[int, ...]:
    """The first two; what has none is new enough."""
    match = re.match(r"(\d+)\.(\d+)", release)
    return (int(match[1]), int(match[2])) if match else NFTABLES_KERNEL
