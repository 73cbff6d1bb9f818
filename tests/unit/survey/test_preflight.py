# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of a host before its first change, by what it has told the survey in the same call."""

from __future__ import annotations

import typing as t

import pytest
from doctor_situation import Situation, faults

from ansible_collections.barehost.kubernetes.plugins.action import survey
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor import registry
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey import preflight

FAULTS = faults()
OWN = [name for name in preflight.checks() if name in FAULTS and registry.checks()[name].needs]


def told(situation: Situation, host: str = "w1", **changes: t.Any) -> dict[str, t.Any]:
    groups = {group: situation.groups[host][group] for group in preflight.GROUPS}
    return {"new": True, "facts": groups, "gaps": {}, **changes}


def judged(answer: dict[str, t.Any], *skip: str, host: str = "w1") -> preflight.Verdict:
    return preflight.judged(Situation().cluster, host, answer, skip=skip)


def test_a_host_that_is_well_is_fit() -> None:
    assert judged(told(Situation())) == ([], [])


@pytest.mark.parametrize("identifier", OWN)
def test_a_fault_refuses_or_warns_and_can_be_skipped(identifier: str) -> None:
    situation = Situation()
    FAULTS[identifier].change(situation)
    severity, host = registry.checks()[identifier].severity, FAULTS[identifier].host
    found = judged(told(situation, host), host=host)
    texts = {"error": found.refusals, "warning": found.warnings}.get(severity, [])
    own = [text for text in texts if f"[{identifier}]" in text]
    assert severity == "note" or (len(own) == 1 and FAULTS[identifier].found in own[0] and FAULTS[identifier].remedy in own[0])
    assert not [text for texts in judged(told(situation, host), identifier, host=host) for text in texts if f"[{identifier}]" in text]


def test_there_are_refusals_and_warnings_among_the_checks() -> None:
    severities = {registry.checks()[name].severity for name in OWN}
    assert {"error", "warning"} <= severities and len(OWN) > 15
    assert not [name for name in preflight.checks() if not registry.checks()[name].bare]


def test_a_host_that_was_changed_before_is_not_judged() -> None:
    situation = Situation()
    FAULTS["disk-full"].change(situation)
    assert judged(told(situation, new=False)) == ([], [])


def test_what_is_not_known_refuses() -> None:
    answer = told(Situation())
    del answer["facts"]["disks"]
    found = judged({**answer, "gaps": {"disks": "I/O error"}})
    assert len(found.refusals) == 1 and "the group disks is not known: I/O error" in found.refusals[0]
    assert judged({**answer, "gaps": {"disks": "I/O error"}}, "look-failed") == ([], [])


def test_what_is_asked_is_what_the_groups_need() -> None:
    asked = preflight.asked_of(Situation().cluster, "w1", etcd_data="")
    assert set(asked) == set(preflight.GROUPS)
    of_master = preflight.asked_of(Situation().cluster, "m1", etcd_data="/data/etcd")
    assert ("/data/etcd", "etcd") in [tuple(one) for one in of_master["disks"]["paths"]]


@pytest.mark.parametrize("given", ["", None, [], "disk-full", "disk-full, machine-memory-small", ["disk-full"]])
def test_ids_that_are_checks(given: t.Any) -> None:
    assert set(preflight.skipped(given)) <= set(preflight.checks())


@pytest.mark.parametrize(("given", "words"), [("disk-ful", "'disk-ful'"), ("etcd-silent", "'etcd-silent'"), (7, "is 7, wanted ids")])
def test_ids_that_are_none(given: t.Any, words: str) -> None:
    with pytest.raises(ComponentError, match="site_preflight_skip") as refused:
        preflight.skipped(given)
    assert words in str(refused.value)


def of_all(**surveys: dict[str, t.Any]) -> dict[str, t.Any]:
    """What the task says that judges what all hosts have told."""
    return survey.judged(surveys)


def test_one_error_for_all_hosts() -> None:
    failed = of_all(a={"unfit": ["x [disk-full]", "y"]}, b={"unfit": ["y"]}, c={}, d={"unreachable": True})
    lines = failed["msg"].splitlines()
    assert failed["failed"] and lines[0].startswith("Nothing was changed on any host")
    assert lines[1:3] == ["a: x [disk-full]", "a, b: y"] and "site_preflight_skip=" in lines[3]
    assert of_all(b={}, c={}) == {"changed": False}


def test_what_many_hosts_have_in_common_is_one_warning() -> None:
    many = {f"w{number}": {"doubts": ["only 1 GiB [machine-memory-small]"]} for number in range(1, 41)}
    assert of_all(**many)["warnings"] == ["w1, w2, w3, w4, w5 and 35 more: only 1 GiB [machine-memory-small]"]


def test_warnings_are_told_beside_an_error() -> None:
    found = of_all(a={"unfit": ["y"], "doubts": ["z"]}, b={"unsigned": [{"path": "/x.crt", "reason": "it ends", "why": "No key."}]})
    assert found["warnings"] == ["a: z"]
    assert "a: y" in found["msg"] and "/x.crt (it ends)" in found["msg"]
