# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab remembers survives being written and read; hosts are found by what people call them."""

from __future__ import annotations

import pathlib

import pytest

from barelab import state
from barelab.errors import LabError
from barelab.inventory import Host

LAB = state.Lab(
    inventory=pathlib.Path("/inventories/lab"),
    hosts=(
        Host(name="k8s.master.dev", address="192.168.200.100", groups=("all", "etcd")),
        Host(name="k8s.minion1.dev", address="192.168.200.101", groups=("all", "minion")),
    ),
    versions=("1.37.1",),
    base_tree=pathlib.Path("/cache/base-tree/12ab"),
    data=pathlib.Path("/cache/hosts"),
    driver="guests",
    cuts=(("k8s.master.dev", "k8s.minion1.dev"),),
)


def test_what_is_written_is_what_is_read() -> None:
    assert state.decode(state.encode(LAB)) == LAB


@pytest.mark.parametrize("name", ["k8s.minion1.dev", "192.168.200.101", "minion1"])
def test_finds_a_host(name: str) -> None:
    assert LAB.host(name).name == "k8s.minion1.dev"


@pytest.mark.parametrize("name", ["k8s", "minion", "minion2", ""])
def test_refuses_a_name_of_none_or_of_several(name: str) -> None:
    with pytest.raises(LabError, match=r"k8s\.master\.dev, k8s\.minion1\.dev"):
        LAB.host(name)
