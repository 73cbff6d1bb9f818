# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tasks of this collection's roles as data: the options of a task, its variables and its conditions, read without running the role."""

from __future__ import annotations

import collections.abc as c
import functools
import pathlib
import typing as t

from ansible.parsing.dataloader import DataLoader

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import role_jinja
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.role_templates import AnsibleTemplates
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey.site import Site

# The directory of the roles of this collection.
ROLES = pathlib.Path(__file__).resolve().parents[3] / "roles"
# Keywords of a task that change neither what it does nor for which host, or that are followed here.
_FOLLOWED = frozenset({"name", "vars", "register", "when", "run_once"})
# Keywords of a block that change nothing for its tasks as long as they do not fail.
_OF_BLOCKS = frozenset({"block", "name", "run_once", "rescue"})

Variables = dict[str, t.Any]


class RoleTask(t.NamedTuple):
    """A task: its options, variables and conditions, all with their templates. ``others`` are keywords that only Ansible can follow."""

    name: str
    directory: pathlib.Path
    options: dict[str, t.Any]
    variables: Variables
    conditions: tuple[str | bool, ...]
    register: str
    others: tuple[str, ...]

    def find(self, kind: str, name: str) -> str:
        """The path of a template or file of the role."""
        return str(self.directory / kind / name)

    def wanted(self, templates: AnsibleTemplates) -> bool:
        """Whether the conditions of the task hold. Raises ComponentError if more than conditions decide."""
        if self.others:
            raise ComponentError(
                f"role {self.directory.name}: its task {self.name!r} has {', '.join(self.others)}, which a survey does not follow; "
                "put the condition into the options of the task"
            )
        return all(templates.holds(condition) for condition in self.conditions)


@functools.cache
def tasks_of(role: str, action: str, *, file: str = "main.yml") -> tuple[RoleTask, ...]:
    """The tasks of a role's file that have this action, also in blocks."""
    directory = ROLES / role
    return tuple(_task(task, action, directory) for task in _tasks(directory / "tasks" / file) if action in task)


def preload() -> None:
    """Reads and compiles all roles, so that the processes which Ansible forks need not."""
    texts: list[str] = []
    for directory in sorted(ROLES.iterdir()):
        for folder in ("defaults", "vars"):
            texts += _texts(_mapping(directory / folder / "main.yml"))
        for file in sorted((directory / "tasks").glob("*.yml")):
            texts += _texts(_tasks(file))
    role_jinja.preload(texts, [file.read_text(encoding="utf-8") for file in sorted(ROLES.glob("*/templates/*.j2"))])


def _texts(data: t.Any) -> c.Iterator[str]:
    """All texts in data; of a condition, the one that is evaluated."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, (list, tuple)):
        yield from (text for item in data for text in _texts(item))
    elif isinstance(data, dict):
        for key, item in data.items():
            yield from map(role_jinja.condition_as_text, _texts(item)) if key == "when" else _texts(item)


def seen_by(roles: c.Iterable[str], site: Site) -> Site:
    """The host as a task sees it in a play that imports these roles: each sees the variables of all.

    What the inventory and earlier tasks say comes before what roles say.
    """
    known = list(roles)
    return site.with_roles({**_of_all(known, "defaults"), **_of_all(known, "vars")})


def _of_all(roles: c.Iterable[str], folder: str) -> Variables:
    return {name: value for role in roles for name, value in _mapping(ROLES / role / folder / "main.yml").items()}


@functools.cache
def _tasks(path: pathlib.Path) -> tuple[dict[str, t.Any], ...]:
    return tuple(_flat(_read(path) or []))


def _flat(tasks: c.Iterable[dict[str, t.Any]]) -> c.Iterator[dict[str, t.Any]]:
    """The tasks, also those in blocks. A keyword of a block counts as one of its tasks."""
    for task in tasks:
        if "block" in task:
            others = {key: value for key, value in task.items() if key not in _OF_BLOCKS}
            yield from ({**inner, **{f"block {key}": value for key, value in others.items()}} for inner in _flat(task["block"]))
        else:
            yield task


def _task(task: dict[str, t.Any], action: str, directory: pathlib.Path) -> RoleTask:
    conditions = task.get("when", [])
    listed = conditions if isinstance(conditions, list) else [conditions]
    return RoleTask(
        name=str(task.get("name")),
        directory=directory,
        options=task[action],
        variables=task.get("vars") or {},
        conditions=tuple(listed),
        register=str(task.get("register") or ""),
        others=tuple(sorted(set(task) - _FOLLOWED - {action})),
    )


@functools.cache
def _mapping(path: pathlib.Path) -> Variables:
    return t.cast(Variables, _read(path) or {}) if path.exists() else {}


def _read(path: pathlib.Path) -> t.Any:
    return DataLoader().load_from_file(str(path), trusted_as_template=True)
