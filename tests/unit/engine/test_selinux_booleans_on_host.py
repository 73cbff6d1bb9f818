# SPDX-License-Identifier: GPL-3.0-or-later
"""SELinux booleans as the kernel shows them, and how they are set."""

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import selinux_booleans

NAMES = [{"name": name} for name in ("on_is", "off_is", "none_is")]


@pytest.fixture
def kernel(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.setattr(selinux_booleans, "ROOT", str(tmp_path))
    return tmp_path


def test_a_host_without_selinux(kernel: pathlib.Path) -> None:
    assert selinux_booleans.collect(NAMES) == [{"enabled": False, "value": None}] * 3


def test_booleans_as_they_are_now(kernel: pathlib.Path) -> None:
    """Each file has the present value and the pending one."""
    (kernel / "enforce").write_text("1")
    (kernel / "booleans").mkdir()
    (kernel / "booleans" / "on_is").write_text("1 0")
    (kernel / "booleans" / "off_is").write_text("0 1")
    found = selinux_booleans.collect(NAMES)
    assert [state["value"] for state in found] == [True, False, None]
    assert all(state["enabled"] for state in found)


def test_all_are_set_at_once_and_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[list[str]] = []
    monkeypatch.setattr(selinux_booleans, "must", lambda argv, **_options: calls.append(argv))
    actions = [{"target": "one", "data": {"value": True}}, {"target": "two", "data": {"value": False}}]
    assert selinux_booleans.apply(actions) == [{}, {}]
    assert selinux_booleans.apply([]) == []
    assert calls == [["setsebool", "-P", "one=on", "two=off"]]
