# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines of the progress callback, to the letter."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._progress import changes, errors, phase_lines, run_profile, text
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._progress.run import Phase, Run


def action(kind: str, operation: str, path: str, reason: str) -> dict[str, str]:
    return {"kind": kind, "action": operation, "path": path, "reason": reason}


FILE = action("file", "write", "/etc/kubernetes/apiserver", "its content differs")
RESTART = action("unit", "restart", "kube-apiserver.service", "/etc/kubernetes/apiserver changed since it was started")
START = action("unit", "start", "docker.service", "it is absent, wanted started")


def read(actions: list[dict[str, str]], *, name: str = "master", predicted: bool = False, **others: t.Any) -> changes.Change:
    result = {"changed": True, "actions": actions, **others}
    return changes.read_change(result, task="Converge it", arguments={"name": name}, predicted=predicted)


# ---------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.04, "0.0 s"), (4.25, "4.2 s"), (59.9, "59.9 s"), (59.97, "1 min 00 s"), (185.4, "3 min 05 s")]
)
def test_durations(seconds: float, words: str) -> None:
    assert text.duration(seconds) == words


@pytest.mark.parametrize(
    ("line", "width", "shown"),
    [
        ("as wide", 7, "as wide"),
        ("too wide", 7, "too..."),
        ("漢字漢字", 8, "漢字漢字"),
        ("漢字漢字漢", 8, "漢字..."),
        ("any", 2, ".."),
        ("any", 0, ""),
    ],
)
def test_lines_fit(line: str, width: int, shown: str) -> None:
    assert text.fit(line, width) == shown
    assert text.columns(shown) <= width


def test_a_name_cannot_move_the_cursor() -> None:
    assert text.short_task("role : a\r\n\x1b[2Jname\t of it") == "a [2Jname of it"


def test_names_are_counted_when_they_are_many() -> None:
    assert text.names(["a", "b"], shown=2) == "a, b"
    assert text.names(["a", "b", "c", "d"], shown=2) == "a, b and 2 more"


# ---------------------------------------------------------------- changes


def test_few_actions_are_listed_with_their_reasons() -> None:
    assert changes.change_lines("k8s.master.dev", read([FILE, RESTART])) == [
        "k8s.master.dev  master: 2 changes, restarted kube-apiserver.service",
        "    file write /etc/kubernetes/apiserver: its content differs",
        "    unit restart kube-apiserver.service: /etc/kubernetes/apiserver changed since it was started",
    ]


def test_of_many_actions_the_restarts_are_listed() -> None:
    change = read([FILE] * 12 + [START, RESTART], name="docker")
    assert changes.change_lines("a.dev", change, width=8) == [
        "a.dev     docker: 14 changes, started docker.service, restarted kube-apiserver.service",
        "    unit restart kube-apiserver.service: /etc/kubernetes/apiserver changed since it was started",
    ]
    assert change.kinds == {"file": 12, "unit": 2}


def test_the_reasons_of_restarts_come_from_the_result_when_it_has_them() -> None:
    change = read([FILE] * 5 + [RESTART], restarted=["kube-apiserver.service: its program is another one"])
    assert changes.change_lines("a.dev", change)[1:] == ["    unit restart kube-apiserver.service: its program is another one"]


def test_predictions_are_called_so() -> None:
    assert changes.change_lines("a.dev", read([RESTART, START], predicted=True), listed=0) == [
        "a.dev  master: 2 changes predicted, would restart kube-apiserver.service, would start docker.service",
        "    unit restart kube-apiserver.service: /etc/kubernetes/apiserver changed since it was started",
    ]


@pytest.mark.parametrize(
    ("result", "predicted", "line"),
    [
        ({"changed": True}, False, "a.dev  Copy it: changed"),
        ({"changed": True}, True, "a.dev  Copy it: would change"),
        ({"changed": True, "results": [{"changed": True}, {"changed": False}, {"changed": True}]}, False, "a.dev  Copy it: 2 changes"),
        ({"changed": True, "censored": "hidden"}, False, "a.dev  Copy it: changed"),
        # other modules have results that look similar
        ({"changed": True, "actions": ["something", 1], "restarted": True}, False, "a.dev  Copy it: changed"),
        ({"changed": True, "actions": "word", "results": "word"}, False, "a.dev  Copy it: changed"),
    ],
)
def test_other_modules(result: dict[str, t.Any], predicted: bool, line: str) -> None:
    change = changes.read_change(result, task="Copy it", arguments={"name": "not a component"}, predicted=predicted)
    assert changes.change_lines("a.dev", change) == [line]


# ---------------------------------------------------------------- phases


