# SPDX-License-Identifier: GPL-3.0-or-later
"""Which tests two workers of xdist may run beside each other."""

from __future__ import annotations

import xdist.scheduler


class ByHosts(xdist.scheduler.LoadScopeScheduling):
    """Gives tests that share hosts to one worker, in their order: those of a file, or of a folder below tests/cluster."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        folder = file.rpartition("/")[0]
        return folder if folder.startswith("tests/cluster/") else file
