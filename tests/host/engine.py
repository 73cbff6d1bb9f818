# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the component action against the lab's one host, as a playbook does."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import typing as t

ROOT = pathlib.Path(__file__).resolve().parents[2]
HOST = "one.lab"
# Every group has the host: the lab brings up what an inventory names, and the spec accepts it.
INVENTORY = {
    "all": {
        "hosts": {HOST: {"ansible_host": "192.168.200.110"}},
        "vars": {"ansible_user": "root", "ansible_ssh_common_args": "-F {{ inventory_dir }}/ssh_config"},
        "children": {group: {"hosts": {HOST: None}} for group in ("etcd", "master", "minion")},
    }
}


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What one task returned, and all that Ansible printed."""

    result: dict[str, t.Any]
    output: str

    @property
    def done(self) -> list[tuple[str, str, str]]:
        return [(action["kind"], action["action"], action["path"]) for action in self.result["actions"]]

    @property
    def message(self) -> str:
        """The error, which must be one."""
        assert self.result.get("failed"), self.output
        return str(self.result["msg"])


class Engine:
    """One host, and the inventory by which Ansible reaches it."""

    def __init__(self, directory: pathlib.Path) -> None:
        self.directory = directory

    def lab(self, *arguments: str, check: bool = True, timeout: float = 300) -> subprocess.CompletedProcess[str]:
        command = [str(ROOT / "lab" / "lab"), *arguments]
        done = subprocess.run(command, text=True, capture_output=True, check=False, timeout=timeout, stdin=subprocess.DEVNULL)
        assert not check or done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done

    def on_host(self, command: str, *, check: bool = True) -> str:
        return self.lab("exec", HOST, "sh", "-c", command, check=check).stdout.strip()

    def component(self, description: dict[str, t.Any], *flags: str, fails: bool = False) -> Outcome:
        """Brings a component about; the playbook's task carries the description literally."""
        command, environment, result = self.prepared(description, *flags)
        done = subprocess.run(
            command, cwd=ROOT, env=environment, text=True, capture_output=True, check=False, timeout=300, stdin=subprocess.DEVNULL
        )
        output = done.stdout + done.stderr
        assert result.exists(), output[-6000:]
        outcome = Outcome(json.loads(result.read_text(encoding="utf-8")), output)
        assert bool(outcome.result.get("failed")) == fails, output[-6000:]
        return outcome

    def prepared(self, description: dict[str, t.Any], *flags: str) -> tuple[list[str], dict[str, str], pathlib.Path]:
        """The command that brings a component about, its environment, and where the result will be."""
        # Beside the inventory's directory: Ansible reads every file of that as an inventory, and prints what it cannot read.
        result = self.directory.with_name("result.json")
        result.unlink(missing_ok=True)
        task = {"barehost.kubernetes.component": description, "register": "outcome", "ignore_errors": True, "diff": "--diff" in flags}
        content = {"content": "{{ outcome | to_json }}", "dest": str(result), "mode": "0600"}
        # The result is written without being shown: what a test finds in the output was printed by the component.
        save = {
            "ansible.builtin.copy": content,
            "delegate_to": "localhost",
            "vars": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable},
            "check_mode": False,
            "diff": False,
            "no_log": True,
        }
        playbook = self.directory.with_name("component.yml")
        playbook.write_text(json.dumps([{"hosts": HOST, "gather_facts": False, "tasks": [task, save]}]), encoding="utf-8")
        environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}
        program = str(pathlib.Path(sys.executable).parent / "ansible-playbook")
        return [program, str(playbook), "-i", str(self.directory), *flags], environment, result
