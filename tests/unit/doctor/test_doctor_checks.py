# SPDX-License-Identifier: GPL-3.0-or-later
"""Every check: silent where all is well, and right about one thing that is wrong. One cause is one finding."""

from __future__ import annotations

import pytest
from doctor_situation import HOSTS, Situation, faults

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor import registry, unit_effects
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.check import SEVERITIES

FAULTS = faults()
# Found when a check cannot read an answer: test_doctor_judging.py.
WITHOUT_A_FAULT = {"answer-unreadable"}


def test_nothing_is_found_where_all_is_well() -> None:
    situation = Situation()
    assert [(one.check.id, one.host, one.found) for one in situation.findings()] == []
    judged = {identifier for identifier, _host in situation.verdict().judged}
    assert judged == set(registry.checks()), "a check that does not judge healthy hosts cannot be trusted"


def test_every_check_has_a_fault() -> None:
    assert set(registry.checks()) - set(FAULTS) == WITHOUT_A_FAULT
    assert set(FAULTS) <= set(registry.checks())


@pytest.mark.parametrize("identifier", FAULTS)
def test_a_fault_is_found(identifier: str) -> None:
    fault, situation = FAULTS[identifier], Situation()
    fault.change(situation)
    found = situation.findings()
    own = [one for one in found if one.check.id == identifier]
    assert [one.host for one in own] == [fault.host], [(one.check.id, one.host, one.found) for one in found]
    assert fault.found in own[0].found
    assert fault.remedy in own[0].remedy
    others = {one.check.id: one.found for one in found if one.check.id not in (identifier, *fault.also)}
    assert others == {}, "one cause is one finding"


@pytest.mark.parametrize("check", registry.checks().values(), ids=lambda check: check.id)
def test_a_check_says_all_that_is_documented(check: registry.Check) -> None:
    assert check.severity in SEVERITIES
    assert check.group in registry.groups()
    assert (check.of_host is None) != (check.of_cluster is None)
    for text in (check.looks_at, check.wanted, check.why, check.remedy):
        assert text and text == text.strip(), text
    assert check.why.endswith("."), "whole sentences"
    assert not check.remedy.endswith(".")
    assert {explained.partition(":")[0] for explained in check.explains} <= set(registry.checks())


def test_no_two_checks_explain_each_other() -> None:
    known = registry.checks()

    def reached(identifier: str, seen: frozenset[str]) -> None:
        assert identifier not in seen, f"{identifier} explains itself by way of {seen}"
        for following in known[identifier].explains:
            # what is about one thing, such as a unit, is explained by what is about another one
            if ":" not in following:
                reached(following, seen | {identifier})

    for identifier in known:
        reached(identifier, frozenset())


def test_no_two_units_explain_each_other() -> None:
    def reached(unit: str, seen: frozenset[str]) -> None:
        assert unit not in seen
        for effect in (*unit_effects.EFFECTS.get(unit, ()), *unit_effects.OF_THE_ONLY_ONE.get(unit, ())):
            if ":" in effect:
                reached(effect.partition(":")[2], seen | {unit})

    for unit in unit_effects.EFFECTS:
        reached(unit, frozenset())


def test_the_seam_for_hosts_without_a_cluster() -> None:
    """What is marked as needing no cluster asks for no facts that only a cluster has."""
    of_any_host = {"machine", "disks", "kernel", "time", "names", "firewall", "selinux"}
    marked = [check for check in registry.checks().values() if check.bare]
    assert marked
    assert {group for check in marked for group in check.needs} <= of_any_host


def test_a_host_that_tells_nothing_hides_no_other() -> None:
    for host in HOSTS:
        situation = Situation()
        situation.silent[host] = "does not answer: no route"
        found = situation.findings()
        assert [(one.check.id, one.host) for one in found] == [("host-away", host)], [(one.check.id, one.found) for one in found]
