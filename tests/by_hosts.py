# SPDX-License-Identifier: GPL-3.0-or-later
"""Which tests two workers of xdist may run beside each other, and in which order."""

from __future__ import annotations

import typing as t

import xdist.scheduler

# Set-ups of three masters. The tests of one alone keep two processors busy for five sixths of their time (537 s, 900 s of processor).
CROWDED = ("tests/cluster/test_setup_ha.py", "tests/cluster/test_setup_ha_local.py")


class ByHosts(xdist.scheduler.LoadScopeScheduling):
    """Gives tests that share hosts to one worker, in their order: those of a file, or of a folder below tests/cluster.

    Crowded set-ups are started as early as possible, and never beside each other unless nothing else is left.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        folder = file.rpartition("/")[0]
        return folder if folder.startswith("tests/cluster/") else file

    def _assign_work_unit(self, node: t.Any) -> None:
        self.workqueue.move_to_end(self._next_scope(node), last=False)
        super()._assign_work_unit(node)

    def _next_scope(self, node: t.Any) -> str:
        crowd = any(
            self._pending_of({scope: self.assigned_work[other][scope]})
            for other in self.nodes
            if other is not node
            for scope in CROWDED
            if scope in self.assigned_work[other]
        )
        wanted = (scope for scope in self.workqueue if (scope in CROWDED) is not crowd)
        return next(wanted, next(iter(self.workqueue)))
