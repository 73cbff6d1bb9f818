# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host tells of its machine, and what its operator says to the kubelet about it."""

from __future__ import annotations

import pathlib

from ansible_collections.barehost.kubernetes.plugins.module_utils._upgrade import machine as on_host


def test_what_a_host_tells(tmp_path: pathlib.Path) -> None:
    there = tmp_path / "cgroup.controllers"
    assert on_host.found(str(tmp_path), str(there))["cgroup"] == 1
    there.touch()
    (tmp_path / "10-a.conf").write_text("kind: KubeletConfiguration\n#failCgroupV1: false\n")
    assert (on_host.found(str(tmp_path), str(there))["cgroup"], on_host.found(str(tmp_path))["takes_cgroup_1"]) == (2, False)
    (tmp_path / "50-nowhere.conf").symlink_to("nowhere")
    (tmp_path / "90-b.conf").write_text("kind: KubeletConfiguration\nfailCgroupV1: false\n")
    assert on_host.found(str(tmp_path))["takes_cgroup_1"] is True
    assert on_host.found(str(tmp_path / "nothing"))["takes_cgroup_1"] is False
