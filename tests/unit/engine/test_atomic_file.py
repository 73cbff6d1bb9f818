# SPDX-License-Identifier: GPL-3.0-or-later
"""Atomic writes of files on the controller."""

from __future__ import annotations

import os
import pathlib
import stat

import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import atomic_file


def mode(path: pathlib.Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("wanted", [0o600, 0o644])
def test_the_file_is_private_until_it_is_complete(tmp_path: pathlib.Path, wanted: int) -> None:
    path = tmp_path / "a"
    with atomic_file.replacing(path, mode=wanted) as file:
        file.write(b"new")
        (incomplete,) = tmp_path.iterdir()
        assert incomplete != path
        assert mode(incomplete) == 0o600
    assert (path.read_bytes(), mode(path)) == (b"new", wanted)


def test_a_failed_block_changes_nothing(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    with pytest.raises(RuntimeError), atomic_file.replacing(path, mode=0o600) as file:
        file.write(b"half")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_text() == "old"


def test_the_leftover_of_a_killed_run_is_replaced(tmp_path: pathlib.Path) -> None:
    path, elsewhere = tmp_path / "a", tmp_path / "elsewhere"
    elsewhere.write_text("kept")
    (tmp_path / ".a.tmp").symlink_to(elsewhere)
    atomic_file.write(path, "new", mode=0o600)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["a", "elsewhere"]
    assert (path.read_text(), elsewhere.read_text()) == ("new", "kept")


def test_without_a_mode_the_umask_decides(tmp_path: pathlib.Path) -> None:
    before = os.umask(0o027)
    try:
        atomic_file.write(tmp_path / "a", "text", mode=None)
    finally:
        os.umask(before)
    assert mode(tmp_path / "a") == 0o640
