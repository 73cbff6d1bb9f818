# SPDX-License-Identifier: GPL-3.0-or-later
"""A folder with an inventory and a playbook, in which ansible-playbook runs with a connection that records every use of it."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

from spec_inventory import TESTS

PLAYBOOK = """
- hosts: "{{ over | default('all') }}"
  gather_facts: false
  strategy: "{{ strategy | default('linear') }}"
  tasks:
    - name: Resolve the cluster
      barehost.kubernetes.cluster_spec:
      run_once: "{{ strategy is not defined }}"
      register: cluster
    - name: Write down what every host got
      ansible.builtin.set_fact:
        got: "{{ cluster.nodes[inventory_hostname].address }} {{ cluster.domain }} {{ cluster.network.pod_cidr }}"
      when: over is not defined
    - name: Show it, resolved again, as a role does where nothing is registered
      ansible.builtin.debug:
        msg: "GOT {{ inventory_hostname }} {{ got | default('nothing') }} {{ lookup('barehost.kubernetes.cluster_spec').api.url }}"
    - name: Reach the hosts
      ansible.builtin.raw: "true"
      when: reach is defined
"""

CONNECTION = """
from ansible.plugins.connection import ConnectionBase

DOCUMENTATION = '''
name: recorder
short_description: writes down that it was used
description: [writes down that it was used]
author: [nobody]
options: {}
'''


class Connection(ConnectionBase):
    transport = "recorder"

    def _used(self, *arguments, **options):
        with open(%r, "a") as file:
            file.write("used")
        raise RuntimeError("the recorder connects to nothing")

    _connect = exec_command = put_file = fetch_file = _used

    def close(self):
        pass
"""

INVENTORY = """
all:
  vars:
    zone: example.org
    cluster_mirror: http://192.0.2.1
    cluster_domain: "cluster.{{ zone }}"
    cluster_dns_address: "{{ cluster_service_cidr | ansible.builtin.regex_replace('0/16$', '53') }}"
    cluster_service_cidr: 10.254.0.0/16
    cluster_pod_cidr: "{{ 'none' if inventory_hostname == 'never' else '10.250.0.0/16' }}"
    net: 192.0.2
  children:
    etcd: {hosts: {m1: {number: 10}}}
    master: {hosts: {m1: }}
    minion:
      hosts: {w1: {number: 11}, w2: {number: 12}}
      vars: {node_labels: {example.org/zone: "{{ zone }}"}}
    etcd_and_all: {children: {etcd: , minion: }, vars: {node_address: "{{ net }}.{{ number }}"}}
"""


class Controller:
    """A folder to run ansible-playbook in."""

    def __init__(self, directory: pathlib.Path) -> None:
        self.directory = directory
        self.mark = directory / "used"
        (directory / "connections").mkdir()
        (directory / "connections" / "recorder.py").write_text(CONNECTION % str(self.mark), encoding="utf-8")
        (directory / "playbook.yml").write_text(PLAYBOOK, encoding="utf-8")

    def run(
        self,
        inventory: pathlib.Path,
        *arguments: str,
        playbook: pathlib.Path = pathlib.Path("playbook.yml"),
        environment: dict[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        variables = {
            **{name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")},
            "ANSIBLE_COLLECTIONS_PATH": str(TESTS.parent / ".collections"),
            "ANSIBLE_CONNECTION_PLUGINS": str(self.directory / "connections"),
            "ANSIBLE_INJECT_FACT_VARS": "false",
            "ANSIBLE_HOME": str(self.directory / "home"),
            "ANSIBLE_NOCOLOR": "1",
            **(environment or {}),
        }
        command = [
            str(pathlib.Path(sys.executable).with_name("ansible-playbook")),
            "-i",
            str(inventory),
            "-c",
            "recorder",
            str(playbook),
            *arguments,
        ]
        return subprocess.run(command, cwd=self.directory, env=variables, capture_output=True, text=True, check=False, timeout=120)

    @property
    def was_reached(self) -> bool:
        return self.mark.exists()
