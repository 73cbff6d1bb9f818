# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One host at a time: a lock on the controller for the forks of one run, and a mark that stops the others after a failure.

All components share the lock: an apiserver that restarts and the etcd of another one would otherwise be away at the same time.
"""

from __future__ import annotations

import collections.abc as c
import contextlib
import fcntl
import pathlib

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError


class RollingStopped(ComponentError):
    """The restart of this component failed on another host."""


@contextlib.contextmanager
def turn(directory: pathlib.Path, *, component: str, host: str) -> c.Iterator[None]:
    """Waits until no other host has its turn. Each run has its own ``directory``, so a mark never outlives the run."""
    mark = directory / f"barehost-rolling-{component}.failed"
    with (directory / "barehost-rolling.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if mark.exists():
            raise RollingStopped(
                f"{component} was not touched on this host: its restart failed on {mark.read_text(encoding='utf-8')}, "
                "and a second instance must not be put at risk. Mend that host and run the playbook again."
            )
        try:
            yield
        except BaseException:
            mark.write_text(host, encoding="utf-8")
            raise
