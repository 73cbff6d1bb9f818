# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the progress callback run playbooks in."""

from __future__ import annotations

import pytest
from progress_controller import Controller


@pytest.fixture(scope="module")
def controller(tmp_path_factory: pytest.TempPathFactory) -> Controller:
    return Controller(tmp_path_factory.mktemp("controller"))
