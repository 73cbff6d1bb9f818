# SPDX-License-Identifier: GPL-3.0-or-later
"""Two workers of `make test`: tests that share hosts stay together, and set-ups of three masters are not up at the same time."""

from __future__ import annotations

import itertools
import pathlib
import types
import typing as t

import pytest

from ..by_hosts import CROWDED, ByHosts

ROOT = pathlib.Path(__file__).parents[2]
FOLDER = "tests/cluster/setup_lab"
OTHERS = ("tests/host/test_a.py", f"{FOLDER}/test_b.py", f"{FOLDER}/test_c.py", "tests/host/test_d.py")
FILES = (*OTHERS, *CROWDED)


class Worker:
    """Stands for a process of xdist: it does what it was given, in order."""

    def __init__(self, name: str) -> None:
        self.gateway = types.SimpleNamespace(id=name)
        self.given: list[int] = []
        self.shutting_down = False

    def send_runtest_some(self, indexes: list[int]) -> None:
        self.given += indexes

    def shutdown(self) -> None:
        self.shutting_down = True


def under_way(files: t.Iterable[str], periods: tuple[int, int]) -> list[list[str]]:
    """The file that each of two workers has under way, moment by moment. A worker ends a test at each of its period's moments."""
    config: t.Any = types.SimpleNamespace(option=types.SimpleNamespace(loadscopereorder=False), getvalue=lambda _: ["2*popen"])
    tests = [f"{file}::test_{number}" for file in files for number in range(5)]
    scheduler = ByHosts(config)
    workers: list[t.Any] = [Worker("gw0"), Worker("gw1")]
    for worker in workers:
        scheduler.add_node(worker)
        scheduler.add_node_collection(worker, tests)
    scheduler.schedule()
    moments = []
    clock = itertools.count(1)
    while given := [worker.given[0] for worker in workers if worker.given]:
        moments.append([tests[number].partition("::")[0] for number in given])
        moment = next(clock)
        for worker, period in zip(workers, periods, strict=True):
            if worker.given and moment % period == 0:
                scheduler.mark_test_complete(worker, worker.given.pop(0))
    return moments


@pytest.mark.parametrize("periods", [(1, 1), (1, 3), (3, 1), (2, 5)])
@pytest.mark.parametrize("files", [FILES, (*CROWDED, *OTHERS)], ids=["last", "first"])
def test_set_ups_of_three_masters_are_not_up_beside_each_other(files: tuple[str, ...], periods: tuple[int, int]) -> None:
    moments = under_way(files, periods)
    assert set(files) == {file for moment in moments for file in moment}
    assert [moment for moment in moments if set(moment) == set(CROWDED)] == []


def test_they_are_started_first() -> None:
    assert CROWDED[0] in under_way(FILES, (1, 1))[0]


def test_where_nothing_else_is_left_they_are_run_all_the_same() -> None:
    moments = under_way(CROWDED, (1, 1))
    assert {file for moment in moments for file in moment} == set(CROWDED)


def test_tests_of_one_folder_stay_with_one_worker() -> None:
    moments = under_way(FILES, (1, 1))
    assert [moment for moment in moments if [file.startswith(FOLDER) for file in moment] == [True, True]] == []


def test_set_ups_that_are_named_exist() -> None:
    assert [file for file in CROWDED if not (ROOT / file).is_file()] == []
