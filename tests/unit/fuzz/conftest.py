# SPDX-License-Identifier: GPL-3.0-or-later
"""The line that `make fuzz` ends with."""

from __future__ import annotations

import typing as t

import pytest
import two_faults


def pytest_terminal_summary(terminalreporter: t.Any, config: pytest.Config) -> None:
    """Workers of xdist count by themselves and have no terminal, so the line is printed without them."""
    if two_faults.TALLY.examples:
        failed = [report for kind in ("failed", "error") for report in terminalreporter.stats.get(kind, [])]
        terminalreporter.write_line(two_faults.TALLY.line(failures=len(failed)))
