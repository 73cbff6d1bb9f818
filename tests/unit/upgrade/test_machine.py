# SPDX-License-Identifier: GPL-3.0-or-later
"""What the programs of a node ask of its machine."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade import machine

Object = dict[str, t.Any]


def found(kernel: str = "5.14.0-600.el9.x86_64", cgroup: int = 2, drop_in: bool = False, **given: t.Any) -> Object:
    settings = machine.settings(given.get("config", {}), given.get("arguments", {}), given.get("mode", "nftables"))
    return {"kernel": kernel, "cgroup": cgroup, "takes_cgroup_1": drop_in, "settings": settings}


@pytest.mark.parametrize(
    "given",
    [
        found(),
        found(cgroup=1, drop_in=True),
        found(cgroup=1, config={"failCgroupV1": False}),
        found(cgroup=1, arguments={"fail-cgroupv1": "false"}),
        found("5.10.0", mode="iptables"),
        found("6.18.44-fc"),
        found("strange"),
        found(config=None, arguments=None, mode=None),
    ],
)
def test_what_is_well(given: Object) -> None:
    assert machine.faults({"w1": given}) == []


def test_what_is_refused() -> None:
    assert machine.faults({"w2": found(cgroup=1), "w1": found(cgroup=1), "w3": found("4.18.0-553.el8"), "w4": found()}) == [
        "w1, w2: the machine has cgroup v1, with which the kubelet does not start. Boot it with cgroup v2, or write "
        "failCgroupV1: false into minion_kubelet_config",
        "w3: the kernel is 4.18.0-553.el8, and kube-proxy needs 5.13 for nftables. Boot a newer kernel, or write "
        "minion_proxy_mode: iptables",
    ]
