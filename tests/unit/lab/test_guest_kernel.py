# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of the guests' kernel, and how a configuration is compared with it."""

from __future__ import annotations

import pytest

from barelab import guest_kernel

WANTED = {"SMP": "y", "VXLAN": "m", "SOUND": "n", "LSM": '"selinux"'}


def test_what_is_written_is_what_is_wanted() -> None:
    text = guest_kernel.fragment(WANTED)
    assert text.splitlines() == ["CONFIG_SMP=y", "CONFIG_VXLAN=m", "# CONFIG_SOUND is not set", 'CONFIG_LSM="selinux"']
    assert guest_kernel.unmet(WANTED, text) == []


def test_what_the_kernels_own_rules_have_changed_is_told() -> None:
    text = 'CONFIG_VXLAN=y\nCONFIG_SOUND=m\nCONFIG_LSM="selinux"\n# CONFIG_SMP is not set\n'
    assert guest_kernel.unmet(WANTED, text) == ["SMP is n, wanted y", "VXLAN is y, wanted m", "SOUND is m, wanted n"]


def test_each_option_of_the_table_is_in_it_once() -> None:
    options = guest_kernel.table().options
    named = [*options["values"], *(name for value in ("y", "m", "n") for row in options[value] for name in row)]
    assert sorted(named) == sorted(set(named))


@pytest.mark.parametrize(
    "module", ["kernel/net/bridge/br_netfilter", "kernel/net/netfilter/xt_comment", "kernel/net/ipv4/netfilter/ip_tables"]
)
def test_modules_that_el_has_in_a_package_of_their_own(module: str) -> None:
    assert guest_kernel.is_extra(guest_kernel.module_path(f"{module}.ko: kernel/net/x.ko"), guest_kernel.table().extra)


@pytest.mark.parametrize("module", ["kernel/drivers/net/vxlan/vxlan", "kernel/net/bridge/bridge", "kernel/net/netfilter/nf_conntrack"])
def test_modules_that_every_kernel_of_el_has(module: str) -> None:
    assert not guest_kernel.is_extra(guest_kernel.module_path(f"{module}.ko.xz:"), guest_kernel.table().extra)
