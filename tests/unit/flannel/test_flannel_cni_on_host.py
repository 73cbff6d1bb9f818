# SPDX-License-Identifier: GPL-3.0-or-later
"""The program that writes the CNI configuration, on leases as flanneld writes them. Runs on Python 3.9 too."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import typing as t

import pytest

pytestmark = pytest.mark.slow
PROGRAM = pathlib.Path(__file__).parents[3] / "roles" / "flannel" / "files" / "flannel_cni.py"
LEASE = """FLANNEL_NETWORK=10.255.0.0/16
FLANNEL_SUBNET=10.255.3.1/24
FLANNEL_MTU=1450
FLANNEL_IPMASQ=true
"""


# The program as it is, but whether it is quiet at last is seen after one second and not after six.
RUN = """
import runpy, sys
main = runpy.run_path(sys.argv[1])["main"]
main.__globals__["SETTLE_SECONDS"] = 1.0
main(sys.argv[2])
"""


def run(folder: pathlib.Path, lease: str) -> subprocess.CompletedProcess[str]:
    (folder / "subnet.env").write_text(lease)
    (folder / "addresses").mkdir(exist_ok=True)
    settings = {
        "subnet_file": str(folder / "subnet.env"),
        "target": str(folder / "10-flannel.conflist"),
        "bridge": "cni0",
        "addresses": str(folder / "addresses"),
    }
    (folder / "settings.json").write_text(json.dumps(settings))
    command = [sys.executable, "-c", RUN, str(PROGRAM), str(folder / "settings.json")]
    surroundings = {**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=surroundings)


def test_the_bridge_has_the_subnet_and_the_mtu_of_the_lease(tmp_path: pathlib.Path) -> None:
    assert run(tmp_path, LEASE).returncode == 0
    found: dict[str, t.Any] = json.loads((tmp_path / "10-flannel.conflist").read_text())
    bridge, portmap = found["plugins"]
    assert (found["name"], found["cniVersion"]) == ("flannel", "1.0.0")
    assert (bridge["bridge"], bridge["mtu"], bridge["ipam"]["ranges"]) == ("cni0", 1450, [[{"subnet": "10.255.3.0/24"}]])
    assert portmap == {"type": "portmap", "capabilities": {"portMappings": True}}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["10-flannel.conflist", "addresses", "settings.json", "subnet.env"]


def test_a_lease_without_a_subnet_leaves_the_configuration_alone(tmp_path: pathlib.Path) -> None:
    (tmp_path / "10-flannel.conflist").write_text("before")
    failed = run(tmp_path, "FLANNEL_MTU=1450\n")
    assert failed.returncode != 0
    assert "FLANNEL_SUBNET" in failed.stderr
    assert (tmp_path / "10-flannel.conflist").read_text() == "before"


def program(folder: pathlib.Path, name: str, text: str) -> None:
    """A stand-in for a program of the host, which keeps its state in the folder."""
    (folder / "bin").mkdir(exist_ok=True)
    (folder / "bin" / name).write_text(f"#!/bin/sh\ncd {folder}\n{text}\n")
    (folder / "bin" / name).chmod(0o755)


def host(folder: pathlib.Path, *, bridge: str, running: str, owners: dict[str, str]) -> None:
    """A host whose bridge has an address, on which sandboxes run, and where addresses belong to sandboxes."""
    own = "7: cni0    inet 192.0.2.1/24 scope global secondary cni0"
    (folder / "bridge").write_text(f"7: cni0    inet {bridge} brd 10.255.2.255 scope global cni0\n{own}\n")
    (folder / "running").write_text(f"{running}\n")
    (folder / "addresses").mkdir()
    for address, sandbox in owners.items():
        (folder / "addresses" / address).write_text(f"{sandbox}\r\neth0")
    program(folder, "ip", 'echo "$@" >> calls; case "$*" in *delete*) : > bridge;; *) cat bridge;; esac')
    program(folder, "docker", 'echo "$@" >> calls; case "$1" in stop) : > running;; *) cat running;; esac')


def changes(folder: pathlib.Path) -> list[str]:
    calls = (folder / "calls").read_text().splitlines()
    return [call for call in calls if "address show" not in call and (call.startswith("stop") or "address" in call)]


def test_bridge_and_pods_follow_a_new_subnet(tmp_path: pathlib.Path) -> None:
    """F21: only what has an address of another subnet of the pod network, and only what runs."""
    owners = {"10.255.2.7": "old", "10.255.2.8": "ended", "10.255.3.9": "new", "last_reserved_ip.0": "10.255.2.8", "lock": ""}
    host(tmp_path, bridge="10.255.2.1/24", running="old\nnew\nelse", owners=owners)
    done = run(tmp_path, LEASE)
    assert done.returncode == 0, done.stderr
    assert changes(tmp_path) == [
        "address delete 10.255.2.1/24 dev cni0",
        "stop -t 1 old",
        "address add 10.255.3.1/24 broadcast + dev cni0",
    ]
    assert "cni0 loses 10.255.2.1/24" in done.stdout
    assert "1 pods with addresses that are not of this node's subnet 10.255.3.0/24" in done.stdout


def test_a_bridge_without_its_own_address_gets_it_back(tmp_path: pathlib.Path) -> None:
    """Which somebody has taken. An address of somebody else stays."""
    host(tmp_path, bridge="203.0.113.1/24", running="new", owners={"10.255.3.9": "new"})
    assert run(tmp_path, LEASE).returncode == 0
    assert changes(tmp_path) == ["address add 10.255.3.1/24 broadcast + dev cni0"]


def test_a_docker_that_does_not_answer_is_waited_for(tmp_path: pathlib.Path) -> None:
    """As at boot, before it is up; whatever it then runs is looked at."""
    host(tmp_path, bridge="10.255.3.1/24", running="old", owners={"10.255.2.7": "old"})
    program(tmp_path, "docker", 'echo "$@" >> calls; case "$1" in ps) grep -q "^stop" calls && exit 0; exit 1;; esac')
    assert run(tmp_path, LEASE).returncode == 0
    assert changes(tmp_path) == ["stop -t 1 old"]


def test_the_same_subnet_leaves_bridge_and_pods_alone(tmp_path: pathlib.Path) -> None:
    host(tmp_path, bridge="10.255.3.1/24", running="new", owners={"10.255.3.9": "new"})
    assert run(tmp_path, LEASE).returncode == 0
    assert changes(tmp_path) == []
