# SPDX-License-Identifier: GPL-3.0-or-later
"""What tools/bench has measured, and the rows with their targets that it makes of that."""

from __future__ import annotations

import dataclasses
import pathlib
import statistics
from typing import Protocol

from bench_rows import Row
from bench_upgrade import Upgraded


@dataclasses.dataclass
class Results:
    """The measures of one tree: seconds of each run, in their order."""

    first: list[float] = dataclasses.field(default_factory=list)
    second: list[float] = dataclasses.field(default_factory=list)
    # seconds of the controller's processor for each host, of the same runs
    controller: list[float] = dataclasses.field(default_factory=list)
    # seconds of the processor that a worker needed, of the same runs
    looks: list[float] = dataclasses.field(default_factory=list)
    slow: dict[str, list[float]] = dataclasses.field(default_factory=dict)
    flag: list[float] = dataclasses.field(default_factory=list)
    tasks: dict[str, int] = dataclasses.field(default_factory=dict)
    calls: dict[str, int] = dataclasses.field(default_factory=dict)
    pictures: list[pathlib.Path] = dataclasses.field(default_factory=list)


class Shared(Protocol):
    """Seconds of what all trees are compared with."""

    pings: list[float]
    restarts: list[float]
    by_hand: list[float]
    upgrades: list[Upgraded]


# The most that a second run on a slow line may take beyond one on a fast line.
_BEYOND = {"100 ms": 1.2}


def rows(shared: Shared, now: Results, before: Results | None, *, several_masters: bool) -> list[Row]:
    """All rows. The best run counts; of the processor's time, which is counted coarsely and is less spread, the mean."""
    found = [
        _row("second run", now, before, lambda of: min(of.second), of_before=0.5),
        Row("ping of the same hosts", min(shared.pings)),
        _row("second run / ping", now, before, lambda of: min(of.second) / min(shared.pings), unit="", at_most=2.0),
        _row("bare hosts until all are Ready", now, before, lambda of: min(of.first), of_before=0.75),
    ]
    if shared.by_hand:
        by_hand = min(shared.by_hand)
        most = 1.3 if several_masters else 1.15
        found += [
            Row("the same by hand", by_hand),
            _row("bare hosts until all are Ready / by hand", now, before, lambda of: min(of.first) / by_hand, unit="", at_most=most),
        ]
    found.append(_row("second run: the controller's processor for each host", now, before, lambda of: statistics.mean(of.controller)))
    if now.looks:
        title = "second run: a worker's processor, all its components"
        found.append(_row(title, now, before, lambda of: statistics.mean(of.looks), at_most=0.15))
    for name in now.slow:
        title = f"second run at {name}, beyond that without"
        found.append(_row(title, now, before, lambda of, name=name: min(of.slow[name]) - min(of.second), at_most=_BEYOND.get(name)))
    restart = min(shared.restarts)
    quickest = min(shared.upgrades, key=lambda one: one.upgraded / one.installed)
    return [
        *found,
        _row("one changed flag of the apiserver, until healthy", now, before, lambda of: min(of.flag)),
        Row("restart of the apiserver alone", restart),
        _row(
            "changed flag / (second run + restart)", now, before, lambda of: min(of.flag) / (min(of.second) + restart), unit="", at_most=1.5
        ),
        Row("upgrade to the next minor version, all hosts", quickest.upgraded),
        Row("the same / installation of the older one", quickest.upgraded / quickest.installed, unit="", at_most=2.5),
    ]


class _Measure(Protocol):
    def __call__(self, of: Results) -> float: ...


def _row(
    title: str,
    now: Results,
    before: Results | None,
    measure: _Measure,
    *,
    unit: str = "s",
    at_most: float | None = None,
    of_before: float | None = None,
) -> Row:
    other = measure(before) if before is not None else None
    return Row(title, measure(now), other, unit=unit, at_most=at_most, of_before=of_before)


def listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
