# SPDX-License-Identifier: GPL-3.0-or-later
"""What each check of the doctor finds, for example: what it says of the fault by which its test shows that it works."""

from __future__ import annotations

import importlib
import pathlib
import sys
import typing as t

_TESTS = pathlib.Path(__file__).parents[1] / "tests" / "unit"


class Example(t.NamedTuple):
    found: str
    remedy: str


def examples() -> dict[str, Example]:
    """By the id of the check. A check without a fault of its own has none."""
    sys.path[:0] = [str(_TESTS / "doctor"), str(_TESTS / "spec")]
    situations = importlib.import_module("doctor_situation")
    found = {}
    for identifier, fault in situations.faults().items():
        situation = situations.Situation()
        fault.change(situation)
        one = next(one for one in situation.findings() if one.check.id == identifier)
        found[identifier] = Example(one.found, one.remedy)
    return found
