# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows of tools/bench-scale: what a run without changes costs the controller with a number of workers, and whether that stays even. The
doctor has a row of its own."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import NamedTuple

from bench_rows import Row

# The targets are those of this number of workers. With more of them, a host must cost the same, and the memory must stay.
_REFERENCE = 100
_EVEN = 1.1
# seconds of the doctor with the reference
_DOCTOR = 25


class Cost(NamedTuple):
    """Of a run that changes nothing: seconds, seconds of the controller's processor, and MB at its peak."""

    hosts: int
    seconds: float
    processor: float
    memory: float

    @property
    def for_a_host(self) -> float:
        return self.processor / self.hosts


# Costs by the number of workers.
Costs = Mapping[int, Cost]


def rows(now: Costs, before: Costs) -> list[Row]:
    """``before``: the costs of the tree that is compared; empty if there is none."""
    found = []
    for workers, cost in sorted(now.items()):
        other, counts = before.get(workers), workers == _REFERENCE
        found += [
            Row(f"{workers} workers, nothing to do", cost.seconds, other and other.seconds, of_before=0.42 if counts else None),
            Row(
                f"{workers} workers: the controller's processor for each host",
                cost.for_a_host,
                other and other.for_a_host,
                at_most=0.3 if counts else None,
            ),
            Row(
                f"{workers} workers: the controller's memory at its peak",
                cost.memory,
                other and other.memory,
                unit="MB",
                of_before=0.6 if counts else None,
            ),
        ]
    sizes = [workers for workers in now if workers > _REFERENCE]
    if _REFERENCE in now:
        found += [row for workers in sorted(sizes) for row in _growth(workers, now, before)]
    return found


def doctor_rows(seconds: Mapping[int, float], pings: Mapping[int, float]) -> list[Row]:
    """How long the doctor takes, by the number of workers, and a ping of the same hosts: the least that Ansible does with each."""
    found = []
    for workers, taken in sorted(seconds.items()):
        found += [
            Row(f"{workers} workers: the doctor", taken, at_most=_DOCTOR if workers == _REFERENCE else None),
            Row(f"{workers} workers: ping", pings[workers]),
            Row(f"{workers} workers: the doctor / ping", taken / pings[workers], unit=""),
        ]
    return found


def _growth(workers: int, now: Costs, before: Costs) -> list[Row]:
    """What a larger number costs, each time in relation to the reference: 1.1 is 10 % more."""
    both = [costs for costs in (now, before) if workers in costs and _REFERENCE in costs]

    def row(title: str, values: list[float]) -> Row:
        before = values[1] if len(values) > 1 else None
        return Row(f"{workers} workers / {_REFERENCE}: {title}", values[0], before, unit="", at_most=_EVEN)

    pairs = [(costs[workers], costs[_REFERENCE]) for costs in both]
    return [
        row("seconds for each host", [(more.seconds / more.hosts) / (less.seconds / less.hosts) for more, less in pairs]),
        row("the controller's processor for each host", [more.for_a_host / less.for_a_host for more, less in pairs]),
        row("memory", [more.memory / less.memory for more, less in pairs]),
    ]


def flatness(now: Costs) -> list[str]:
    """Sentences about how the cost grows from each number of workers to the next."""
    sizes = sorted(now)
    lines = []
    for less, more in itertools.pairwise(sizes):
        first, second = now[less], now[more]
        memory = (second.memory - first.memory) / (second.hosts - first.hosts)
        added = (second.processor - first.processor) / (second.hosts - first.hosts)
        lines.append(f"from {less} to {more} workers, each more costs {added:.2f} s of the controller's processor and {memory:.2f} MB")
    return lines
