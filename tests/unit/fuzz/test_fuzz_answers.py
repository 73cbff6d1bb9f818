# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that lie: whatever one answers, there is a plan or one clear error, and nothing of it steers a terminal."""

from __future__ import annotations

import copy
import json
import pathlib
import sys
import typing as t

import host_model
import pytest
from ansible.errors import AnsibleError
from doctor_situation import HOSTS, NOW, Situation
from etcd_faults import WELL as ETCD
from etcd_faults import Cluster
from host_faults import WELL as HOST
from host_faults import Component
from hypothesis import given
from hypothesis import strategies as st
from lies import ANYTHING, is_shown_safely, lies
from two_faults import TALLY, examples

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import bootstrap
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import STRANGE
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.shown import visible
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor import html_page, judging, junit, registry, report
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.request import request
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import host_answer
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd import host_plan
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.prediction import Prediction

# What a task makes one clear error of: transport.HostAction.
CLEAR = (AnsibleError, *STRANGE)


class LyingHost(host_model.ModelHost):
    """A host that puts something else into what it has seen."""

    draw: st.DrawFn

    def collect(self, items: dict[str, list[host_model.Item]]) -> dict[str, list[host_model.Item]]:
        return t.cast("dict[str, list[host_model.Item]]", self.draw(lies(super().collect(items))))


@st.composite
def answered(draw: st.DrawFn, well: st.SearchStrategy[Component]) -> tuple[Component, LyingHost]:
    component = copy.deepcopy(draw(well))
    liar = LyingHost({})
    liar.__dict__.update(component.host.__dict__)
    liar.draw = draw
    return component, liar


@examples(3)
@given(data=st.data())
def test_a_component(data: st.DataObject) -> None:
    TALLY.count("answers, component", ())
    found, liar = data.draw(answered(HOST))
    component, items = host_model.parse(copy.deepcopy(found.args))
    try:
        actions = host_model.plan(component, items, liar, Prediction())
        told = visible([[action.report(), action.diff()] for action in actions])
    except CLEAR as error:
        told = visible(str(error))
    assert is_shown_safely(json.dumps(told, ensure_ascii=False))


@given(data=st.data())
def test_members_of_etcd(data: st.DataObject) -> None:
    TALLY.count("answers, etcd", ())
    cluster: Cluster = copy.deepcopy(data.draw(ETCD))
    observations = data.draw(lies(cluster.etcd.observations()))
    try:
        found = host_plan.plan(cluster.wanted, host_plan.view_of(observations), cluster.policy)
        told = visible([action.report() for action in found.actions])
    except CLEAR as error:
        told = visible(str(error))
    assert is_shown_safely(json.dumps(told, ensure_ascii=False))


@examples(0.5)
@given(data=st.data())
def test_the_doctor(data: st.DataObject) -> None:
    """One host that lies hides nothing of the others, and no check fails."""
    TALLY.count("answers, doctor", ())
    situation = Situation()
    situation.groups["w2"]["units"]["units"][2].update(active="failed")
    situation.groups["w1"] = data.draw(lies(situation.groups["w1"]))
    known = registry.checks()
    facts = situation.facts()
    verdict = judging.judge(known.values(), facts)
    assert ("unit-down", "w2") in {(one.check.id, one.host) for one in verdict.findings}
    made = report.Report("lab", NOW, request({}, known), known, verdict, HOSTS, {}, (), dict.fromkeys(HOSTS, 1.0))
    assert all(is_shown_safely(line) for line in report.lines(made))
    for text in (html_page.page(made), junit.text(made), made.as_json()):
        assert text.encode()


@given(text=st.text(max_size=40) | ANYTHING.map(json.dumps))
def test_any_line_is_an_answer_or_unusable(text: str) -> None:
    TALLY.count("answers, lines", ())
    try:
        answer = host_answer.read(f"Welcome\n{bootstrap.MARK}{text}\n")
    except host_answer.Unusable as error:
        assert str(error)
    else:
        assert answer is None or "result" in answer or isinstance(answer["failed"], str)


def test_an_answer_without_end_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_answer, "LONGEST", 20)
    with pytest.raises(host_answer.Unusable, match="no more than 20 are read"):
        host_answer.read(f'{bootstrap.MARK}{{"result": "{"x" * 20}"}}')


def test_an_error_says_where_an_answer_could_not_be_read() -> None:
    with pytest.raises(STRANGE) as raised:
        host_plan.view_of({"m1": t.cast("t.Any", 3)})
    told = host_answer.why(raised.value)
    assert told.startswith(("TypeError: ", "AttributeError: ")) and ".py:" in told
    assert pathlib.PurePath(sys.executable).name not in told
