# SPDX-License-Identifier: GPL-3.0-or-later
"""The program that writes the CNI configuration, on leases as flanneld writes them. Runs on Python 3.9 too."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
import typing as t

PROGRAM = pathlib.Path(__file__).parents[3] / "roles" / "flannel" / "files" / "flannel_cni.py"
LEASE = """FLANNEL_NETWORK=10.255.0.0/16
FLANNEL_SUBNET=10.255.3.1/24
FLANNEL_MTU=1450
FLANNEL_IPMASQ=true
"""


def run(folder: pathlib.Path, lease: str) -> subprocess.CompletedProcess[str]:
    (folder / "subnet.env").write_text(lease)
    settings = {"subnet_file": str(folder / "subnet.env"), "target": str(folder / "10-flannel.conflist")}
    (folder / "settings.json").write_text(json.dumps(settings))
    command = [sys.executable, str(PROGRAM), str(folder / "settings.json")]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_bridge_has_the_subnet_and_the_mtu_of_the_lease(tmp_path: pathlib.Path) -> None:
    assert run(tmp_path, LEASE).returncode == 0
    found: dict[str, t.Any] = json.loads((tmp_path / "10-flannel.conflist").read_text())
    bridge, portmap = found["plugins"]
    assert (found["name"], found["cniVersion"]) == ("flannel", "1.0.0")
    assert (bridge["bridge"], bridge["mtu"], bridge["ipam"]["ranges"]) == ("cni0", 1450, [[{"subnet": "10.255.3.0/24"}]])
    assert portmap == {"type": "portmap", "capabilities": {"portMappings": True}}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["10-flannel.conflist", "settings.json", "subnet.env"]


def test_a_lease_without_a_subnet_leaves_the_configuration_alone(tmp_path: pathlib.Path) -> None:
    (tmp_path / "10-flannel.conflist").write_text("before")
    failed = run(tmp_path, "FLANNEL_MTU=1450\n")
    assert failed.returncode != 0
    assert "FLANNEL_SUBNET" in failed.stderr
    assert (tmp_path / "10-flannel.conflist").read_text() == "before"
