# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory that a process shares with its children stays shared when one of them collects garbage."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import pytest

COLLECTIONS = pathlib.Path(__file__).resolve().parents[3] / ".collections"
PROGRAM = """
import gc, os, re, sys
if sys.argv[1] == "kept":
    from ansible_collections.barehost.kubernetes.plugins.plugin_utils._shared_memory import keep_shared
kept = [[number] for number in range(400_000)]
if sys.argv[1] == "kept":
    keep_shared()
if not os.fork():
    gc.collect()
    with open("/proc/self/smaps_rollup", encoding="ascii") as file:
        print(re.findall(r"^Private_Dirty: +([0-9]+) kB", file.read(), re.MULTILINE)[0], flush=True)
    os._exit(0)
os.wait()
"""


@pytest.fixture(scope="module")
def own_memory() -> dict[str, int]:
    """Kilobytes that a child has for itself after its collection."""
    found, environment = {}, {**os.environ, "PYTHONPATH": str(COLLECTIONS)}
    for how in ("kept", "lost"):
        done = subprocess.run([sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, check=True, env=environment)
        found[how] = int(done.stdout)
    return found


def test_a_collection_in_a_child_copies_what_was_not_kept(own_memory: dict[str, int]) -> None:
    assert own_memory["lost"] > 20_000


def test_a_collection_in_a_child_copies_nothing_that_was_kept(own_memory: dict[str, int]) -> None:
    assert own_memory["kept"] < own_memory["lost"] / 4
