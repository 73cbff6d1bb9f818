# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs `molecule test` for one scenario, and judges by its exit status: its summary calls a failed idempotence step successful."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(sys.executable).parent


def run_scenario(name: str) -> None:
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "NO_COLOR": "1", "ANSIBLE_NOCOLOR": "1"}
    molecule = str(BIN / "molecule")
    # "instances already created" is remembered from a run that was killed
    subprocess.run([molecule, "reset", "--scenario-name", name], cwd=ROOT, env=environment, capture_output=True, check=True)
    command = [molecule, "test", "--scenario-name", name, "--destroy", "always"]
    done = subprocess.run(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.fail(f"{' '.join(command)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}", pytrace=False)
