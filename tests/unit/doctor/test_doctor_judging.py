# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks on strange answers, and one cause that is one finding."""

from __future__ import annotations

import typing as t

import pytest
from doctor_situation import HOSTS, MASTER, Situation, faults

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor import judging, registry
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.check import ERROR, NOTE, WARNING, Check, Found

GROUPS = sorted({group for host in HOSTS for group in Situation().groups[host]})


@pytest.mark.parametrize("rubbish", [None, [], {}, "x", 7, {"units": None, "own": 3, "directories": [{}], "nodes": [None], "memory": []}])
@pytest.mark.parametrize("group", GROUPS)
def test_an_answer_that_cannot_be_read_is_a_finding(group: str, rubbish: t.Any) -> None:
    """It hides nothing of other hosts and groups."""
    situation = Situation()
    situation.groups[MASTER][group] = rubbish
    situation.groups["w1"]["units"]["units"][2].update(active="failed")
    found = situation.verdict().findings
    assert all(one.found for one in found)
    if group != "units":
        assert ("unit-down", "w1") in {(one.check.id, one.host) for one in found}


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_that_is_missing_stops_nothing(group: str) -> None:
    situation = Situation()
    for host in HOSTS:
        situation.groups[host].pop(group, None)
        situation.gaps[host][group] = "it did not end in time"
    found = situation.findings()
    assert {(one.check.id, one.host) for one in found} >= {("look-failed", host) for host in HOSTS}
    assert {one.check.id for one in found} <= {"look-failed", "etcd-backup-old"}


def test_no_host_has_answered() -> None:
    situation = Situation()
    situation.silent = dict.fromkeys(HOSTS, "does not answer")
    assert [(one.check.id, one.host) for one in situation.findings()] == [("host-away", host) for host in HOSTS]


def check(identifier: str, severity: str, *, explains: tuple[str, ...] = (), host: str = "", found: str = "x") -> Check:
    def of_cluster(_facts: t.Any) -> list[Found]:
        return [Found(found, host=host)]

    return Check(identifier, "g", severity, "l", "w", "Why.", "r", (), explains=explains, of_cluster=of_cluster)


@pytest.mark.parametrize(
    ("of_cause", "of_effect", "severity", "explained"),
    [
        ("", "w1", ERROR, True),
        ("w1", "w1", ERROR, True),
        ("w2", "w1", ERROR, False),
        ("w1", "", ERROR, False),
        ("w1", "w1", WARNING, False),
    ],
    ids=["of all", "of the same host", "of another host", "of one host", "something milder"],
)
def test_what_explains_what(of_cause: str, of_effect: str, severity: str, explained: bool) -> None:
    cause, effect = check("cause", severity, explains=("effect",), host=of_cause), check("effect", ERROR, host=of_effect)
    found = {one.check.id: one for one in judging.judge([effect, cause], Situation().facts()).findings}
    assert found["effect"].explained_by == ("cause" if explained else "")
    assert found["cause"].explained_by == ""


def test_the_worst_comes_first_and_what_is_explained_last() -> None:
    checks = [
        check("note", NOTE),
        check("effect", ERROR, host="w1"),
        check("cause", ERROR, host="w1", explains=("effect",)),
        check("whole", ERROR),
        check("warning", WARNING),
    ]
    found = [one.check.id for one in judging.judge(checks, Situation().facts()).findings]
    assert found == ["whole", "cause", "warning", "note", "effect"]


def test_texts_of_hosts_are_made_fit_to_be_shown() -> None:
    (one,) = judging.judge([check("x", ERROR, found="a\x1b[31mb\n" + "c" * 5000)], Situation().facts()).findings
    assert one.found.startswith("a<U+001B>[31mb<U+000A>") and len(one.found) < 1000


def test_a_host_cannot_fill_the_report() -> None:
    situation = Situation()
    situation.groups["w1"]["certificates"]["entries"] *= 500
    for entry in situation.groups["w1"]["certificates"]["entries"]:
        entry.update(state="expired")
    found = [one for one in situation.findings() if one.check.id == "certificate-ended"]
    assert len(found) == 21 and found[-1].found == "480 more like these"


PAIRS = [
    (one, other)
    for place, one in enumerate(list(faults())[::7])
    for other in list(faults())[3 + place :: 11]
    if one != other and registry.checks()[one].group != registry.checks()[other].group
]


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_two_faults_at_once_are_both_named(one: str, other: str) -> None:
    """Unless one explains the other, or takes away what the other is seen by."""
    situation = Situation()
    for identifier in (one, other):
        faults()[identifier].change(situation)
    named = {found.check.id for found in situation.verdict().findings}
    hidden = {group for host in HOSTS for group in situation.gaps[host]} | {"control-plane", "nodes", "capacity"}
    lost = {name for name in (one, other) if name not in named and registry.checks()[name].group not in hidden}
    assert not lost or situation.silent or situation.left_out
