# SPDX-License-Identifier: GPL-3.0-or-later
"""The progress callback in real ansible-playbook runs on this machine, through a pipe and on a pseudo-terminal."""

from __future__ import annotations

import fcntl
import json
import os
import pathlib
import pty
import re
import struct
import subprocess
import sys
import termios
import typing as t

import pytest

# Starting ansible-playbook takes seconds.
pytestmark = pytest.mark.slow

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

FROZEN = "import gc\nclass FilterModule:\n    def filters(self): return {'frozen': lambda value: gc.get_freeze_count()}\n"

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
            "filter_plugins/frozen.py": FROZEN,
            "good.yml": GOOD,
            "bad.yml": BAD,
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


@pytest.fixture(scope="module")
def controller(tmp_path_factory: pytest.TempPathFactory) -> Controller:
    return Controller(tmp_path_factory.mktemp("controller"))


def untimed(output: str) -> str:
    """With every span of time as T: they differ between runs."""
    return re.sub(r"\d+\.\d s\b", "T", output)


LOG = """\
a.dev  Show it =>
    msg:
    - unseen words
    - shown
[1/3] Look  3/3 hosts  T
"""
CHANGED = """\
{host}.dev  etcd: 2 changes, restarted etcd.service
    file write /etc/etcd/etcd.conf: its content differs
    unit restart etcd.service: /etc/etcd/etcd.conf changed since it was started
"""
END = """\
[2/3] Converge  3/3 hosts  4 changes  T
[3/3] Nobody  no hosts

Changes:
    a.dev, b.dev  2 (etcd 2), restarted etcd.service
    none on 1 other host
Slowest steps:
    T  a.dev  Converge the member
"""


@pytest.mark.parametrize("strategy", ["linear", "free", "host_pinned"])
def test_a_log(controller: Controller, strategy: str) -> None:
    output = untimed(controller.run("good.yml", "-e", f"chosen={strategy}"))
    head = LOG + CHANGED.format(host="b") + CHANGED.format(host="a") + END
    assert output.startswith(head), output
    assert re.search(r"^a\.dev +: ok=\d+ +changed=1 +unreachable=0 +failed=0 +skipped=\d+ +rescued=0 +ignored=0", output, re.MULTILINE)
    assert output.endswith("\nTotal time: T\n"), output
    for unseen in ("hushed", "TASK", "skipping", "ok:", "All assertions", "\x1b", "\r"):
        assert unseen not in output, output


def test_the_implicit_localhost_counts(controller: Controller) -> None:
    (controller.directory / "local.yml").write_text("[{hosts: localhost, gather_facts: false, tasks: [{meta: noop}, {debug: {msg: hi}}]}]")
    output = untimed(controller.run("local.yml"))
    assert output.startswith("localhost  debug =>\n    msg: hi\n[1/1] localhost  1/1 host  T\n"), output


def test_what_is_there_before_a_play_stays_shared_with_its_processes(controller: Controller) -> None:
    (controller.directory / "frozen.yml").write_text("[{hosts: a.dev, gather_facts: false, tasks: [{debug: {msg: '{{ 0 | frozen }}'}}]}]")
    found = re.search(r"msg: '?(\d+)", controller.run("frozen.yml"))
    assert found is not None and int(found[1]) > 50_000


def test_silence_is_broken(controller: Controller) -> None:
    output = controller.run("good.yml", BAREHOST_SILENCE="1")
    assert re.search(r"^\[2/3\] Converge  \d/3 hosts  \d s  waiting for Converge the member \(a\.dev\)$", output, re.MULTILINE), output


def test_check_mode_predicts(controller: Controller) -> None:
    output = controller.run("good.yml", "--check", "--diff")
    assert output.startswith("Check mode: nothing is changed"), output
    assert "-a: 1\n+a: 2\n" in output
    assert "--- before: file etcd.conf\n" in output
    assert "a.dev  etcd: 2 changes predicted, would restart etcd.service\n    unit restart etcd.service: /etc" in output
    assert "    file write" not in output, "the diff has it"
    assert "Predicted changes:\n    a.dev, b.dev  2 (etcd 2), would restart etcd.service\n" in output
    assert output.endswith("\nCheck mode: nothing was changed, only predicted (4 changes).\n"), output


def test_verbose_is_as_the_default(controller: Controller) -> None:
    def results(output: str) -> list[str]:
        return sorted(line for line in output.splitlines() if re.match(r"(ok|changed|skipping|included|TASK|PLAY)\b", line))

    ours = controller.run("good.yml", "-v", "--forks", "1")
    defaults = controller.run("good.yml", "-v", "--forks", "1", ANSIBLE_STDOUT_CALLBACK="ansible.builtin.default")
    assert len(results(ours)) > 15
    assert results(ours) == results(defaults)
    assert "\nSlowest steps:\n" in ours
    assert "hushed" not in ours


