# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts of the lab get their part of the processors, however many there are."""

from __future__ import annotations

import pathlib

import pytest

from barelab import cgroups


@pytest.mark.parametrize("hosts", [1, 7])
def test_each_host_weighs_as_much_as_a_session_of_the_machine(tmp_path: pathlib.Path, hosts: int) -> None:
    for number in range(hosts):
        (tmp_path / f"host{number}").mkdir()
    (tmp_path / "cpu.shares").write_text("1024\n", encoding="ascii")
    cgroups.share_processors(tmp_path)
    assert int((tmp_path / "cpu.shares").read_text(encoding="ascii")) == 1024 * hosts
