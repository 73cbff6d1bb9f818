# SPDX-License-Identifier: GPL-3.0-or-later
"""The molecule scenario `lab`: converge, idempotence and verify on hosts of its own."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(sys.executable).parent


def test_scenario_lab() -> None:
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "NO_COLOR": "1", "ANSIBLE_NOCOLOR": "1"}
    molecule = str(BIN / "molecule")
    # "instances already created" is remembered from a run that was killed
    subprocess.run([molecule, "reset", "--scenario-name", "lab"], cwd=ROOT, env=environment, capture_output=True, check=True)
    command = [molecule, "test", "--scenario-name", "lab", "--destroy", "always"]
    done = subprocess.run(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.fail(f"{' '.join(command)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}", pytrace=False)
