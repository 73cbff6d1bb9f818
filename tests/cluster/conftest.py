# SPDX-License-Identifier: GPL-3.0-or-later
"""What is kept of a run: the outputs of playbooks, and the journals of hosts where a test failed."""

from __future__ import annotations

import collections.abc
import pathlib
import shutil
import typing as t

import pytest

from .driver import ROOT
from .setups import FAILED, this_lab

ARTEFACTS = ROOT / ".build" / "artefacts"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> collections.abc.Generator[None, t.Any, t.Any]:
    report = yield
    if report.failed:
        item.session.stash[FAILED] = True
    return report


@pytest.fixture(scope="session")
def artefacts() -> pathlib.Path:
    """A folder that outlives the run, empty at its start: one for each lab."""
    folder = ARTEFACTS / this_lab()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
