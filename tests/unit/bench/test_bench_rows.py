# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows of tools/bench: what is measured from which runs, and which targets are met."""

from __future__ import annotations

import dataclasses

import pytest
from bench_results import Results, rows
from bench_rows import Row, table, target
from bench_upgrade import Upgraded


@dataclasses.dataclass
class Shared:
    pings: list[float]
    restarts: list[float]
    by_hand: list[float]
    upgrades: list[Upgraded]


NOW = Results(
    first=[30.0, 28.0],
    second=[2.5, 2.0, 2.2],
    controller=[0.4, 0.6],
    looks=[0.1, 0.2],
    slow={"100 ms": [3.5, 3.0], "10 Mbit/s": [2.4]},
    flag=[9.0, 12.0],
)
BEFORE = Results(first=[40.0], second=[5.0], controller=[1.0], looks=[0.4], slow={"100 ms": [8.0], "10 Mbit/s": [6.0]}, flag=[15.0])
SHARED = Shared(pings=[1.25, 1.0], restarts=[6.0, 7.0], by_hand=[25.0], upgrades=[Upgraded(40.0, 120.0), Upgraded(50.0, 100.0)])


@pytest.mark.parametrize(
    ("row", "compared", "words"),
    [
        (Row("", 1.2, at_most=1.2), False, "≤ 1.2 s: met"),
        (Row("", 1.21, at_most=1.2), False, "≤ 1.2 s: missed"),
        (Row("", -0.5, at_most=1.2), False, "≤ 1.2 s: unclear, other work disturbed the runs"),
        (Row("", 2.0, unit="", at_most=2.0), True, "≤ 2: met"),
        (Row("", 2.0, 4.0, of_before=0.5), True, "≤ 0.5 × before: met"),
        (Row("", 2.1, 4.0, of_before=0.5), True, "≤ 0.5 × before: missed"),
        (Row("", 2.0, of_before=0.5), False, "≤ 0.5 × before: needs --against"),
        (Row("", 2.0, of_before=0.5), True, "≤ 0.5 × before: not measured"),
        (Row("", 2.0), True, ""),
    ],
)
def test_a_target_is_met_or_missed(row: Row, compared: bool, words: str) -> None:
    assert target(row, compared=compared) == words


def test_the_best_run_counts_and_of_the_processor_the_mean() -> None:
    found = {row.title: row for row in rows(SHARED, NOW, BEFORE, several_masters=False)}
    values = {title: (round(row.now, 3), row.before and round(row.before, 3)) for title, row in found.items()}
    assert values == {
        "second run": (2.0, 5.0),
        "ping of the same hosts": (1.0, None),
        "second run / ping": (2.0, 5.0),
        "bare hosts until all are Ready": (28.0, 40.0),
        "the same by hand": (25.0, None),
        "bare hosts until all are Ready / by hand": (1.12, 1.6),
        "second run: the controller's processor for each host": (0.5, 1.0),
        "second run: a worker's processor, all its components": (0.15, 0.4),
        "second run at 100 ms, beyond that without": (1.0, 3.0),
        "second run at 10 Mbit/s, beyond that without": (0.4, 1.0),
        "one changed flag of the apiserver, until healthy": (9.0, 15.0),
        "restart of the apiserver alone": (6.0, None),
        "changed flag / (second run + restart)": (1.125, 1.364),
        "upgrade to the next minor version, all hosts": (100.0, None),
        "the same / installation of the older one": (2.0, None),
    }
    assert found["bare hosts until all are Ready / by hand"].at_most == 1.15


def test_several_masters_have_a_target_of_their_own() -> None:
    found = {row.title: row for row in rows(SHARED, NOW, None, several_masters=True)}
    assert found["bare hosts until all are Ready / by hand"].at_most == 1.3


def test_what_was_not_measured_has_no_row() -> None:
    without = dataclasses.replace(NOW, looks=[])
    titles = [row.title for row in rows(dataclasses.replace(SHARED, by_hand=[]), without, None, several_masters=False)]
    assert not [title for title in titles if "by hand" in title or "worker" in title]


def test_a_table_has_the_second_tree_only_if_there_is_one() -> None:
    shown = [Row("second run", 2.0, 5.0, of_before=0.5), Row("memory", 300.0, unit="MB")]
    assert table(shown, before="abc1234") == [
        "               now  abc1234  ratio  target",
        "second run  2.00 s   5.00 s   0.40  ≤ 0.5 × before: met",
        "memory      300 MB",
    ]
    assert table([Row("second run", 2.0, of_before=0.5)]) == [
        "               now  target",
        "second run  2.00 s  ≤ 0.5 × before: needs --against",
    ]
