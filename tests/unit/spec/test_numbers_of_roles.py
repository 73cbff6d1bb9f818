# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers that roles put into settings of their programs: `-e name=7` gives them as text, which the argument specifications accept."""

from __future__ import annotations

import pathlib
import re

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

ROLES = pathlib.Path(__file__).parents[3] / "roles"


def expressions(role: str, variable: str) -> list[str]:
    """Every expression of the role's tasks and templates that calculates with the variable or puts it into JSON."""
    files = [*(ROLES / role / "tasks").glob("*.yml"), *(ROLES / role / "templates").glob("*")]
    found = [match for file in files for match in re.findall(rf"{{{{ {variable}[^}}]*}}}}", file.read_text(encoding="utf-8"))]
    return [expression for expression in found if expression != f"{{{{ {variable} }}}}" or _is_json(role, expression)]


def _is_json(role: str, expression: str) -> bool:
    tasks = yaml.safe_load((ROLES / role / "tasks" / "main.yml").read_text(encoding="utf-8"))
    files = [file for task in tasks for file in task.get("barehost.kubernetes.component", {}).get("files", []) if isinstance(file, dict)]
    return any(expression in file.get("json", {}).values() for file in files)


@pytest.mark.parametrize(
    ("role", "variable", "wanted"),
    [
        ("backup", "backup_schedule_keep", [1500]),
        ("balancer", "balancer_check_interval", [1500]),
        ("balancer", "__balancer_check_interval", [1.5, 750]),
    ],
)
def test_a_number_may_be_given_as_text(role: str, variable: str, wanted: list[float]) -> None:
    templar = Templar(loader=DataLoader(), variables={variable: "1500"})
    assert [templar.template(trust_as_template(expression)) for expression in expressions(role, variable)] == wanted
