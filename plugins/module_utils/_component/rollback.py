# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back: if a restarted unit does not become healthy, its inputs are put back and the old version runs again.

Kept in memory only, for the time of one apply.
"""

from __future__ import annotations

import contextlib
import os
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import units
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import atomic
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import must, run
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

# Programs are links to versions; a regular input above this size is not one of ours.
_SIZE_LIMIT = 16 << 20


class _Kept(t.NamedTuple):
    path: str
    found: dict[str, t.Any]
    content: bytes

    def changed(self) -> bool:
        return _keep_path(self.path) != self

    def put_back(self) -> None:
        if self.found["type"] == "file":
            ownership = atomic.Ownership(self.found["owner"], self.found["group"], self.found["mode"])
            atomic.write(self.path, self.content, ownership=ownership)
        elif self.found["type"] == "link":
            atomic.link(self.path, self.found["target"])
        else:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.path)


def _keep_path(path: str) -> _Kept | None:
    found = atomic.file_state(path)
    if found["type"] == "file":
        if os.path.getsize(path) > _SIZE_LIMIT:
            return None
        with open(path, "rb") as stream:
            return _Kept(path, found, stream.read())
    return _Kept(path, found, b"") if found["type"] in ("link", "absent") else None


class Previous(t.NamedTuple):
    """The units that a plan restarts, and their inputs as they were before."""

    restarts: list[dict[str, t.Any]]
    kept: list[_Kept]

    def bring_back(self, error: HostError) -> HostError:
        """Restores the previous version; returns the error with what became of that."""
        changed = [item for item in self.kept if item.changed()]
        if not self.restarts or not changed:
            return error
        names = ", ".join(action["target"] for action in self.restarts)
        try:
            for item in changed:
                item.put_back()
            must(["systemctl", "daemon-reload"], what="make systemd read its units again")
            for action in self.restarts:
                # Its failed starts may have used up what systemd allows in an interval.
                run(["systemctl", "reset-failed", "--", action["target"]])
                units.restart(action["target"])
            for action in self.restarts:
                units.wait_for_health(action)
        except HostError as second:
            outcome = f"The previous version of {names} was put back but does not run either: {second.message}"
        else:
            outcome = f"The previous version of {names} was put back and runs again ({', '.join(item.path for item in changed)})"
        return HostError(f"{error.message}. {outcome}", details=error.details)


def keep(actions: list[dict[str, t.Any]]) -> Previous:
    """Remembers, before anything is changed, what the units that will be restarted run on."""
    restarts = [action for action in actions if action["kind"] == "unit" and action["operation"] == "restart"]
    paths = {path: None for action in restarts for path in action["data"]["inputs"]}
    kept = [item for item in map(_keep_path, paths) if item is not None]
    return Previous(restarts, kept)
