# SPDX-License-Identifier: GPL-3.0-or-later
"""The commit that a benchmark compares with is a checkout of its own, and goes when the benchmark ends."""

from __future__ import annotations

import subprocess

import pytest
from bench_runs import ROOT
from bench_trees import trees


def test_without_a_commit_there_is_this_checkout() -> None:
    with trees(None) as found:
        assert [(tree.name, tree.folder) for tree in found] == [("now", ROOT)]


def test_a_commit_has_its_own_collection() -> None:
    short = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, check=True, capture_output=True, text=True).stdout[:7]
    with trees("HEAD") as (own, other):
        assert (own.name, other.name) == ("now", short)
        assert (other.folder / "playbooks" / "site.yml").is_file()
        linked = (other.folder / ".collections" / "ansible_collections" / "barehost" / "kubernetes").resolve()
        assert linked == other.folder.resolve(), "the playbooks of a tree use the plugins of that tree"
    assert not other.folder.exists()


def test_an_unknown_commit_is_refused_before_anything_is_measured() -> None:
    with pytest.raises(SystemExit, match="no-such-commit"), trees("no-such-commit"):
        pass