def phase_of(hosts: int = 4) -> Phase:
    run = Run(plays=5, started=100.0)
    names = [f"k8s.minion{number}.dev" for number in range(1, hosts + 1)]
    phase = run.begin_phase(number=2, name="Prepare hosts and start the control plane", hosts=names, now=100.0)
    for place, host in enumerate(names):
        run.start(host=host, task_id="1", task="Converge Docker", now=101.0 + place)
    run.finish(host=names[0], task_id="1", task="Converge Docker", status="ok", now=105.0, at_end=True)
    run.finish(host=names[1], task_id="1", task="Converge Docker", status="ok", now=105.0)
    run.start(host=names[1], task_id="2", task="Converge etcd", now=105.0)
    return phase


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (
            170,
            "[2/5] Prepare hosts and start the control plane  1/4 hosts  12 s"
            "  waiting for Converge Docker (k8s.minion3.dev, k8s.minion4.dev), Converge etcd (k8s.minion2.dev)",
        ),
        (100, "[2/5] Prepare hosts and start...  1/4 hosts  12 s  waiting for Converge Docker (k8s.minion3.dev,..."),
        (60, "[2/5] Prepare h...  1/4 hosts  12 s  waiting for Converge..."),
        (30, "[2/5] Prepare h...  1/4 hos..."),
    ],
)
def test_the_live_line_fits_the_terminal(width: int, line: str) -> None:
    assert phase_lines.live_line(phase_of(), plays=5, now=112.9, width=width) == line
    assert text.columns(line) <= width


def test_the_live_line_of_many_hosts_counts_them() -> None:
    line = phase_lines.live_line(phase_of(100), plays=5, now=190.0, width=160)
    assert "  1/100 hosts  1 min 30 s  waiting for Converge Docker (k8s.minion3.dev, k8s.minion4.dev and 96 more), Conv" in line


def test_a_log_is_told_what_is_waited_for() -> None:
    assert phase_lines.waiting_line(phase_of(), plays=5, now=131.0) == (
        "[2/5] Prepare hosts and start the control plane  1/4 hosts  31 s"
        "  waiting for Converge Docker (k8s.minion3.dev, k8s.minion4.dev), Converge etcd (k8s.minion2.dev)"
    )


def test_a_phase_that_has_ended() -> None:
    run = Run(plays=3, started=0.0)
    run.begin_phase(number=1, name="Start", hosts=["a", "b", "c", "d"], now=0.0)
    for host in "ab":
        run.start(host=host, task_id="1", task="It", now=1.0)
        run.finish(host=host, task_id="1", task="It", status="changed", now=2.0, change=read([FILE, START]))
    run.lose("c", "failed")
    run.lose("d", "unreachable")
    phase = run.end_phase(41.2)
    assert phase is not None
    assert phase_lines.phase_line(phase, plays=3, check=False) == "[1/3] Start  2/4 hosts  4 changes  failed: c  unreachable: d  41.2 s"
    assert phase_lines.phase_line(phase, plays=3, check=True).count("4 changes predicted") == 1
    assert run.end_phase(42.0) is None
    # those that were lost take no part
    assert run.begin_phase(number=2, name="Go on", hosts=["a", "b", "c", "d"], now=42.0).hosts == ("a", "b")
    # batches of one play
    assert phase_lines.title(run.begin_phase(number=2, name="Go on", hosts=["a"], now=43.0)) == "Go on (batch 2)"


def test_a_stopped_phase_has_not_done_all_hosts() -> None:
    phase = phase_of()
    phase.stopped, phase.seconds = True, 9.0
    phase.lost["k8s.minion2.dev"] = "failed"
    assert phase_lines.phase_line(phase, plays=5, check=False) == (
        "[2/5] Prepare hosts and start the control plane  1/4 hosts  failed: k8s.minion2.dev  stopped  9.0 s"
    )


def test_a_phase_ran_if_one_task_did_on_one_host() -> None:
    run = Run(plays=2, started=0.0)
    phase = run.begin_phase(number=1, name="Start", hosts=["a", "b"], now=0.0)
    assert not phase.ran
    run.finish(host="a", task_id="1", task="It", status="skipped", now=1.0, ran=False)
    assert not phase.ran
    assert phase_lines.summary_lines(run, hosts=["a", "b"]) == ["No task ran on any host.", "Changes: none"]
    run.finish(host="b", task_id="1", task="It", status="ok", now=1.0)
    run.finish(host="a", task_id="2", task="Another", status="skipped", now=2.0, ran=False)
    assert phase.ran
    assert phase_lines.summary_lines(run, hosts=["a", "b"]) == ["Changes: none"]


# ---------------------------------------------------------------- the end


def ended(*, check: bool) -> Run:
    run = Run(plays=1, started=0.0, check=check, keep_steps=True)
    run.begin_phase(number=1, name="Only", hosts=["a.dev", "b.dev", "c.dev", "other.dev"], now=0.0)
    for host, seconds in (("a.dev", 61.0), ("b.dev", 2.0), ("c.dev", 4.0)):
        run.start(host=host, task_id="1", task="Converge the master", now=1.0)
        change = read([FILE, RESTART], predicted=check)
        run.finish(host=host, task_id="1", task="Converge the master", status="changed", now=1.0 + seconds, change=change)
    run.start(host="a.dev", task_id="2", task="Copy it", now=62.0)
    copied = changes.read_change({"changed": True}, task="Copy it")
    run.finish(host="a.dev", task_id="2", task="Copy it", status="changed", now=62.05, change=copied)
    run.end_phase(63.0)
    return run


