# SPDX-License-Identifier: GPL-3.0-or-later
"""The molecule scenario `lab`: site.yml on the hosts of inventories/lab."""

from __future__ import annotations

from .scenario import run_scenario


def test_scenario_lab() -> None:
    run_scenario("lab")
