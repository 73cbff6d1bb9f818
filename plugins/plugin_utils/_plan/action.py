# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The unit of a plan: one change of one thing on one host, with its reason and its diff."""

from __future__ import annotations

import dataclasses
import typing as t

_ATTRIBUTES_ONLY = ("set-attributes", "set-mode")


@dataclasses.dataclass(frozen=True)
class PlannedAction:
    """One change.

    ``before`` and ``after`` are the texts of the diff; both stay empty for a ``secret`` action.
    ``data`` is what the host needs to perform the action; it never reaches a result, a diff or a log.
    ``paths`` are the files it changes besides the target (the key of a certificate, the links of a release):
    a unit that has one of them among its inputs is restarted.
    """

    kind: str
    operation: str
    target: str
    reason: str
    before: str = ""
    after: str = ""
    secret: bool = False
    data: dict[str, t.Any] = dataclasses.field(default_factory=dict, repr=False)
    paths: tuple[str, ...] = ()

    @property
    def touched(self) -> tuple[str, ...]:
        """Every path whose content changes. A change of owner or mode needs no restart, so it is not among them."""
        return () if self.operation in _ATTRIBUTES_ONLY else (self.target, *self.paths)

    def report(self) -> dict[str, str]:
        """The action as the task's result shows it."""
        return {"kind": self.kind, "action": self.operation, "path": self.target, "reason": self.reason}

    def diff(self) -> dict[str, str]:
        """Ansible's diff of this action. Of a secret it says only that it changes."""
        header = f"{self.kind} {self.target} ({self.operation}: {self.reason})"
        headers = {"before_header": header, "after_header": header}
        if self.secret:
            return {**headers, "prepared": f"{self.kind} {self.target}: {self.reason}; secret content, not shown\n"}
        if self.before == self.after:
            # Equal texts make an empty diff although something changes, for example when an empty file is created.
            return {**headers, "prepared": f"{self.kind} {self.target}: {self.operation}: {self.reason}\n"}
        return {**headers, "before": self.before, "after": self.after}

    def for_host(self) -> dict[str, t.Any]:
        """What is sent to the host."""
        return {"kind": self.kind, "operation": self.operation, "target": self.target, "data": self.data}


@dataclasses.dataclass(frozen=True)
class PlanContext:
    """What a planner may know besides the item and its state.

    ``planned`` holds the actions planned before (the unit planner reads it), ``now`` is the controller's time in
    seconds since the epoch, so that planning stays pure. ``requires`` are the component's checks.
    """

    component: str
    now: float
    planned: tuple[PlannedAction, ...] = ()
    requires: tuple[dict[str, t.Any], ...] = ()
