# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of variables that tasks set: registered ones have the collection's prefix, the others of a role that of the role."""

from __future__ import annotations

import collections.abc
import pathlib
import re
import typing as t

import pytest
import yaml

from .command import ROOT, tracked

ROLE_FILES = tracked("roles/*/tasks/*.yml")
ROLES = {pathlib.PurePath(name).parts[1] for name in ROLE_FILES}
# the spec: the name that all roles read, and that whoever uses them alone may register
SPEC = "cluster"


def tasks(node: t.Any) -> collections.abc.Iterator[dict[str, t.Any]]:
    """Every task of a list of tasks or plays, those in blocks too."""
    for entry in node or []:
        yield entry
        for section in ("pre_tasks", "tasks", "post_tasks", "block", "rescue", "always"):
            yield from tasks(entry.get(section))


def of_file(name: str) -> list[dict[str, t.Any]]:
    return list(tasks(yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))))


def not_of_role(name: str, *variables: str) -> list[str]:
    """Those that do not begin with the name of the role that the file belongs to, whether private (two underscores) or not."""
    role = pathlib.PurePath(name).parts[1]
    return [variable for variable in variables if variable != SPEC and not f"{variable}_".startswith((f"__{role}_", f"{role}_"))]


@pytest.mark.parametrize("name", ROLE_FILES)
def test_variables_of_a_role_have_its_name(name: str) -> None:
    assert [variable for task in of_file(name) for variable in not_of_role(name, *task.get("vars", {}))] == []


@pytest.mark.parametrize("name", [*ROLE_FILES, *tracked("playbooks/*.yml")])
def test_registered_variables_have_the_prefix_of_the_collection(name: str) -> None:
    registered = {task["register"] for task in of_file(name) if "register" in task} - {SPEC}
    assert {variable for variable in registered if not variable.startswith("barehost_")} == set()


@pytest.mark.parametrize("name", tracked("playbooks/*.yml"))
def test_what_a_playbook_reads_of_a_role_is_public(name: str) -> None:
    """With ``private_role_vars`` in somebody's ansible.cfg, nothing of a role is seen outside of it unless its import says ``public``."""
    text = (ROOT / name).read_text(encoding="utf-8")
    plays = yaml.safe_load(text)
    imported = [task["ansible.builtin.import_role"] for task in tasks(plays) if "ansible.builtin.import_role" in task]
    public = {role["name"].rpartition(".")[2] for role in imported if role.get("public")}
    read = {match for expression in re.findall(r"\{[{%].*?[}%]\}", text, re.DOTALL) for match in re.findall(r"\b__[a-z]+_\w+", expression)}
    ours = {variable for entry in (*plays, *tasks(plays)) for variable in entry.get("vars", {})}
    of_roles = {variable: variable.split("_")[2] for variable in read - ours if variable.split("_")[2] in ROLES}
    assert {variable: role for variable, role in of_roles.items() if role not in public} == {}
