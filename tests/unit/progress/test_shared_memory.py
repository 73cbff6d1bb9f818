# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory that a process shares with its children stays shared when one of them collects garbage."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import shared_memory

# The module by its path: where ansible-test runs, another process does not find the collection by its name.
PROGRAM = """
import gc, os, re, runpy, sys
keep_shared = runpy.run_path(sys.argv[2])["keep_shared"]
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
    found = {}
    for how in ("kept", "lost"):
        command = [sys.executable, "-c", PROGRAM, how, str(shared_memory.__file__)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found[how] = int(done.stdout)
    return found


def test_a_collection_in_a_child_copies_what_was_not_kept(own_memory: dict[str, int]) -> None:
    assert own_memory["lost"] > 20_000


def test_a_collection_in_a_child_copies_nothing_that_was_kept(own_memory: dict[str, int]) -> None:
    assert own_memory["kept"] < own_memory["lost"] / 4
