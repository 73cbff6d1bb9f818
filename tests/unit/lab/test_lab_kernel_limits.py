# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits of the machine are only ever raised."""

from __future__ import annotations

import pathlib

import pytest

from barelab import kernel_limits


@pytest.mark.parametrize(("found", "afterwards"), [("128\n", 1024), ("4096\n", 4096)])
def test_a_limit_is_raised_but_not_lowered(tmp_path: pathlib.Path, found: str, afterwards: int) -> None:
    path = tmp_path / "limit"
    path.write_text(found, encoding="ascii")
    kernel_limits.raise_to({path: 1024})
    assert int(path.read_text(encoding="ascii")) == afterwards
