# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans a component: kind by kind in one fixed order. Each planner knows what is planned before it."""

from __future__ import annotations

import collections.abc as c
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan import (
    binaries,
    certificates,
    directories,
    files,
    firewall,
    foreign,
    kernel,
    kernel_modules,
    packages,
    selinux,
    selinux_booleans,
    selinux_ports,
    trusted_programs,
    units,
    users,
)
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlanContext, PlannedAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.prediction import Prediction

Item = dict[str, t.Any]
_NOTHING = Prediction()
Planner = c.Callable[[Item, Item, PlanContext], list[PlannedAction]]

PLANNERS: dict[str, Planner] = {
    "foreign": foreign.plan,
    "early_file": files.plan_early,
    "package": packages.plan,
    "group": users.plan_group,
    "user": users.plan_user,
    "directory": directories.plan,
    "binary": binaries.plan,
    "certificate": certificates.plan,
    "file": files.plan,
    "absent": files.plan_absent,
    "kernel_module": kernel_modules.plan,
    "sysctl": kernel.plan_sysctl,
    "swap": kernel.plan_swap,
    "selinux": selinux.plan,
    "selinux_boolean": selinux_booleans.plan,
    "selinux_port": selinux_ports.plan,
    "trusted_programs": trusted_programs.plan,
    "firewall": firewall.plan,
    "unit": units.plan,
}


def plan(
    *,
    component: str,
    items: c.Mapping[str, list[Item]],
    state: c.Mapping[str, list[Item]],
    requires: tuple[Item, ...] = (),
    prediction: Prediction = _NOTHING,
    now: float,
) -> list[PlannedAction]:
    """The actions in the order in which the host performs them. Pure.

    ``prediction`` has the changes that check mode has predicted for earlier components, which the state does not show.
    """
    actions: list[PlannedAction] = []
    for kind, planner in PLANNERS.items():
        for item, found in zip(items.get(kind, ()), state.get(kind, ()), strict=True):
            context = PlanContext(component=component, now=now, planned=tuple(actions), requires=requires)
            seen = prediction.unit(item, found) if kind == "unit" else found
            actions += prediction.without_predicted(planner(item, seen, context))
    return actions


def restarted(actions: c.Iterable[PlannedAction]) -> list[str]:
    """Every restart with its reason, for the operator."""
    return [f"{action.target}: {action.reason}" for action in actions if action.kind == "unit" and action.operation == "restart"]
