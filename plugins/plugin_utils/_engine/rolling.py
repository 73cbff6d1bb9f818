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
def turn(
    directory: pathlib.Path, *, component: str, host: str, units: c.Collection[str] = (), dependents: c.Collection[str] = ()
) -> c.Iterator[None]:
    """Waits until no other host has its turn. Each run has its own ``directory``, so a mark never outlives the run.

    ``units`` are those of the component, ``dependents`` those of others that restart with them. Who fails with a unit stops the others
    from restarting it, whatever their component is.
    """

    def mark(name: str) -> pathlib.Path:
        return directory / f"barehost-rolling-{name}.failed"

    with (directory / "barehost-rolling.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        failed = next((path for path in map(mark, (component, *units)) if path.exists()), None)
        if failed is not None:
            raise RollingStopped(
                f"{component} was not touched on this host: its restart failed on {failed.read_text(encoding='utf-8')}, "
                "and a second instance must not be put at risk. Mend that host and run the playbook again."
            )
        try:
            yield
        except BaseException:
            for name in (component, *dependents):
                mark(name).write_text(host, encoding="utf-8")
            raise
