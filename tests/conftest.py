# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings the tests into the order that the Makefile describes."""

from __future__ import annotations

import pathlib

import pytest

TESTS = pathlib.Path(__file__).parent
# Started from left to right. Slow gates come first, so that the two workers end at about the same time.
ORDER = ("slow gate", "gate", "unit", "host", "molecule", "cluster")


def phase(item: pytest.Item) -> str:
    """The phase a test belongs to, by its folder and its marks."""
    folder = item.path.relative_to(TESTS).parts[0]
    if folder == "gates":
        return "slow gate" if item.get_closest_marker("slow") else "gate"
    return folder


def has_hosts_of_its_own(item: pytest.Item) -> bool:
    """Whether a test of a cluster throws away the one that all tests with the fixture `bare` share, as there is one lab at a time."""
    return phase(item) == "cluster" and "bare" not in getattr(item, "fixturenames", ())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sorts by phase, and marks the tests that need lab hosts."""
    items.sort(key=lambda item: (ORDER.index(phase(item)), has_hosts_of_its_own(item)))
    for item in items:
        if phase(item) in ("host", "molecule", "cluster"):
            item.add_marker(pytest.mark.lab)
