# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows of tools/bench-scale, and the addresses of many stand-ins."""

from __future__ import annotations

import ipaddress

import bench_growth
import bench_stand_ins
import pytest
from bench_growth import Cost
from bench_rows import target

NOW = {3: Cost(4, 4.0, 2.0, 100.0), 100: Cost(101, 40.0, 25.25, 300.0), 300: Cost(301, 119.2, 82.3, 330.0)}
BEFORE = {100: Cost(101, 101.0, 70.7, 500.0)}


def test_targets_are_those_of_100_workers() -> None:
    found = {row.title: target(row, compared=True) for row in bench_growth.rows(NOW, BEFORE)}
    assert {title: words for title, words in found.items() if words} == {
        "100 workers, nothing to do": "≤ 0.42 × before: met",
        "100 workers: the controller's processor for each host": "≤ 0.3 s: met",
        "100 workers: the controller's memory at its peak": "≤ 0.6 × before: met",
        "300 workers / 100: seconds for each host": "≤ 1.1: met",
        "300 workers / 100: the controller's processor for each host": "≤ 1.1: met",
        "300 workers / 100: memory": "≤ 1.1: met",
    }


def test_the_doctor_has_a_target_with_100_workers_and_is_compared_with_a_ping() -> None:
    rows = bench_growth.doctor_rows({3: 4.0, 100: 26.0}, {3: 2.0, 100: 10.0})
    found = {row.title: target(row, compared=False) for row in rows if row.at_most}
    assert found == {"100 workers: the doctor": "≤ 25 s: missed"}
    assert {row.title: row.now for row in rows if "/" in row.title} == {
        "3 workers: the doctor / ping": 2.0,
        "100 workers: the doctor / ping": 2.6,
    }


def test_growth_is_that_for_each_host() -> None:
    rows = {row.title: row.now for row in bench_growth.rows(NOW, {})}
    assert rows["300 workers / 100: seconds for each host"] == pytest.approx(1.0, abs=0.001)
    assert rows["300 workers / 100: the controller's processor for each host"] == pytest.approx(0.2734 / 0.25, abs=0.001)
    assert rows["300 workers / 100: memory"] == pytest.approx(1.1)


def test_without_100_workers_there_is_nothing_to_compare_with() -> None:
    assert len(bench_growth.rows({3: NOW[3], 300: NOW[300]}, {})) == 6


def test_each_more_host_has_its_cost() -> None:
    first, second = bench_growth.flatness(NOW)
    assert first == "from 3 to 100 workers, each more costs 0.24 s of the controller's processor and 2.06 MB"
    assert second == "from 100 to 300 workers, each more costs 0.29 s of the controller's processor and 0.15 MB"


def test_many_stand_ins_have_addresses_of_their_own() -> None:
    found = [ipaddress.ip_address(bench_stand_ins.address(number)) for number in range(1000)]
    assert len(set(found)) == 1000
    assert not [one for one in found if one in ipaddress.ip_network("192.168.200.0/24") or one.packed[-1] in (0, 255)]
    assert bench_stand_ins.address(300).startswith(f"{bench_stand_ins.network(300)}.")
