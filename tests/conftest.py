# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of the tests, and which of them two workers may run beside each other."""

from __future__ import annotations

import collections
import itertools
import os
import pathlib
import typing as t

import pytest

TESTS = pathlib.Path(__file__).parent
# Each worker of xdist has a lab of its own: they must not throw away each other's hosts. Set here, because it is read where other
# files are imported, which pytest may do before it asks any hook.
os.environ["BAREHOST_LAB"] = os.environ.get("BAREHOST_LAB", "") + os.environ.get("PYTEST_XDIST_WORKER", "")
# Started from left to right. Slow gates come first, so that the two workers end at about the same time.
ORDER = ("slow gate", "gate", "unit", "host", "molecule", "cluster")


def phase(item: pytest.Item) -> str:
    """The phase a test belongs to, by its folder and its marks."""
    folder = item.path.relative_to(TESTS).parts[0]
    if folder == "gates":
        return "slow gate" if item.get_closest_marker("slow") else "gate"
    return folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sorts by phase."""
    items.sort(key=lambda item: ORDER.index(phase(item)))


def pytest_terminal_summary(terminalreporter: t.Any, config: pytest.Config) -> None:
    """What each folder of tests took, and how long that is for workers that are never without a test."""
    seconds: collections.Counter[str] = collections.Counter()
    for report in itertools.chain.from_iterable(terminalreporter.stats.values()):
        if isinstance(report, pytest.TestReport):
            seconds["/".join(report.nodeid.split("/")[:2])] += report.duration
    workers = config.getoption("numprocesses", None) or 1
    for folder, took in seconds.most_common():
        terminalreporter.write_line(f"{folder}: {took:.0f} s, by {workers} at once {took / workers / 60:.1f} min")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: t.Any) -> t.Any:
    """Ours with ``--dist loadscope``, otherwise xdist's own. Imported here, because unit tests run where xdist is not, too."""
    if config.getoption("dist") != "loadscope":
        return None
    from .by_hosts import ByHosts

    return ByHosts(config, log)
