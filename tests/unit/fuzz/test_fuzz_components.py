# SPDX-License-Identifier: GPL-3.0-or-later
"""Components on hosts with two things wrong: what is planned, done, leaves nothing to plan, and check mode has foretold it."""

from __future__ import annotations

import copy

import host_model
import pytest
from host_faults import BARE, FAULTS, WELL, Component
from hypothesis import given
from two_faults import TALLY, Case, can_be_drawn, cases, examples, keys, planned

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan import units
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.prediction import PredictedChange, Prediction


def plan_of(args: dict[str, object], host: host_model.ModelHost, prediction: Prediction | None = None) -> list[PlannedAction] | None:
    component, items = host_model.parse(copy.deepcopy(args))
    return planned(lambda: host_model.plan(component, items, host, prediction or Prediction()))


def carry_out(case: Case[Component]) -> None:
    """Two components in check mode, and then for real."""
    state = copy.deepcopy(case.state)
    first = plan_of(state.args, state.host)
    if first is None:
        return
    foretold = plan_of(state.second, state.host, Prediction(PredictedChange.from_action(action) for action in first))
    state.host.apply(first)
    again = plan_of(state.args, state.host)
    assert again is not None, "what was planned ends in a state of which no plan is possible"
    assert keys(again) == []
    second = plan_of(state.second, state.host)
    assert (foretold is None) == (second is None), "check mode and the run differ about a refusal"
    assert keys(foretold or ()) == keys(second or ())


@examples(3)
@given(case=cases(WELL, FAULTS))
def test_a_plan_of_a_host_with_two_faults(case: Case[Component]) -> None:
    TALLY.count("component", case.faults)
    carry_out(case)


@examples(0.5)
@given(case=cases(BARE, FAULTS))
def test_a_plan_of_a_bare_host_with_two_faults(case: Case[Component]) -> None:
    TALLY.count("component, bare host", case.faults)
    carry_out(case)


def test_f38_can_be_drawn_and_a_planner_that_forgets_it_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A unit that is enabled until the next boot counted as enabled."""
    monkeypatch.setattr(units, "_ENABLED", (*units._ENABLED, "enabled-runtime"))
    faults = [fault for fault in FAULTS if fault.name == "unit enabled until the next boot"]
    found = can_be_drawn(WELL, faults, lambda case: bool(case.faults))
    assert plan_of(found.state.args, found.state.host) == []
    monkeypatch.undo()
    assert [action.operation for action in plan_of(found.state.args, found.state.host) or ()] == ["enable"]
