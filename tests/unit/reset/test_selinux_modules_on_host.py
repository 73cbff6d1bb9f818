# SPDX-License-Identifier: GPL-3.0-or-later
"""EL finding 23: modules of the SELinux policy, in a store as libsemanage has it. Runs on Python 3.9 too."""

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import selinux_modules


def test_a_module_is_found_by_name_whatever_its_priority(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selinux_modules, "STORE", str(tmp_path))
    assert not selinux_modules.is_installed("docker-af-alg-deny")
    (tmp_path / "targeted/active/modules/400/docker-af-alg-deny").mkdir(parents=True)
    assert selinux_modules.is_installed("docker-af-alg-deny")
    assert not selinux_modules.is_installed("container-af-alg-deny")
