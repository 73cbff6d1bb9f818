# SPDX-License-Identifier: GPL-3.0-or-later
"""A role's public interface: defaults/main.yml and meta/argument_specs.yml say the same."""

from __future__ import annotations

import typing as t

import pytest
import yaml

from .command import ROOT

ROLES = sorted(path.name for path in (ROOT / "roles").iterdir() if path.is_dir())


def load(*, role: str, file: str) -> t.Any:
    return yaml.safe_load((ROOT / "roles" / role / file).read_text(encoding="utf-8")) or {}


def options(role: str) -> dict[str, dict[str, t.Any]]:
    options: dict[str, dict[str, t.Any]] = load(role=role, file="meta/argument_specs.yml")["argument_specs"]["main"].get("options") or {}
    return options


def test_there_are_roles() -> None:
    assert "etcd" in ROLES


@pytest.mark.parametrize("role", ROLES)
def test_specification_equals_defaults(role: str) -> None:
    specified = options(role)
    defaults: dict[str, t.Any] = load(role=role, file="defaults/main.yml")
    # a required option is the caller's: it has no default in either file
    optional = {name for name, option in specified.items() if not option.get("required")}
    assert optional == set(defaults)
    assert {name: specified[name].get("default") for name in sorted(optional)} == {name: defaults[name] for name in sorted(optional)}


@pytest.mark.parametrize("role", ROLES)
def test_every_option_is_named_after_its_role_and_described(role: str) -> None:
    for name, option in options(role).items():
        assert name.startswith((f"{role}_", "cluster_")), f"{name}: not in the role's name space"
        assert option.get("description"), f"{name}: no description"
        assert option.get("type"), f"{name}: no type"


@pytest.mark.parametrize("role", ROLES)
def test_every_entry_point_is_specified(role: str) -> None:
    """Task files that another role or playbook may import; a leading underscore makes one private."""
    specifications = load(role=role, file="meta/argument_specs.yml")["argument_specs"]
    files = {path.stem for path in (ROOT / "roles" / role / "tasks").glob("*.yml") if not path.name.startswith("_")}
    assert files == set(specifications)
