# SPDX-License-Identifier: GPL-3.0-or-later
"""inventories/ha-local, three masters and a worker: every playbook while something is wrong, from the harmless to the harmful."""

from __future__ import annotations

import pytest

from . import cells
from .faults import MASTERS, WORKER1

pytestmark = pytest.mark.matrix
INVENTORY = "ha-local"
NODES = (*MASTERS, WORKER1)
LOOKS = ("health", "doctor", "certificates", "backup", "site")
RESTARTS = ("restart-worker", "restart-master")
GO_ON_WITH_QUORUM = ("downgrade-etcd", *RESTARTS, "upgrade")
ROWS = {
    "clock ahead": (*LOOKS, "renew", "upgrade"),
    "quorum lost": (*LOOKS, "renew", *GO_ON_WITH_QUORUM, "remove-master", "remove-worker", "restore"),
    "API away": ("health", "doctor", "certificates", "backup", *RESTARTS, "remove-master", "remove-worker", "restore", "upgrade", "site"),
    "member stopped": ("health", "doctor", "backup", *GO_ON_WITH_QUORUM, "remove-master", "restore", "renew", "site", "remove-worker"),
    "member cut off": (*LOOKS, *GO_ON_WITH_QUORUM, "remove-master", "restore", "remove-worker"),
    "a master off": (*LOOKS, "renew", *GO_ON_WITH_QUORUM, "remove-master", "restore", "reset-worker", "remove-worker"),
    # It is the only worker: there is none to restart, to remove or to reset.
    "a worker off": (*LOOKS, "renew", "upgrade", "restart-master", "restore", "remove-master"),
    "first hosts off": (*LOOKS, "renew", "downgrade-etcd", "upgrade", "restart-master", "remove-master", "restore"),
    "disk full": (*LOOKS, "renew", *RESTARTS, "upgrade", "restore"),
    "nothing is wrong": (*LOOKS, "renew", "upgrade", *RESTARTS, "restore", "reset-worker", "remove-worker", "remove-master"),
}
CELLS = [(row, playbook) for row, playbooks in ROWS.items() for playbook in playbooks]


@pytest.mark.parametrize(("bench", "playbook"), CELLS, indirect=["bench"], ids=[f"{row} - {playbook}" for row, playbook in CELLS])
def test_cell(bench: cells.Bench, playbook: str) -> None:
    cells.check(bench, playbook)
