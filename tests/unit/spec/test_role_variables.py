# SPDX-License-Identifier: GPL-3.0-or-later
"""The roles' own variables: what the corpus of broken inventories does not show."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest
from spec_inventory import large

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import role_variables
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.inputs import Given, Unusable
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.problems import Problems
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.resolve import resolve

SPEC: dict[str, t.Any] = {
    "nodes": {"m1": {}, "w1": {}, "w2": {}, "w3": {}},
    "masters": ["m1"],
    "etcd_hosts": ["m1"],
    "node_hosts": ["m1", "w1", "w2", "w3"],
    "versions": {"kubernetes": "1.37.1", "etcd": "3.7.2"},
}
HOSTS = tuple(SPEC["nodes"])


def problems_with(spec: dict[str, t.Any] | None, *values: Given) -> list[str]:
    problems = Problems()
    role_variables.check(values, spec, problems)
    return [str(problem) for problem in problems.found]


def problems_of(*values: Given) -> list[str]:
    return problems_with(SPEC, *values)


def on(hosts: t.Iterable[str], name: str, value: t.Any, origin: str = "") -> list[Given]:
    return [Given(host, name, value, origin) for host in hosts]


@pytest.fixture
def specification(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> t.Callable[[str], None]:
    """Makes the given options the only ones, of the role etcd."""

    def use(options: str) -> None:
        path = tmp_path / "etcd" / "meta" / "argument_specs.yml"
        path.parent.mkdir(parents=True)
        path.write_text(f"argument_specs: {{main: {{options: {options}}}}}", encoding="utf-8")
        known = role_variables.specified(tmp_path)
        monkeypatch.setattr(role_variables, "specified", lambda: known)
        role_variables._fault_of.cache_clear()

    return use


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("minion_max_pods", "50"),
        ("docker_log_max_size", 10),
        ("host_clock_offset_limit", 1),
        ("minion_kubelet_config", {}),
        ("addons_coredns_forward", []),
        ("etcd_backups_of_another_collection", "text"),
        ("docker_users", "someone"),
    ],
)
def test_is_taken(name: str, value: t.Any) -> None:
    assert problems_of(*on(HOSTS, name, value)) == []


def test_a_value_of_a_group_is_one_problem() -> None:
    (problem,) = problems_of(*on(HOSTS, "minion_max_pods", "many", "group_vars/all.yml:3"))
    assert problem.startswith("minion_max_pods (group_vars/all.yml:3) is 'many'")
    (problem,) = problems_of(*on(HOSTS[1:], "minion_max_pods", "many"))
    assert problem.startswith("minion_max_pods of w1 and 2 others is 'many'")


def test_values_of_several_places_are_several_problems() -> None:
    wrong = [*on(["w1"], "minion_max_pods", "many", "a:1"), *on(["w2"], "minion_max_pods", "many", "b:1")]
    assert len(problems_of(*wrong)) == 2


def test_what_cannot_be_evaluated() -> None:
    undefined, of_facts = Unusable("'pods' is undefined"), Unusable("object of type 'dict' has no attribute 'memtotal_mb'")
    (problem,) = problems_of(Given("w1", "minion_max_pods", undefined))
    assert "Define pods for this host" in problem
    assert problems_of(Given("w1", "minion_max_pods", of_facts)) == []
    assert problems_of(Given("w1", "etcd_settings", undefined)) == [], "w1 is no member of etcd"
    assert problems_with(None, Given("w1", "minion_max_pods", undefined)) == [], "it may be made of the spec, which there is none of"


def test_required_of_the_hosts_with_the_role(specification: t.Callable[[str], None]) -> None:
    specification("{etcd_token: {type: str, required: true}}")
    (problem,) = problems_of(Given("w1", "etcd_token", "x"))
    assert problem.startswith("etcd_token of m1 is not set")
    assert problems_of(Given("m1", "etcd_token", "x")) == []


def test_a_secret_is_not_shown(specification: t.Callable[[str], None]) -> None:
    specification("{etcd_token: {type: int, no_log: true}}")
    (problem,) = problems_of(Given("m1", "etcd_token", "s3cret"))
    assert "s3cret" not in problem
    assert "Write a whole number" in problem


def test_suboptions(specification: t.Callable[[str], None]) -> None:
    specification("{etcd_things: {type: list, elements: dict, options: {name: {type: str, required: true}, port: {type: int}}}}")
    (problem,) = problems_of(Given("m1", "etcd_things", [{"name": "a", "port": "x"}]))
    assert "port" in problem
    (problem,) = problems_of(Given("m1", "etcd_things", [{"port": 1}]))
    assert "missing required arguments: name" in problem
    (problem,) = problems_of(Given("m1", "etcd_things", [{"name": "a", "prt": 1}]))
    assert "prt" in problem


def test_many_hosts_are_no_more_work_than_few() -> None:
    """Counted, not timed: a value is validated once, whoever has it."""
    for hosts in (4, 400):
        role_variables._fault_of.cache_clear()
        names = [f"w{number}" for number in range(hosts)]
        values = [*on(names, "minion_max_pods", 50), *on(names, "minion_kubelet_config", {"evictionHard": {"b": [1]}})]
        assert problems_with({**SPEC, "nodes": dict.fromkeys(names)}, *values) == []
        assert role_variables._fault_of.cache_info().misses == 2


def test_the_spec_grows_by_the_same_for_each_node() -> None:
    """Every task of every host is given it: what grew faster would make the whole run grow faster still."""
    small, middle, much = (len(json.dumps(resolve(large(nodes)).as_dict())) for nodes in (100, 150, 200))
    assert abs((much - middle) - (middle - small)) <= 0.05 * (middle - small)
