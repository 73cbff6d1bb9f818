# SPDX-License-Identifier: GPL-3.0-or-later
"""A run with an inventory that is not there, or that is half readable, must not end well: cron would report a backup that is none."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import pytest
from spec_inventory import TESTS

# Starting ansible-playbook takes a second.
pytestmark = pytest.mark.slow

CHECKOUT = TESTS.parent
HOSTS = "all:\n  hosts:\n    m1:\n      ansible_host: 192.0.2.10\n"
WITHOUT_A_COLON = "all:\n  hosts\n    w1:\n"


def run(inventory: pathlib.Path) -> subprocess.CompletedProcess[str]:
    playbook = inventory.parent / "nothing.yml"
    playbook.write_text("- hosts: m1\n  gather_facts: false\n  tasks: []\n", encoding="utf-8")
    command = [str(pathlib.Path(sys.executable).with_name("ansible-playbook")), str(playbook), "-i", str(inventory)]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=120)


def folder(tmp_path: pathlib.Path, **files: str) -> pathlib.Path:
    inventory = tmp_path / "mine"
    inventory.mkdir()
    for name, text in files.items():
        (inventory / name).write_text(text, encoding="utf-8")
    return inventory


def test_a_misspelt_path_is_an_error(tmp_path: pathlib.Path) -> None:
    folder(tmp_path, **{"hosts.yml": HOSTS})
    run_ = run(tmp_path / "mien")
    assert run_.returncode != 0
    assert "failed to parse inventory source" in run_.stdout + run_.stderr


def test_a_file_that_cannot_be_read_is_an_error_though_another_one_can(tmp_path: pathlib.Path) -> None:
    """Hosts that are missing in this way would count as taken out."""
    run_ = run(folder(tmp_path, **{"hosts.yml": HOSTS, "more.yml": WITHOUT_A_COLON}))
    assert run_.returncode != 0
    assert "more.yml:3" in run_.stdout + run_.stderr, "the place of the mistake"


def test_what_else_is_in_the_folder_of_an_inventory_is_no_inventory(tmp_path: pathlib.Path) -> None:
    others = ("ssh_config", "kubeconfig", ".kubeconfig.tmp", ".hosts.yml.swp", "README", "notes.md")
    inventory = folder(tmp_path, **{"hosts.yml": HOSTS, **dict.fromkeys(others, "a killed run left\nhalf of it: [")})
    for name in ("pki", "backups", "group_vars", "host_vars"):
        (inventory / name).mkdir()
        (inventory / name / "file").write_text("not: [an inventory", encoding="utf-8")
    run_ = run(inventory)
    assert run_.returncode == 0, run_.stdout + run_.stderr
    assert "WARNING" not in run_.stdout + run_.stderr
