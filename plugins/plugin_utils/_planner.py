# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a component: every kind in the one fixed order, each knowing what was planned before it.

This file is private to the collection and may change at any time.
"""

from __future__ import annotations

import collections.abc as c
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils import (
    _plan_binary,
    _plan_certificate,
    _plan_directory,
    _plan_file,
    _plan_firewall,
    _plan_kernel,
    _plan_package,
    _plan_selinux,
    _plan_unit,
    _plan_user,
)
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._action import Action, PlanContext
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._foresight import Foresight

Item = dict[str, t.Any]
_NOTHING = Foresight()
Planner = c.Callable[[Item, Item, PlanContext], list[Action]]

PLANNERS: dict[str, Planner] = {
    "early_file": _plan_file.plan_early,
    "package": _plan_package.plan,
    "group": _plan_user.plan_group,
    "user": _plan_user.plan_user,
    "directory": _plan_directory.plan,
    "binary": _plan_binary.plan,
    "certificate": _plan_certificate.plan,
    "file": _plan_file.plan,
    "absent": _plan_file.plan_absent,
    "kernel_module": _plan_kernel.plan_module,
    "sysctl": _plan_kernel.plan_sysctl,
    "swap": _plan_kernel.plan_swap,
    "selinux": _plan_selinux.plan,
    "selinux_boolean": _plan_selinux.plan_boolean,
    "firewall": _plan_firewall.plan,
    "unit": _plan_unit.plan,
}


def plan(
    *,
    component: str,
    items: c.Mapping[str, list[Item]],
    state: c.Mapping[str, list[Item]],
    requires: tuple[Item, ...] = (),
    foresight: Foresight = _NOTHING,
    now: float,
) -> list[Action]:
    """What must be done, in the order in which it will be done. Pure.

    ``foresight`` is what the components before this one would have changed: in check mode the state does not show it.
    """
    actions: list[Action] = []
    for kind, planner in PLANNERS.items():
        for item, found in zip(items.get(kind, ()), state.get(kind, ()), strict=True):
            context = PlanContext(component=component, now=now, planned=tuple(actions), requires=requires)
            seen = foresight.unit(item, found) if kind == "unit" else found
            actions += foresight.without_done(planner(item, seen, context))
    return actions


def restarted(actions: c.Iterable[Action]) -> list[str]:
    """For the operator: every restart with its reason."""
    return [f"{action.target}: {action.reason}" for action in actions if action.kind == "unit" and action.operation == "restart"]
