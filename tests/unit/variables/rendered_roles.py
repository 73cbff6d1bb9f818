# SPDX-License-Identifier: GPL-3.0-or-later
"""All that roles and playbooks would do, as text: every expression of every task and template, evaluated without a host.

What a task registers is not known here. An expression that needs it has the text of its fault, which is the same whatever variables are
set. Texts are evaluated as a survey does it, which takes a third of the time. tests/unit/survey/test_described_twice.py compares that with
Ansible.
"""

from __future__ import annotations

import functools
import json
import pathlib
import typing as t

import yaml
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.role_jinja import Scope
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.role_templates import RoleTemplates

ROOT = pathlib.Path(__file__).parents[3]
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir() if path.is_dir())

Object = dict[str, t.Any]

# Keys of a task that hold an expression without braces
_BARE = ("when", "until", "changed_when", "failed_when", "that", "loop_control")


@functools.cache
def _yaml(path: pathlib.Path) -> t.Any:
    return yaml.safe_load(path.read_text(encoding="utf-8")) or {}


@functools.cache
def defaults() -> Object:
    """The defaults and the private variables of all roles, as templates."""
    files = [ROOT / "roles" / role / folder / "main.yml" for role in ROLES for folder in ("defaults", "vars")]
    return {name: _trusted(value) for path in files if path.is_file() for name, value in _yaml(path).items()}


def _trusted(value: t.Any) -> t.Any:
    if isinstance(value, str):
        return trust_as_template(value)
    if isinstance(value, list):
        return [_trusted(entry) for entry in value]
    return {key: _trusted(entry) for key, entry in value.items()} if isinstance(value, dict) else value


class _Page:
    """Collects the text of one role or playbook for one host."""

    def __init__(self, folder: pathlib.Path, variables: Object) -> None:
        self._folder = folder
        self._loader = DataLoader()
        self._variables = {**defaults(), **variables}
        self._scope = Scope(Templar(loader=self._loader, variables=self._variables), variables, defaults())
        self.lines: list[str] = []

    def tasks(self, node: t.Any, scope: Object) -> None:
        for task in node or []:
            own = {**scope, **{name: _trusted(value) for name, value in (task.get("vars") or {}).items()}}
            for item in self._items(task, own):
                inner = {**own, **item}
                for section in ("pre_tasks", "tasks", "post_tasks", "block", "rescue", "always", "handlers"):
                    self.tasks(task.get(section), inner)
                for key, value in task.items():
                    if key not in ("pre_tasks", "tasks", "post_tasks", "block", "rescue", "always", "handlers", "vars", "name", "loop"):
                        self._say(key, value, inner)

    def _items(self, task: Object, scope: Object) -> list[Object]:
        if "loop" not in task:
            return [{}]
        name = (task.get("loop_control") or {}).get("loop_var", "item")
        found = self._value(_trusted(task["loop"]), scope)
        return [{name: entry} for entry in found] if isinstance(found, list) else [{}]

    def _say(self, key: str, value: t.Any, scope: Object) -> None:
        if isinstance(value, dict):
            for name, entry in value.items():
                self._say(str(name), entry, scope)
            if isinstance(value.get("template"), str):
                self._template(value, scope)
        elif isinstance(value, list):
            for entry in value:
                self._say(key, entry, scope)
        elif isinstance(value, str) and ("{{" in value or key in _BARE):
            bare = key in _BARE and "{{" not in value
            text = trust_as_template("{{ " + value + " }}") if bare else _trusted(value)
            found = self._value(text, scope)
            self.lines.append(f"{key}: {json.dumps(found, default=str, sort_keys=True)}")
            for entry in found if isinstance(found, list) else ():
                if isinstance(entry, dict) and isinstance(entry.get("template"), str):
                    self._template(entry, scope)

    def _value(self, value: t.Any, scope: Object) -> t.Any:
        try:
            return self._templates(scope).value(value)
        except AnsibleError as error:
            return f"not known: {type(error).__name__}"

    def _templates(self, scope: Object) -> RoleTemplates:
        known = {**self._variables, **scope}
        return RoleTemplates(Templar(loader=self._loader, variables=known), known, self._loader, self._scope.with_own(scope))

    def _template(self, file: Object, scope: Object) -> None:
        name = self._value(_trusted(file["template"]), scope)
        path = self._folder / "templates" / str(name)
        if path.is_file():
            own = {key: self._value(_trusted(value), scope) for key, value in (file.get("vars") or {}).items()}
            try:
                text = self._templates(scope).text(str(path), {**own, "ansible_managed": ""})
            except AnsibleError as error:
                text = f"not known: {error}"
            self.lines.append(f"template {name}: {text}")


def of_role(role: str, variables: Object) -> list[str]:
    """What each task of a role says."""
    page = _Page(ROOT / "roles" / role, variables)
    for path in sorted((ROOT / "roles" / role / "tasks").glob("*.yml")):
        page.tasks(_yaml(path), {})
    return page.lines


def of_playbooks(variables: Object) -> list[str]:
    """What each task of each playbook says."""
    page = _Page(ROOT / "playbooks", variables)
    for path in sorted((ROOT / "playbooks").glob("*.yml")):
        page.tasks(_yaml(path), {})
    return page.lines
