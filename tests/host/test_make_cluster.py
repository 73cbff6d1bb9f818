# SPDX-License-Identifier: GPL-3.0-or-later
"""make cluster and make down while hosts are up: those of another inventory stay, and so do those of the same one."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from .engine import HOST, ROOT, Engine

KEEP = """
import pathlib, sys
import make_cluster
folder, address = sys.argv[1:]
stages = make_cluster.Stages()
print(make_cluster.lab_hosts(folder, pathlib.Path(folder), {"%s": address}, stages, "nspawn"), stages.times)
"""


def boot(engine: Engine) -> str:
    """Which start of which host it is."""
    return engine.on_host("cat /etc/machine-id; systemctl show --property=UserspaceTimestampMonotonic")


@pytest.mark.parametrize("target", ["cluster", "down"])
def test_hosts_of_another_checkout_are_not_touched(engine: Engine, target: str) -> None:
    before = boot(engine)
    done = subprocess.run(["make", target], cwd=ROOT, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=300)
    assert done.returncode != 0, done.stdout
    assert done.stderr.startswith("ERROR: The hosts "), done.stderr
    assert f"make down INVENTORY={engine.directory}\n" in done.stderr, done.stderr
    assert boot(engine) == before


def test_hosts_of_the_same_inventory_are_kept(engine: Engine) -> None:
    before = boot(engine)
    (host,) = json.loads(engine.lab("status", "--json").stdout)["hosts"]
    command = [sys.executable, "-c", KEEP % HOST, str(engine.directory), host["address"]]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tools")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=300)
    assert done.stdout.endswith("True []\n"), done.stdout + done.stderr
    assert "they are up and stay as they are" in done.stdout
    assert boot(engine) == before
