# SPDX-License-Identifier: GPL-3.0-or-later
"""The planner of etcd's users: exactly what is described, nobody locked out on the way, and faults named."""

from __future__ import annotations

import copy
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import DescriptionError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd import plan_access
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction

Object = dict[str, t.Any]
ROOT: Object = {"name": "root", "roles": ["root"]}
FLANNEL: Object = {"name": "flannel", "roles": ["flannel"]}
PREFIX: Object = {"name": "flannel", "permissions": [{"prefix": "/k8s/network/"}]}
CONFIG: Object = {"key": "/k8s/network/config", "value": "{}"}
RANGE: Object = {"access": "readwrite", "key": "/k8s/network/", "range_end": "/k8s/network0"}
DONE: Object = {
    "unready": "",
    "enabled": True,
    "roles": {"flannel": [RANGE]},
    "users": {"root": ["root"], "flannel": ["flannel"]},
    "keys": {"/k8s/network/config": "{}"},
}


def wanted(**changes: t.Any) -> Object:
    arguments: Object = {"roles": [PREFIX], "users": [ROOT, FLANNEL], "keys": [CONFIG], **changes}
    return plan_access.described("store", arguments)


def planned(state: Object, **changes: t.Any) -> list[PlannedAction]:
    before = copy.deepcopy(state)
    actions = plan_access.plan(wanted(**changes), state)
    assert state == before, "the planner changed its input"
    return actions


def told(actions: list[PlannedAction]) -> list[tuple[str, str, str]]:
    return [(action.kind, action.operation, action.target) for action in actions]


def test_nothing_to_do() -> None:
    assert planned(DONE) == []


def test_everything_of_an_etcd_that_is_not_there_yet() -> None:
    assert told(planned({"unready": "no such file"})) == [
        ("etcd_role", "create", "flannel"),
        ("etcd_user", "create", "root"),
        ("etcd_user", "create", "flannel"),
        ("etcd_key", "write", "/k8s/network/config"),
        ("etcd_auth", "enable", "authentication"),
    ]


def test_a_right_too_much_and_one_too_few() -> None:
    other = {"access": "read", "key": "/registry/", "range_end": "/registry0"}
    (action,) = planned({**DONE, "roles": {"flannel": [other]}})
    assert action.reason == "lacks readwrite /k8s/network/*; has read /registry/* besides"
    assert action.data == {"name": "flannel", "create": False, "grant": [RANGE], "revoke": [other]}
    assert (action.before, action.after) == ("- read /registry/*\n", "- readwrite /k8s/network/*\n")


def test_another_access_to_the_same_range_is_granted_and_not_revoked() -> None:
    (action,) = planned({**DONE, "roles": {"flannel": [{**RANGE, "access": "read"}]}})
    assert (action.data["grant"], action.data["revoke"]) == ([RANGE], [])


def test_a_role_too_much() -> None:
    (action,) = planned({**DONE, "users": {"root": ["root"], "flannel": ["flannel", "root"]}})
    assert (action.target, action.data["grant"], action.data["revoke"]) == ("flannel", [], ["root"])


def test_a_key_with_another_value() -> None:
    (action,) = planned({**DONE, "keys": {"/k8s/network/config": "x"}})
    assert (action.reason, action.before, action.after) == ("has another value", "x\n", "{}\n")


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"users": [FLANNEL]}, "none is root with the role root"),
        ({"users": [ROOT, {"name": "a", "roles": ["b"]}]}, "a has the role b, which is not among the roles"),
        ({"users": [ROOT, {"name": "a", "rolls": []}]}, "users[1].rolls: unknown; known are name, roles"),
        ({"users": [{}]}, "users[0].name: missing"),
        ({"roles": ["flannel"]}, "roles[0]: 'flannel' is not a mapping with name, permissions"),
        (
            {"roles": [{"name": "flannel", "permissions": [{"access": "all", "key": "a"}]}]},
            "roles[0].permissions[0].access: 'all' is not one of read, write, readwrite",
        ),
        ({"roles": [{"name": "flannel", "permissions": [{"prefix": "/a/", "key": "/a"}]}]}, "needs either a prefix or a key"),
        ({"keys": [{"value": "1"}]}, "keys[0].key: missing"),
    ],
)
def test_faults_are_named(changes: Object, fault: str) -> None:
    with pytest.raises(DescriptionError, match="store") as caught:
        wanted(**changes)
    assert fault in str(caught.value)


names = st.sampled_from(["root", "flannel", "other"])
ranges = st.builds(
    dict, access=st.sampled_from(["read", "write", "readwrite"]), key=st.sampled_from("ab"), range_end=st.sampled_from(["", "c"])
)
states = st.fixed_dictionaries(
    {
        "unready": st.just(""),
        "enabled": st.booleans(),
        "roles": st.dictionaries(names, st.lists(ranges, unique_by=lambda entry: (entry["key"], entry["range_end"]))),
        "users": st.dictionaries(names, st.lists(names, unique=True).map(sorted)),
        "keys": st.dictionaries(st.just("/k8s/network/config"), st.sampled_from(["{}", "x", None])),
    }
)


@given(states)
def test_a_plan_reaches_what_is_wanted_and_enables_last(state: Object) -> None:
    """The planner's actions, done to the state as etcd does them, leave nothing to be planned."""
    actions = planned(state)
    assert all(action.kind != "etcd_auth" for action in actions[:-1])
    after = copy.deepcopy(state)
    for action in actions:
        perform(after, action)
    assert planned(after) == []


def perform(state: Object, action: PlannedAction) -> None:
    data = action.data
    if action.kind == "etcd_auth":
        assert state["users"]["root"] == ["root"], "everybody would be locked out"
        state["enabled"] = True
    elif action.kind == "etcd_key":
        state["keys"][data["key"]] = data["value"]
    elif action.kind == "etcd_user":
        assert data["create"] == (data["name"] not in state["users"])
        had = set(state["users"].get(data["name"], []))
        state["users"][data["name"]] = sorted((had | set(data["grant"])) - set(data["revoke"]))
    else:
        assert data["create"] == (data["name"] not in state["roles"])
        had_ranges = {(entry["key"], entry["range_end"]): entry for entry in state["roles"].get(data["name"], [])}
        for entry in data["revoke"]:
            del had_ranges[entry["key"], entry["range_end"]]
        had_ranges |= {(entry["key"], entry["range_end"]): entry for entry in data["grant"]}
        state["roles"][data["name"]] = list(had_ranges.values())
