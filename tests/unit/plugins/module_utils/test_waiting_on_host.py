# SPDX-License-Identifier: GPL-3.0-or-later
"""A wait ends when all is well, or when its time is over."""

from __future__ import annotations

import time

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.waiting import last_found


def test_it_ends_when_nothing_is_wrong_any_more() -> None:
    faults = iter(["down", "not ready", "", "down again"])
    assert last_found(lambda: next(faults), deadline=30, pause=0) == ""


def test_it_ends_when_what_is_found_is_well() -> None:
    counts = iter(range(5))
    assert last_found(lambda: next(counts), well=lambda count: count == 3, deadline=30, pause=0) == 3


def test_when_the_time_is_over_the_last_fault_is_told() -> None:
    looks: list[str] = []

    def look() -> str:
        looks.append(f"fault {len(looks)}")
        return looks[-1]

    began = time.monotonic()
    assert last_found(look, deadline=0.1, pause=0.02) == looks[-1]
    assert 0.1 <= time.monotonic() - began < 5
    assert len(looks) > 1


def test_it_looks_once_where_there_is_no_time() -> None:
    faults = iter(["down"])
    assert last_found(lambda: next(faults), deadline=0, pause=60) == "down"
