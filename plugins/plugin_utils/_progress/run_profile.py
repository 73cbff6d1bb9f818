# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Converts the record of a playbook run to data, and writes it to a file."""

from __future__ import annotations

import collections
import collections.abc as c
import dataclasses
import json
import pathlib
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import atomic_file
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._progress.run import Run, Step


def profile(run: Run, *, now: float, recap: c.Mapping[str, c.Mapping[str, int]]) -> dict[str, t.Any]:
    """All steps and the totals. ``recap``: the counts of Ansible's recap, by host."""
    kinds: collections.Counter[str] = collections.Counter()
    for step in run.steps:
        kinds.update(step.actions)
    names = {phase.number: phase.name for phase in run.phases}
    plays = [
        {"number": phase.number, "batch": phase.batch, "name": phase.name, "hosts": len(phase.hosts), "seconds": round(phase.seconds, 3)}
        for phase in run.phases
    ]
    totals = {
        "seconds": round(now - run.started, 3),
        "tasks": len(run.steps),
        "changed": sum(step.changed for step in run.steps),
        "actions": dict(kinds),
        "hosts": {host: dict(counts) for host, counts in recap.items()},
    }
    return {"check": run.check, "plays": plays, "tasks": [_entry(step, names) for step in run.steps], "totals": totals}


def _entry(step: Step, names: c.Mapping[int, str]) -> dict[str, t.Any]:
    values = {key: value for key, value in dataclasses.asdict(step).items() if key != "phase"}
    times = {"started": round(step.started, 3), "seconds": round(step.seconds, 3)}
    return {"play": names[step.phase], "play_number": step.phase, **values, **times}


def write(file: str, profiles: c.Sequence[dict[str, t.Any]]) -> str:
    """Writes the profiles of all playbooks so far, atomically. Returns an error message, or an empty text: no run fails because of it."""
    path = pathlib.Path(file)
    try:
        atomic_file.write(path, json.dumps({"version": 1, "playbooks": profiles}, indent=1) + "\n", mode=None)
    except OSError as error:
        return f"the profile was not written to {path}: {error.strerror}. Give profile_file a place that can be written"
    return ""
