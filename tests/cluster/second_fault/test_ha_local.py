# SPDX-License-Identifier: GPL-3.0-or-later
"""inventories/ha-local, three masters and a worker: every playbook while something is wrong, from the harmless to the harmful."""

from __future__ import annotations

import pytest

from . import cells
from .faults import MASTERS, WORKER1

pytestmark = pytest.mark.matrix
INVENTORY = "ha-local"
NODES = (*MASTERS, WORKER1)
LOOKS = ("health", "backup", "site")
ROWS = {
    "clock ahead": LOOKS,
    "quorum lost": (*LOOKS, "remove-master", "remove-worker", "restore"),
    "API away": ("health", "backup", "remove-master", "remove-worker", "restore", "site"),
    "member stopped": ("health", "backup", "remove-master", "restore", "site", "remove-worker"),
    "member cut off": (*LOOKS, "remove-master", "restore", "remove-worker"),
    "a master off": (*LOOKS, "remove-master", "restore", "reset-worker", "remove-worker"),
    # It is the only worker: there is none to remove or reset.
    "a worker off": (*LOOKS, "restore", "remove-master"),
    "first hosts off": (*LOOKS, "remove-master", "restore"),
    "disk full": (*LOOKS, "restore"),
    "nothing is wrong": (*LOOKS, "restore", "reset-worker", "remove-worker", "remove-master"),
}
CELLS = [(row, playbook) for row, playbooks in ROWS.items() for playbook in playbooks]


@pytest.mark.parametrize(("bench", "playbook"), CELLS, indirect=["bench"], ids=[f"{row} - {playbook}" for row, playbook in CELLS])
def test_cell(bench: cells.Bench, playbook: str) -> None:
    cells.check(bench, playbook)
