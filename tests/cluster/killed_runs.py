# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of a playbook that are killed, each with every process that it has started."""

from __future__ import annotations

import collections.abc
import pathlib
import tempfile

from .driver import ROOT, Cluster, PlaybookRun

_KILLER = ROOT / "tests" / "host" / "killer"


def killed_run(cluster: Cluster, moment: str, *playbook: str, timeout: float = 900) -> PlaybookRun:
    """A run that is killed, or has come to its end before. ``moment``: at which connection; ``7+0.5``: half a second after its begin."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {"PYTHONPATH": str(_KILLER), "BAREHOST_KILL_AT": moment, "BAREHOST_KILL_RUN": str(pathlib.Path(folder, "run"))}
        run = cluster.playbook(*playbook, check=False, timeout=timeout, environment=environment)
    assert run.killed or run.returncode == 0, run.output[-6000:]
    return run


def killed_and_gone_on_with(cluster: Cluster, moments: collections.abc.Iterable[str], *playbook: str) -> int:
    """Runs it until it comes to its end, and kills it at each of these moments before. How many runs were killed."""
    killed = 0
    for moment in moments:
        if not killed_run(cluster, moment, *playbook).killed:
            return killed
        killed += 1
    cluster.playbook(*playbook)
    return killed
