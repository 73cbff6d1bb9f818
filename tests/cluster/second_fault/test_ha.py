# SPDX-License-Identifier: GPL-3.0-or-later
"""inventories/ha, with balancers and two workers: what inventories/ha-local cannot show. The last cell gives up the cluster."""

from __future__ import annotations

import pytest

from . import cells
from .faults import MASTERS, WORKER1, WORKER2

pytestmark = pytest.mark.matrix
INVENTORY = "ha"
NODES = (*MASTERS, WORKER1, WORKER2)
ROWS = {
    "balancer off": ("health", "doctor", "backup", "site", "restore", "remove-worker"),
    "a worker off": ("health", "site", "remove-worker", "reset-worker"),
    "first hosts off": ("health", "doctor", "backup", "site", "remove-master", "restore", "remove-worker", "reset-all"),
}
CELLS = [(row, playbook) for row, playbooks in ROWS.items() for playbook in playbooks]


@pytest.mark.parametrize(("bench", "playbook"), CELLS, indirect=["bench"], ids=[f"{row} - {playbook}" for row, playbook in CELLS])
def test_cell(bench: cells.Bench, playbook: str) -> None:
    cells.check(bench, playbook)
    bench.gone = playbook == "reset-all"
