# SPDX-License-Identifier: GPL-3.0-or-later
"""The progress callback in real ansible-playbook runs on this machine, through a pipe and on a pseudo-terminal."""

from __future__ import annotations

import json
import re
import typing as t

import pytest
from progress_controller import Controller

# Starting ansible-playbook takes seconds.
pytestmark = pytest.mark.slow


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

Changes:
    a.dev, b.dev  2 (etcd 2), restarted etcd.service
    none on 1 other host
Slowest steps:
"""


@pytest.mark.parametrize("strategy", ["linear", "free", "host_pinned"])
def test_a_log(controller: Controller, strategy: str) -> None:
    output = untimed(controller.run("good.yml", "-e", f"chosen={strategy}"))
    head = LOG + CHANGED.format(host="b") + CHANGED.format(host="a") + END
    assert output.startswith(head), output
    # Which of them is the slowest is a matter of the machine.
    assert "\n    T  a.dev  Converge the member\n" in output
    assert re.search(r"^a\.dev +: ok=\d+ +changed=1 +unreachable=0 +failed=0 +skipped=\d+ +rescued=0 +ignored=0", output, re.MULTILINE)
    assert output.endswith("\nTotal time: T\n"), output
    for unseen in ("hushed", "TASK", "skipping", "ok:", "All assertions", "\x1b", "\r"):
        assert unseen not in output, output


@pytest.mark.parametrize(
    ("arguments", "phases"),
    [
        (("-v",), ["[1/6] First  3/3 hosts  T", "[5/6] Batches (batch 2)  1/1 host  T", "[6/6] Last  1/1 host  1 change  T"]),
        (("--check",), ["[1/6] First  3/3 hosts  T", "[5/6] Batches (batch 2)  1/1 host  T"]),
        (("--tags", "last", "--limit", "a.dev,c.dev"), ["[1/6] First  2/2 hosts  T", "[6/6] Last  1/1 host  1 change  T"]),
    ],
)
def test_a_play_in_which_no_task_ran_is_not_shown(controller: Controller, arguments: tuple[str, ...], phases: list[str]) -> None:
    output = untimed(controller.run("quiet.yml", *arguments))
    assert re.findall(r"^\[\d/.*", output, re.MULTILINE) == phases, output


def test_a_run_without_a_task_says_so(controller: Controller) -> None:
    output = untimed(controller.run("good.yml", "--tags", "unknown"))
    assert output.startswith("\nNo task ran on any host.\nChanges: none\n"), output


def test_nothing_is_used_that_ansible_deprecates(controller: Controller) -> None:
    assert "DEPRECATION" not in controller.run("good.yml", ANSIBLE_DEPRECATION_WARNINGS="true")


def test_the_implicit_localhost_counts(controller: Controller) -> None:
    (controller.directory / "local.yml").write_text("[{hosts: localhost, gather_facts: false, tasks: [{meta: noop}, {debug: {msg: hi}}]}]")
    output = untimed(controller.run("local.yml"))
    assert output.startswith("localhost  debug =>\n    msg: hi\n[1/1] localhost  1/1 host  T\n"), output


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
