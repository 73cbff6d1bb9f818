# SPDX-License-Identifier: GPL-3.0-or-later
"""Real runs of playbooks. Their hosts are this machine, which has no cluster, and one that nobody can reach."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[3]
_INVENTORY = """
all:
  vars: {cluster_mirror: "https://192.0.2.1"}
  hosts:
    m1: {ansible_connection: local, node_address: 192.0.2.10, ansible_python_interpreter: "PYTHON"}
    w1: {ansible_host: 127.0.0.1, ansible_port: 1, node_address: 192.0.2.11}
  children:
    etcd: {hosts: {m1: }}
    master: {hosts: {m1: }}
    minion: {hosts: {w1: }}
"""


def write_inventory(folder: pathlib.Path) -> None:
    """Writes hosts.yml."""
    (folder / "hosts.yml").write_text(_INVENTORY.replace("PYTHON", sys.executable), encoding="utf-8")


def play(
    name: str, *arguments: str, folder: pathlib.Path, inventory: str = "hosts.yml", **settings: str
) -> subprocess.CompletedProcess[str]:
    """Runs a file of playbooks/ in the folder, with these settings of Ansible, by their variables, and none of who runs the tests."""
    command = [str(pathlib.Path(sys.executable).with_name("ansible-playbook")), "-i", inventory, str(ROOT / "playbooks" / name)]
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    surroundings |= {"ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".collections"), "ANSIBLE_NOCOLOR": "1", **settings}
    return subprocess.run([*command, *arguments], cwd=folder, env=surroundings, capture_output=True, text=True, check=False)