SUMMARY = """\
Changes:
    a.dev  3 (master 2, Copy it), restarted kube-apiserver.service
    b.dev, c.dev  2 (master 2), restarted kube-apiserver.service
    none on 1 other host
Slowest steps:
    1 min 01 s  a.dev  Converge the master
         4.0 s  c.dev  Converge the master
         2.0 s  b.dev  Converge the master"""


def test_summary() -> None:
    lines = phase_lines.summary_lines(ended(check=False), hosts=["a.dev", "b.dev", "c.dev", "other.dev"])
    assert "\n".join(lines) == SUMMARY


def test_summary_of_a_prediction() -> None:
    lines = phase_lines.summary_lines(ended(check=True), hosts=["a.dev", "b.dev", "c.dev"])
    assert lines[:3] == [
        "Predicted changes:",
        "    a.dev  3 (master 2, Copy it), would restart kube-apiserver.service",
        "    b.dev, c.dev  2 (master 2), would restart kube-apiserver.service",
    ]
    assert phase_lines.total_lines(ended(check=True), now=75.2) == [
        "Total time: 1 min 15 s",
        "Check mode: nothing was changed, only predicted (6 changes).",
        "But 1 result came from tasks that work in check mode too (check_mode: false).",
    ]


def test_summary_of_nothing() -> None:
    assert phase_lines.summary_lines(Run(plays=1, started=0.0), hosts=["a"]) == ["Changes: none"]
    assert phase_lines.total_lines(Run(plays=1, started=0.0), now=2.0) == ["Total time: 2.0 s"]


def test_the_slowest_steps_are_a_few() -> None:
    run = Run(plays=1, started=0.0)
    run.begin_phase(number=1, name="Only", hosts=["a"], now=0.0)
    for number in range(50):
        run.start(host="a", task_id="x", task=f"Step {number}", now=100.0)
        run.finish(host="a", task_id="x", task=f"Step {number}", status="ok", now=100.0 + (number * 7) % 50)
    lines = phase_lines.summary_lines(run, hosts=["a"])[2:]
    assert [line.split()[0] for line in lines] == ["49.0", "48.0", "47.0", "46.0", "45.0"]
    assert run.steps == []


def test_profile() -> None:
    profile = run_profile.profile(ended(check=False), now=64.0, recap={"a.dev": {"ok": 2}})
    assert profile["plays"] == [{"number": 1, "batch": 1, "name": "Only", "hosts": 4, "seconds": 63.0}]
    assert profile["tasks"][0] == {
        "play": "Only",
        "play_number": 1,
        "task": "Converge the master",
        "host": "a.dev",
        "started": 1.0,
        "seconds": 61.0,
        "status": "changed",
        "changed": True,
        "actions": {"file": 1, "unit": 1},
    }
    assert profile["totals"] == {
        "seconds": 64.0,
        "tasks": 4,
        "changed": 4,
        "actions": {"file": 3, "unit": 3},
        "hosts": {"a.dev": {"ok": 2}},
    }


# ---------------------------------------------------------------- errors


@dataclasses.dataclass
class Cause:
    event: Event


@dataclasses.dataclass
class Event:
    msg: str = ""
    help_text: str | None = None
    formatted_source_context: str | None = None
    formatted_traceback: str | None = None
    chain: Cause | None = None


def test_an_error_has_message_details_hint_and_place() -> None:
    cause = Event(help_text="Define it.", formatted_source_context="Origin: /etc.yml:7\n\n7 x: {{ y }}")
    event = Event(formatted_source_context="Origin: /task.yml:1", chain=Cause(cause))
    result = {"msg": "etcd did not start.\nIt ended with 1.", "details": "journal: bad flag", "changed": False}
    assert errors.error_lines(result, event=event, path="/task.yml:1") == [
        "    etcd did not start.",
        "    It ended with 1.",
        "    journal: bad flag",
        "    Hint: Define it.",
        "    Origin: /etc.yml:7",
        "",
        "    7 x: {{ y }}",
    ]


def test_nothing_is_said_twice() -> None:
    result = {"msg": "no good: one; two\njournal: bad flag", "details": "journal: bad flag", "failures": ["one", "two"], "rc": 1}
    assert errors.error_lines(result, path="/task.yml:1") == [
        "    no good: one; two",
        "    journal: bad flag",
        "    Task: /task.yml:1",
    ]
    assert errors.evidence(result) == {"rc": 1}


def test_the_output_of_a_command_is_evidence() -> None:
    result = {
        "msg": "non-zero return code",
        "rc": 2,
        "stdout": "",
        "stdout_lines": [],
        "stderr": "no",
        "stderr_lines": ["no"],
        "cmd": ["x"],
    }
    assert errors.evidence(result) == {"rc": 2, "stderr": "no", "cmd": ["x"]}
    assert errors.block('{"rc": 2}') == ['    {"rc": 2}']
    assert errors.block("\n    rc: 2\n    cmd: x\n") == ["    rc: 2", "    cmd: x"]


def test_a_censored_error_says_that_it_is() -> None:
    assert errors.error_lines({"censored": "the output has been hidden"}) == ["    the output has been hidden"]
