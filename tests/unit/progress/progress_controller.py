# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs ansible-playbook on this machine, through a pipe or on a pseudo-terminal; the playbooks that the tests run."""

from __future__ import annotations

import fcntl
import os
import pathlib
import pty
import struct
import subprocess
import sys
import termios

COLLECTIONS = pathlib.Path(__file__).resolve().parents[3] / ".collections"

INVENTORY = """
[all]
a.dev
b.dev
c.dev
[all:vars]
ansible_connection=local
"""

# What the component action returns, without doing anything.
MODULE = """
import time
from ansible.module_utils.basic import AnsibleModule

module = AnsibleModule(
    argument_spec={"name": {}, "seconds": {"type": "float", "default": 0}, "fail": {"type": "bool", "default": False}},
    supports_check_mode=True,
)
time.sleep(module.params["seconds"])
if module.params["fail"]:
    module.fail_json(msg="etcd.service did not become healthy.\\nLook at its journal", details="journal: bad flag", hint="Mend the flag.")
actions = [
    {"kind": "file", "action": "write", "path": "/etc/etcd/etcd.conf", "reason": "its content differs"},
    {"kind": "unit", "action": "restart", "path": "etcd.service", "reason": "/etc/etcd/etcd.conf changed since it was started"},
]
module.exit_json(
    changed=True,
    actions=actions,
    restarted=["etcd.service: /etc/etcd/etcd.conf changed since it was started"],
    diff=[{"before": "a: 1\\n", "after": "a: 2\\n", "before_header": "file etcd.conf", "after_header": "file etcd.conf"}],
)
"""


GOOD = """
- name: Look
  hosts: all
  gather_facts: false
  tasks:
    - name: Unchanged and unseen
      ansible.builtin.command: echo unseen words
      changed_when: false
      register: seen
    - name: Never
      ansible.builtin.command: echo never
      when: false
    - name: Keep it to yourself
      ansible.builtin.debug:
        msg: hushed words
      no_log: true
    - name: Fine
      ansible.builtin.assert:
        that: true
    - name: Show it
      ansible.builtin.debug:
        msg: ["{{ seen.stdout }}", shown]
      run_once: true
- name: Converge
  hosts: all
  strategy: ansible.builtin.{{ chosen | default('linear') }}
  gather_facts: false
  tasks:
    - name: Include
      ansible.builtin.include_role:
        name: etcd
      when: inventory_hostname != 'c.dev'
- name: Nobody
  hosts: all:!all
  tasks: []
"""

ROLE = """
- name: Converge the member
  component_like:
    name: etcd
    seconds: "{{ 2 if inventory_hostname == 'a.dev' else 0 }}"
"""

# Plays in which nothing happens, each for another reason, between two in which something does.
QUIET = """
- name: First
  hosts: all
  gather_facts: false
  tasks:
    - name: Reach it
      ansible.builtin.ping:
      tags: always
- name: Nobody
  hosts: all:!all
  gather_facts: false
  tasks:
    - name: Reach it
      ansible.builtin.ping:
- name: Skipped
  hosts: all
  strategy: ansible.builtin.free
  gather_facts: false
  tasks:
    - name: Reach it
      ansible.builtin.ping:
      when: false
    - name: Reach it twice
      ansible.builtin.ping:
      loop: [1, 2]
      when: false
- name: Includes what is skipped
  hosts: all
  gather_facts: false
  tasks:
    - name: Include
      ansible.builtin.include_role:
        name: skipped
- name: Batches
  hosts: a.dev:b.dev
  serial: 1
  gather_facts: false
  tasks:
    - name: Reach it
      ansible.builtin.ping:
      when: inventory_hostname == 'b.dev'
      tags: last
- name: Last
  hosts: c.dev
  gather_facts: false
  tasks:
    - name: Change
      ansible.builtin.command: "true"
      tags: last
"""

SKIPPED = """
- name: Never
  ansible.builtin.ping:
  when: false
"""

BAD = """
- name: Fail
  hosts: all
  strategy: ansible.builtin.{{ chosen | default('linear') }}
  gather_facts: false
  tasks:
    - name: Try
      block:
        - name: Meet a rescue
          ansible.builtin.command: sh -c "echo evidence; exit 3"
          when: inventory_hostname == 'b.dev'
      rescue:
        - name: Rescue
          ansible.builtin.debug:
            msg: rescued words
    - name: Look away
      ansible.builtin.command: test {{ item }} = 1
      loop: [1, 2]
      changed_when: false
      ignore_errors: true
      when: inventory_hostname == 'b.dev'
    - name: Say nothing
      ansible.builtin.command: sh -c "echo hushed words; exit 1"
      changed_when: false
      no_log: true
      ignore_errors: true
      when: inventory_hostname == 'b.dev'
    - name: Use what is not there
      ansible.builtin.debug:
        msg: "{{ nothing }}"
      ignore_errors: true
      when: inventory_hostname == 'b.dev'
    - name: Converge the member
      component_like:
        name: etcd
        fail: true
      when: inventory_hostname == 'a.dev'
    - name: Reach it
      ansible.builtin.ping:
      vars:
        ansible_connection: ssh
        ansible_host: 127.0.0.1
        ansible_port: 1
      when: inventory_hostname == 'c.dev'
- name: Go on
  hosts: all
  gather_facts: false
  tasks:
    - name: Change
      ansible.builtin.command: "true"
"""


class Controller:
    """A folder to run ansible-playbook in."""

    def __init__(self, directory: pathlib.Path) -> None:
        self.directory = directory
        files = {
            "hosts": f"{INVENTORY}ansible_python_interpreter={sys.executable}\n",
            "library/component_like.py": MODULE,
            "good.yml": GOOD,
            "bad.yml": BAD,
            "quiet.yml": QUIET,
            "roles/skipped/tasks/main.yml": SKIPPED,
            "roles/etcd/tasks/main.yml": ROLE,
        }
        for name, content in files.items():
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")

    def environment(self, **others: str) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "BAREHOST_", "NO_COLOR"))}
        return {
            **inherited,
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_STDOUT_CALLBACK": "barehost.kubernetes.progress",
            "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml",
            "ANSIBLE_HOME": str(self.directory / "home"),
            "TERM": "xterm",
            **others,
        }

    def command(self, *arguments: str) -> list[str]:
        return [str(pathlib.Path(sys.executable).with_name("ansible-playbook")), "-i", "hosts", *arguments]

    def run(self, *arguments: str, fails: bool = False, **environment: str) -> str:
        """What goes to a log."""
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.directory,
            env=self.environment(**environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
            timeout=120,
        )
        assert (done.returncode != 0) == fails, done.stdout
        assert "Callback dispatch" not in done.stdout, done.stdout
        return done.stdout

    def run_on_terminal(self, *arguments: str, columns: int, **environment: str) -> str:
        """Every byte that a terminal gets."""
        main, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        process = subprocess.Popen(
            self.command(*arguments),
            cwd=self.directory,
            env=self.environment(**environment),
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            close_fds=True,
        )
        os.close(terminal)
        received = b""
        try:
            while data := os.read(main, 65536):
                received += data
        except OSError:
            # how Linux says that nobody has the terminal open any more
            pass
        finally:
            os.close(main)
            assert process.wait(timeout=120) == 0, received.decode()
        return received.decode()
