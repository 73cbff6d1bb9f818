# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests find in pyproject.toml and pytest's way of importing, given to them under ansible-test too, which has its own."""

from __future__ import annotations

import contextlib
import os
import pathlib
import sys

import pytest

# The tests on the oldest Python of a host have no hypothesis.
with contextlib.suppress(ImportError):
    from hypothesis import settings

    # A slow machine is no fault: no deadlines. `make check` tries a few examples only, `make fuzz` many.
    settings.register_profile("full", deadline=None, max_examples=100)
    settings.register_profile("fast", deadline=None, max_examples=10)
    settings.register_profile("fuzz", deadline=None, max_examples=6500)
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "full"))

# helpers beside a test are imported by their names
sys.path.extend(str(path) for path in sorted(pathlib.Path(__file__).parent.iterdir()) if path.is_dir() and path.name != "__pycache__")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes longer than `make check` may")
    config.addinivalue_line("markers", "long: takes longer than `make test` may")