def test_failures_are_shown_in_full(controller: Controller) -> None:
    output = controller.run("bad.yml", fails=True)
    assert (
        "fatal: [a.dev]: FAILED! Converge the member\n"
        "    etcd.service did not become healthy.\n"
        "    Look at its journal\n"
        "    journal: bad flag\n"
        "    Hint: Mend the flag.\n"
        "    Origin: "
    ) in output, output
    assert re.search(r"^fatal: \[c\.dev\]: UNREACHABLE! Reach it\n    .*Connection refused", output, re.MULTILINE), output
    rescued = output[output.index("rescued: [b.dev]: FAILED! Meet a rescue") :]
    assert "\n    rc: 3\n" in rescued
    assert "\n    stdout: evidence\n" in rescued
    assert "b.dev  Rescue =>\n    msg: rescued words\n" in rescued
    assert "\nfailed: [b.dev] (item=2): Look away\n" in output
    assert "\nignored: [b.dev]: FAILED! Look away\n" in output
    assert "'nothing' is undefined" in output
    assert "\nignored: [b.dev]: FAILED! Say nothing\n    the output has been hidden" in output
    assert "hushed" not in output
    assert re.search(r"^\[1/2\] Fail  1/3 hosts  failed: a\.dev  unreachable: c\.dev  \d", output, re.MULTILINE), output
    assert "\nb.dev  Change: changed\n[2/2] Go on  1/1 host  1 change  " in output, output


def test_results_as_json(controller: Controller) -> None:
    output = controller.run("bad.yml", "-e", "chosen=free", fails=True, ANSIBLE_CALLBACK_RESULT_FORMAT="json")
    assert 'b.dev  Rescue => {\n    "msg": "rescued words"\n}\n' in output, output
    assert re.search(r'^    \{.*"rc": 3.*"stdout": "evidence"', output, re.MULTILINE), output


def test_a_terminal_has_a_live_line(controller: Controller) -> None:
    output = controller.run_on_terminal("good.yml", columns=72)
    drawn = re.findall(r"\r([^\r\n\x1b]+)\x1b\[K", output)
    assert any(re.fullmatch(r"\[2/3\] Converge  \d/3 hosts  \d s  waiting for Converge the m.*", line) for line in drawn), drawn
    assert max(map(len, drawn)) <= 71
    # nothing is written behind a line that was drawn: it is replaced or cleared
    assert not re.search(r"\r\[\d/3\] [^\r\n\x1b]*(?:\n|\x1b(?!\[K))", output), output
    assert not re.search(r"waiting for [^\r]*\x1b\[K[^\r]", output), output
    # the rest is as in a log, in colour
    assert "\x1b[0;33mb.dev  etcd: 2 changes, restarted etcd.service\x1b[0m\r\n" in output, output
    assert output.endswith("s\r\n")


def test_a_terminal_without_colour_and_live_line(controller: Controller) -> None:
    output = controller.run_on_terminal("good.yml", columns=80, NO_COLOR="1", BAREHOST_LIVE_LINE="false")
    assert "b.dev  etcd: 2 changes, restarted etcd.service\r\n" in output, output
    assert "\x1b" not in output, output
    assert "\x1b[0;33m" not in controller.run_on_terminal("good.yml", columns=80, ANSIBLE_NOCOLOR="1")


def test_profile(controller: Controller) -> None:
    path = controller.directory / "profile.json"
    controller.run("good.yml", "-e", "chosen=free", BAREHOST_PROFILE=str(path))
    document: dict[str, t.Any] = json.loads(path.read_text(encoding="utf-8"))
    assert document["version"] == 1
    (profile,) = document["playbooks"]
    assert [(play["number"], play["name"], play["hosts"]) for play in profile["plays"]] == [
        (1, "Look", 3),
        (2, "Converge", 3),
        (3, "Nobody", 0),
    ]
    steps = {step["host"]: step for step in profile["tasks"] if step["task"] == "Converge the member"}
    assert set(steps) == {"a.dev", "b.dev"}
    assert steps["a.dev"]["seconds"] >= max(2, steps["b.dev"]["seconds"])
    assert steps["a.dev"]["actions"] == {"file": 1, "unit": 1}
    assert steps["a.dev"]["play"] == "Converge"
    assert profile["totals"]["changed"] == 2
    assert profile["totals"]["actions"] == {"file": 2, "unit": 2}
    assert profile["totals"]["hosts"]["c.dev"]["changed"] == 0
    assert profile["totals"]["tasks"] == len(profile["tasks"])


def test_a_profile_that_cannot_be_written_is_a_warning(controller: Controller) -> None:
    output = controller.run("good.yml", BAREHOST_PROFILE=str(controller.directory / "not" / "there.json"))
    assert "[WARNING]: the profile was not written to" in output
