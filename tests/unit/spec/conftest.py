# SPDX-License-Identifier: GPL-3.0-or-later
"""Real runs of ansible-playbook that reach no host."""

from __future__ import annotations

import pathlib

import pytest
from spec_controller import INVENTORY, Controller


@pytest.fixture
def controller(tmp_path: pathlib.Path) -> Controller:
    return Controller(tmp_path)


@pytest.fixture
def good(tmp_path: pathlib.Path) -> pathlib.Path:
    (tmp_path / "inventory").mkdir()
    path = tmp_path / "inventory" / "hosts.yml"
    path.write_text(INVENTORY, encoding="utf-8")
    return path
