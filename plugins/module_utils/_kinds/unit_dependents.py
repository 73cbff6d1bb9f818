# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units that cannot work while another one restarts: they stop before it, and are started and healthy again after it."""

from __future__ import annotations

import contextlib
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import checks
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import must
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

_STOP_TIMEOUT = 600.0


class Dependents:
    """Those of the units that one apply restarts."""

    def __init__(self) -> None:
        self._stopped: list[dict[str, t.Any]] = []

    @contextlib.contextmanager
    def stopped(self, dependents: list[dict[str, t.Any]]) -> t.Iterator[None]:
        """Stops those that are healthy, and starts them again in any case. Raises HostError.

        One that is not healthy now may need the restart to become so. Nothing is expected of it afterwards.
        """
        healthy = [unit for unit in dependents if _is_healthy(unit)]
        names = [unit["name"] for unit in healthy]
        if not names:
            yield
            return
        self._stopped += healthy
        try:
            # It ends in its own way: an apiserver tells load balancers first.
            must(["systemctl", "stop", "--", *names], what=f"stop {', '.join(names)}", timeout=_STOP_TIMEOUT)
            yield
        finally:
            must(["systemctl", "start", "--no-block", "--", *names], what=f"start {', '.join(names)} again")

    def unhealthy(self) -> tuple[str, str] | None:
        """Waits for all that were stopped. The first that is not healthy again, and why."""
        for unit in self._stopped:
            try:
                for check in unit["health"]:
                    checks.wait(check)
            except HostError as error:
                return unit["name"], error.message
        return None


def _is_healthy(unit: dict[str, t.Any]) -> bool:
    return all(checks.probe(check) is None for check in [{"unit": unit["name"]}, *unit["health"]])
