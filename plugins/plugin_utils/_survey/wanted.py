# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the roles of a host describe, read out of their tasks without running them, and without what only a run knows."""

from __future__ import annotations

import collections.abc as c
import typing as t

from ansible.errors import AnsibleError

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.description import Component, parse_description
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey import role_tasks
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey.site import Site

_COMPONENT = "barehost.kubernetes.component"


class Wanted(t.NamedTuple):
    """One component: the task that describes it, the host as that task sees it, and what could be read.

    ``component`` is None, and ``faults`` say why, if nothing can be read. An option that needs what only a run knows is left out, with a
    fault of its own.
    """

    task: role_tasks.RoleTask
    site: Site
    component: Component | None
    faults: tuple[str, ...] = ()


def wanted(roles: c.Sequence[str], site: Site, options: c.Collection[str]) -> c.Iterator[Wanted]:
    """All components of these roles, each with these of its options. One that cannot be read does not hide the others."""
    shared = role_tasks.seen_by(roles, site)
    for role in roles:
        for task in role_tasks.tasks_of(role, _COMPONENT):
            own = shared
            try:
                own = shared.with_task(task.variables)
                if task.wanted(own.templates):
                    given, faults = _templated(task, own, options)
                    yield Wanted(task, own, parse_description(given), tuple(fault(task, found) for found in faults))
            except AnsibleError as error:
                yield Wanted(task, own, None, (fault(task, error),))


def fault(task: role_tasks.RoleTask, error: AnsibleError) -> str:
    """What the operator is told of a description that cannot be read."""
    return f"what role {task.directory.name} describes is not known: {error.message}"


def _templated(task: role_tasks.RoleTask, site: Site, options: c.Collection[str]) -> tuple[dict[str, t.Any], list[AnsibleError]]:
    given: dict[str, t.Any] = {}
    faults: list[AnsibleError] = []
    for name in ("name", *options):
        if name in task.options:
            try:
                given[name] = site.templates.value(task.options[name])
            except AnsibleError as error:
                faults.append(error)
    return given, faults
