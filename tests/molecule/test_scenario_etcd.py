# SPDX-License-Identifier: GPL-3.0-or-later
"""The molecule scenario `etcd`, for all the scenarios that have one role and what it needs; `make molecule` runs each of them."""

from __future__ import annotations

from .scenario import run_scenario


def test_scenario_etcd() -> None:
    run_scenario("etcd")
