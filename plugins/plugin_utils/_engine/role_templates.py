# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evaluates what roles describe: by Ansible, or, where the roles are read as data, by Jinja alone with Ansible as the way back.

Ansible tags each value and evaluates each nested one anew. For the descriptions of a worker that takes the controller 0.19 s, and
Jinja 0.016 s (docs/architecture/survey.md). So texts of this collection's roles are given to Jinja itself, with the filters and tests of
Ansible. Variables of an inventory are always evaluated by Ansible. Whatever is not plain, fails, or is not known here is evaluated by
Ansible, as a whole: so an error is Ansible's, too.
"""

from __future__ import annotations

import collections.abc as c
import os
import typing as t

from ansible.template import trust_as_template

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import role_jinja

Variables = c.Mapping[str, t.Any]


class AnsibleTemplates:
    """The texts of a role as its own task would evaluate them. ``templar`` has ``variables``."""

    def __init__(self, templar: t.Any, variables: Variables, loader: t.Any) -> None:
        self._templar = templar
        self._variables = variables
        self._loader = loader

    def value(self, data: t.Any) -> t.Any:
        """The data with all templates in it evaluated. Raises AnsibleError for one that cannot be."""
        return self._templar.template(data)

    def holds(self, condition: str | bool) -> bool:
        """Whether a condition (``when``) is true. Raises AnsibleError if it cannot be evaluated."""
        return bool(self._templar.evaluate_conditional(condition))

    def text(self, path: str, variables: Variables) -> str:
        """The file of a template, rendered with these variables besides. Raises AnsibleError."""
        template = trust_as_template(self._loader.get_text_file_contents(path))
        templar = self._templar.copy_with_new_env(searchpath=self._search_path(path), available_variables={**self._variables, **variables})
        overrides = {"trim_blocks": True, "lstrip_blocks": True}
        return as_text(templar.template(template, escape_backslashes=False, overrides=overrides))

    def _search_path(self, path: str) -> list[str]:
        roots = [*self._variables.get("ansible_search_path", []), self._loader.get_basedir(), os.path.dirname(path)]
        return [place for root in roots for place in (os.path.join(root, "templates"), root)]


class RoleTemplates(AnsibleTemplates):
    """The same results, faster. Only for texts of this collection's roles: they are trusted, and written for both.

    ``scope`` has the same variables as ``templar``.
    """

    def __init__(self, templar: t.Any, variables: Variables, loader: t.Any, scope: role_jinja.Scope) -> None:
        super().__init__(templar, variables, loader)
        self.scope = scope

    def value(self, data: t.Any) -> t.Any:
        return self._tried(lambda: role_jinja.value(data, self.scope), lambda: super(RoleTemplates, self).value(data))

    def holds(self, condition: str | bool) -> bool:
        return bool(self._tried(lambda: role_jinja.holds(condition, self.scope), lambda: super(RoleTemplates, self).holds(condition)))

    def text(self, path: str, variables: Variables) -> str:
        found = self._tried(
            lambda: role_jinja.text(self._loader.get_text_file_contents(path), self.scope.inner(variables)),
            lambda: super(RoleTemplates, self).text(path, variables),
        )
        return as_text(found)

    @staticmethod
    def _tried(by_jinja: c.Callable[[], t.Any], by_ansible: c.Callable[[], t.Any]) -> t.Any:
        try:
            return by_jinja()
        except Exception:  # whatever it is, Ansible can do it, or says why not
            return by_ansible()


def as_text(found: t.Any) -> str:
    """A template that is one expression gives that expression's type."""
    return "" if found is None else str(found)
