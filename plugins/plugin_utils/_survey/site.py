# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of Ansible the parts of a survey use."""

from __future__ import annotations

import contextlib
import dataclasses
import typing as t

from ansible.errors import AnsibleError

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.cluster import cluster_of


@dataclasses.dataclass(frozen=True)
class Site:
    """One host of a run: its name in the inventory, its variables, and the templating of Ansible with them."""

    host: str
    templar: t.Any
    loader: t.Any
    variables: dict[str, t.Any]
    check_mode: bool

    def with_variables(self, variables: dict[str, t.Any]) -> Site:
        """The same host, as a task with these variables sees it."""
        return dataclasses.replace(self, templar=self.templar.copy_with_new_env(available_variables=variables), variables=variables)

    def resolving(self, variables: dict[str, t.Any]) -> Site:
        """The same host, with more variables. Each is evaluated once here, instead of by every template that has it.

        One that cannot be evaluated stays as it is: a template that needs it says why.
        """
        known = {**self.variables, **variables}
        site = self.with_variables(known)
        for name, value in variables.items():
            with contextlib.suppress(AnsibleError):
                known[name] = site.templar.template(value)
        return site

    @property
    def cluster(self) -> dict[str, t.Any]:
        """The resolved spec."""
        return cluster_of(self.templar, self.variables)

    @property
    def run_hosts(self) -> list[str]:
        """The hosts of the play, also those that it has lost."""
        return [str(host) for host in self.variables.get("ansible_play_hosts_all", [])]
