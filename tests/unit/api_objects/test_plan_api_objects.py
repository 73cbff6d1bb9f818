# SPDX-License-Identifier: GPL-3.0-or-later
"""The planner of API objects: order, reasons, diffs without secrets."""

from __future__ import annotations

import copy
import typing as t

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._api import plan_objects
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction

Object = dict[str, t.Any]


def _object(kind: str = "ConfigMap", name: str = "a", namespace: str = "demo", **rest: t.Any) -> Object:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **rest}


def _found(live: Object | None, applied: Object | None = None, **rest: t.Any) -> Object:
    return {"live": live, "applied": applied, "refused": "", "leaving": False, **rest}


def _plan(pairs: list[tuple[Object, Object]], absent: t.Sequence[tuple[Object, Object | None]] = ()) -> list[PlannedAction]:
    state = {"unready": "", "objects": [found for _wanted, found in pairs], "absent": [{"live": live} for _wanted, live in absent]}
    objects = [wanted for wanted, _found in pairs]
    before = copy.deepcopy((objects, state))
    actions = plan_objects.plan(name="test", objects=objects, absent=[wanted for wanted, _live in absent], state=state)
    assert (objects, state) == before, "the planner changed its input"
    return actions


def test_nothing_to_do_when_an_apply_would_change_nothing() -> None:
    live = _object(data={"key": "value"}, immutable=False)
    assert _plan([(_object(data={"key": "value"}), _found(live, copy.deepcopy(live)))]) == []


def test_an_api_that_is_not_there_makes_every_object_new() -> None:
    objects = [_object(), _object("Namespace", "demo", "")]
    state = {"unready": "connection refused", "objects": [], "absent": []}
    actions = plan_objects.plan(name="test", objects=objects, absent=[_object(name="old")], state=state)
    assert [(action.operation, action.target) for action in actions] == [("create", "Namespace demo"), ("create", "ConfigMap demo/a")]


def test_a_node_is_registered_by_its_kubelet_and_only_patched() -> None:
    """Before its kubelet runs, check mode foretells what the run does after it."""
    node = _object("Node", "one", "", labels={"a": "b"})
    actions = plan_objects.plan(name="test", objects=[node], absent=[], state={"unready": "refused", "objects": [], "absent": []})
    assert [(action.operation, action.target) for action in [*actions, *_plan([(node, _found(None))])]] == [("patch", "Node one")] * 2


def test_absent_first_then_namespaces_then_definitions_then_the_rest_as_given() -> None:
    given_order = [
        _object("Widget"),
        _object("CustomResourceDefinition", "widgets", ""),
        _object("Namespace", "demo", ""),
        _object("Deployment"),
    ]
    actions = _plan(
        [(wanted, _found(None)) for wanted in given_order], absent=[(_object(name="old"), _object(name="old")), (_object(name="b"), None)]
    )
    assert [f"{action.operation} {action.target}" for action in actions] == [
        "delete ConfigMap demo/old",
        "create Namespace demo",
        "create CustomResourceDefinition widgets",
        "create Widget demo/a",
        "create Deployment demo/a",
    ]


def test_a_patch_says_where_it_differs() -> None:
    live = _object("Deployment", spec={"replicas": 1, "list": [{"image": "a:1"}], "text": "x\n", "gone": 1})
    applied = _object("Deployment", spec={"replicas": 2, "list": [{"image": "a:2"}], "text": "y\n", "new": {"a": 1}})
    (action,) = _plan([(_object("Deployment"), _found(live, applied))])
    assert action.reason == ("spec.gone is no longer wanted; spec.list[0].image: found a:1, wanted a:2; spec.new is missing; and 2 more")
    assert yaml.safe_load(action.before) == live
    assert yaml.safe_load(action.after) == applied
    assert action.data["object"] == _object("Deployment")


def test_what_is_being_deleted_is_made_again() -> None:
    live = _object()
    (action,) = _plan([(_object(), _found(live, live, leaving=True))])
    assert (action.operation, action.data["leaving"]) == ("create", True)


def test_everything_that_is_refused_is_one_error() -> None:
    pairs = [(_object(name=name), _found(None, refused=f"no {name}")) for name in ("a", "b")]
    with pytest.raises(PlanError, match="nothing was changed: ConfigMap demo/a: no a; ConfigMap demo/b: no b"):
        _plan(pairs)


def test_a_new_secret_is_shown_without_its_values() -> None:
    secret = _object("Secret", data={"key": "c2VjcmV0"}, stringData={"password": "hunter2"}, type="Opaque")
    (action,) = _plan([(secret, _found(None))])
    assert "hunter2" not in repr(action.diff())
    assert "c2VjcmV0" not in repr(action.diff())
    assert "password: (secret, not shown)" in action.after
    assert action.data["object"] == secret
    assert "hunter2" not in repr(action) + repr(action.report())


def test_texts_of_many_lines_stay_readable() -> None:
    assert "  Corefile: |\n    .:53 {\n    }\n" in plan_objects.text(_object(data={"Corefile": ".:53 {\n}\n"}))


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=60),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(live=st.dictionaries(st.text(max_size=5), _VALUES, max_size=4), applied=st.dictionaries(st.text(max_size=5), _VALUES, max_size=4))
def test_there_is_an_action_with_a_reason_and_a_diff_exactly_if_there_is_a_difference(live: Object, applied: Object) -> None:
    found = _found(_object(spec=live), _object(spec=applied))
    actions = _plan([(_object(), found)])
    assert bool(actions) == (live != applied)
    for action in actions:
        assert action.before != action.after
        assert action.reason
