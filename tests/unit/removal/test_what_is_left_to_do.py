# SPDX-License-Identifier: GPL-3.0-or-later
"""The last words of remove-node.yml, by its own task: a check run must not say that the host is out of the cluster."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import pytest
import yaml

# Starting ansible-playbook takes a second.
pytestmark = pytest.mark.slow

ROOT = pathlib.Path(__file__).parents[3]


@pytest.mark.parametrize("check", [True, False])
def test_only_a_removal_that_was_made_says_so(tmp_path: pathlib.Path, *, check: bool) -> None:
    plays = yaml.safe_load((ROOT / "playbooks/remove-node.yml").read_text(encoding="utf-8"))
    play = {"hosts": "w1", "gather_facts": False, "vars": {"remove_node": "w1"}, "tasks": plays[-1]["tasks"][-1:]}
    playbook = tmp_path / "last.yml"
    playbook.write_text(yaml.safe_dump([play]), encoding="utf-8")
    command = [str(pathlib.Path(sys.executable).with_name("ansible-playbook")), str(playbook), "-i", "w1,", *(["--check"] if check else [])]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert run.returncode == 0, run.stdout + run.stderr
    assert ("is out of the cluster" in run.stdout) is not check
    assert ("Nothing was removed" in run.stdout) is check
