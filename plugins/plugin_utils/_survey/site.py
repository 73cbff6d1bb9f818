# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of Ansible the parts of a survey use."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import functools
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.cluster import cluster_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.role_jinja import Scope
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.role_templates import RoleTemplates


@dataclasses.dataclass(frozen=True)
class Site:
    """One host of a run: its name in the inventory, its variables, and the templating of Ansible with them.

    ``of_task``: those of its variables that the playbook's task gives to roles, with their templates. ``scope`` has the same variables for
    texts of roles.
    """

    host: str
    templar: t.Any
    loader: t.Any
    variables: dict[str, t.Any]
    check_mode: bool
    of_task: c.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    scope: Scope | None = None

    @functools.cached_property
    def templates(self) -> RoleTemplates:
        """What evaluates the texts of roles with these variables."""
        return RoleTemplates(self.templar, self.variables, self.loader, self.scope or Scope(self.templar, self.variables, {}))

    def with_variables(self, variables: dict[str, t.Any]) -> Site:
        """The same host, as a task with these variables sees it."""
        templar = self.templar.copy_with_new_env(available_variables=variables)
        return dataclasses.replace(self, templar=templar, variables=variables, scope=None)

    def with_roles(self, variables: c.Mapping[str, t.Any]) -> Site:
        """The same host, with variables of roles besides. Its own come first."""
        site = self.with_variables({**variables, **self.variables})
        foreign = {name: value for name, value in self.variables.items() if name not in self.of_task}
        return dataclasses.replace(site, scope=Scope(site.templar, foreign, {**variables, **self.of_task}))

    def with_task(self, variables: c.Mapping[str, t.Any]) -> Site:
        """The same host, as a task of a role with these variables sees it."""
        site = self.with_variables({**self.variables, **variables})
        return dataclasses.replace(site, scope=self.templates.scope.with_own(variables))

    @property
    def cluster(self) -> dict[str, t.Any]:
        """The resolved spec."""
        return cluster_of(self.templar, self.variables)

    @property
    def run_hosts(self) -> list[str]:
        """The hosts of the play, also those that it has lost."""
        return [str(host) for host in self.variables.get("ansible_play_hosts_all", [])]
