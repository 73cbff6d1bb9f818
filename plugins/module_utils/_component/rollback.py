# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rollback: if a restarted unit does not become healthy, its inputs are restored and the previous version runs again.

The inputs are in memory only, for the time of one apply.
"""

from __future__ import annotations

import contextlib
import os
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import unit_stamps, units
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import atomic
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import must, run
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.locations import RUN_DIRECTORY
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.ours import INPUTS_DIRECTORY

# Programs are links to versions. No other input of ours is larger than this.
_SIZE_LIMIT = 16 << 20


class _SavedInput(t.NamedTuple):
    """An input of a unit, as it was before the apply."""

    path: str
    found: dict[str, t.Any]
    content: bytes

    def changed(self) -> bool:
        return _save_input(self.path) != self

    def restore(self) -> None:
        if self.found["type"] == "file":
            ownership = atomic.Ownership(self.found["owner"], self.found["group"], self.found["mode"])
            atomic.write(self.path, self.content, ownership=ownership)
        elif self.found["type"] == "link":
            atomic.link(self.path, self.found["target"])
        else:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.path)


def _save_input(path: str) -> _SavedInput | None:
    found = atomic.file_state(path)
    if found["type"] == "file":
        if os.path.getsize(path) > _SIZE_LIMIT:
            return None
        with open(path, "rb") as stream:
            return _SavedInput(path, found, stream.read())
    return _SavedInput(path, found, b"") if found["type"] in ("link", "absent") else None


class Rollback(t.NamedTuple):
    """The units that a plan restarts, and their inputs as they were before."""

    restarts: list[dict[str, t.Any]]
    inputs: list[_SavedInput]

    def perform(self, error: HostError) -> HostError:
        """Restores the inputs and restarts the units. Returns the error, with the outcome of that added."""
        changed = [item for item in self.inputs if item.changed()]
        if not self.restarts or not changed:
            return error
        names = ", ".join(action["target"] for action in self.restarts)
        try:
            for item in changed:
                item.restore()
            must(["systemctl", "daemon-reload"], what="make systemd read its units again")
            for action in self.restarts:
                # Failed starts may have reached the start limit of systemd.
                run(["systemctl", "reset-failed", "--", action["target"]])
                units.restart(action["target"])
            for action in self.restarts:
                units.wait_for_health(action)
        except HostError as second:
            outcome = f"The previous version of {names} was put back but does not run either: {second.message}"
        else:
            outcome = f"The previous version of {names} was put back and runs again ({', '.join(item.path for item in changed)})"
        return HostError(f"{error.message}. {outcome}", details=error.details)


def prepare(actions: list[dict[str, t.Any]]) -> Rollback:
    """Saves the inputs of the units that these actions restart. Call it before anything is changed."""
    restarts = [action for action in actions if action["kind"] == "unit" and action["operation"] == "restart"]
    paths = dict.fromkeys(path for action in restarts for path in _paths(action["target"], action["data"]["inputs"]))
    inputs = [item for item in map(_save_input, paths) if item is not None]
    return Rollback(restarts, inputs)


def _paths(unit: str, inputs: list[str]) -> list[str]:
    """The version that runs may need a file that the new one does without: what it was started with counts, and the list of that."""
    before = unit_stamps.started_with(unit, directory=RUN_DIRECTORY) or {}
    return [*inputs, *before, os.path.join(INPUTS_DIRECTORY, unit)]
