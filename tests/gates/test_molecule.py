# SPDX-License-Identifier: GPL-3.0-or-later
"""The molecule scenarios: which there are, and that molecule finds them in molecule/."""

from __future__ import annotations

import pathlib

import pytest
import yaml

from .command import ROOT, makefile_variable, run

FOLDERS = {path.parent.name for path in (ROOT / "molecule").glob("*/molecule.yml")}
ROLES = {"backup", "balancer", "docker", "etcd", "firewall", "flannel", "host", "master", "minion"}
OF_VIRTUAL_MACHINES = {"default", "vagrantfile"}


def listed(**environment: str) -> list[dict[str, str]]:
    """What molecule lists.

    Its library ansible-compat reads each value of `ansible-config dump` as Python. Where a word after a number begins with a keyword, as
    in the random name of Ansible's temporary directory, Python warns, and molecule prints that on standard output before its YAML.
    """
    quiet = {"PYTHONWARNINGS": "ignore::SyntaxWarning", "MOLECULE_GLOB": makefile_variable("MOLECULE_GLOB")}
    instances: list[dict[str, str]] = yaml.safe_load(run("molecule", "list", "--format", "yaml", **quiet, **environment))
    return instances


@pytest.mark.slow
def test_molecule_lists_the_scenarios(tmp_path: pathlib.Path) -> None:
    listing = listed(ANSIBLE_LOG_PATH=str(tmp_path / "1else"))
    assert {instance["Scenario Name"] for instance in listing} == FOLDERS
    assert ROLES | OF_VIRTUAL_MACHINES | {"lab"} == FOLDERS


@pytest.mark.slow
def test_the_scenarios_of_make_molecule_are_all_but_those_of_virtual_machines() -> None:
    assert set(makefile_variable("SCENARIOS").split()) == FOLDERS - OF_VIRTUAL_MACHINES


def test_every_role_has_a_scenario_or_a_reason() -> None:
    # addons needs a whole cluster, which scenario lab has; reset takes everything away again, so that nothing is left to verify in one
    assert {path.name for path in (ROOT / "roles").iterdir() if path.is_dir()} - ROLES == {"addons", "reset"}


def imported(playbook: pathlib.Path) -> set[str]:
    return {role.rpartition(".")[2] for role in _roles(yaml.safe_load(playbook.read_text(encoding="utf-8")))}


def _roles(node: object) -> set[str]:
    """Every role that a playbook names, as `role:` or as the `name:` of an import."""
    if isinstance(node, dict):
        own = (
            {node["role"]}
            if "role" in node
            else {node["ansible.builtin.import_role"]["name"]}
            if "ansible.builtin.import_role" in node
            else set()
        )
        return own.union(*map(_roles, node.values()))
    return set().union(*map(_roles, node)) if isinstance(node, list) else set()


@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_scenario_converges_and_verifies_its_role(role: str) -> None:
    folder = ROOT / "molecule" / role
    assert role in imported(folder / "converge.yml")
    assert (folder / "verify.yml").is_file()
