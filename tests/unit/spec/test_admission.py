# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration of admission plugins: what an apiserver would not start with is found before, and the file is one that it takes."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.barehost.kubernetes.plugins.filter import cluster as filters
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import admission, role_values, role_variables
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.inputs import Given
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.problems import Problems

ROOT = pathlib.Path(__file__).parents[3]
Object = dict[str, t.Any]
LIMIT: Object = {"type": "Namespace", "qps": 50, "burst": 100, "cacheSize": 2000}
EVERYTHING: Object = {
    "defaults": {
        "enforce": "baseline",
        "enforce-version": "v1.37",
        "audit": "restricted",
        "audit-version": "latest",
        "warn": "privileged",
        "warn-version": "",
    },
    "exemptions": {"usernames": ["system:serviceaccount:a:b"], "namespaces": ["a", "b-1"], "runtimeClasses": ["gvisor.example.com"]},
}


@pytest.mark.parametrize(
    "given",
    [
        {},
        EVERYTHING,
        {"defaults": {"enforce": "restricted"}},
        {"defaults": None, "exemptions": {"namespaces": None}},
        {"exemptions": {"namespaces": ["kube-system"]}},
    ],
)
def test_what_an_apiserver_takes_of_pod_security_is_taken(given: Object) -> None:
    assert admission.fault_of_pod_security(given) == ""


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"enforce": "baseline"}, "it has the field 'enforce'; known are defaults, exemptions"),
        ({"default": {}}, "it has the field 'default'; known are defaults, exemptions, did you mean defaults?"),
        ({"defaults": "baseline"}, "defaults is 'baseline', and must be a map with enforce, audit, warn, "),
        ({"defaults": {"enforced": "baseline"}}, "defaults has the field 'enforced'; known are "),
        ({"defaults": {"enforce": "Baseline"}}, "must be one of privileged, baseline, restricted; did you mean baseline?"),
        ({"defaults": {"warn": "strict"}}, "defaults.warn is 'strict', and must be one of privileged, baseline, restricted"),
        ({"defaults": {"audit": True}}, "defaults.audit is True, and must be one of"),
        ({"defaults": {"enforce-version": 1.37}}, "defaults.enforce-version is 1.37, and must be a text"),
        ({"defaults": {"warn-version": "1.37"}}, "defaults.warn-version is '1.37', and must be latest or a version such as v1.37"),
        ({"defaults": {"warn-version": "v1.37.1"}}, "and must be latest or a version such as v1.37"),
        ({"exemptions": ["a"]}, "exemptions is ['a'], and must be a map with usernames, namespaces, runtimeClasses"),
        ({"exemptions": {"namespaces": "a"}}, "exemptions.namespaces is 'a', and must be a list"),
        ({"exemptions": {"namespaces": ["Team"]}}, "exemptions.namespaces has 'Team', which cannot be the name of a namespace"),
        ({"exemptions": {"namespaces": ["a.b"]}}, "which cannot be the name of a namespace"),
        ({"exemptions": {"namespaces": ["a" * 64]}}, "which cannot be the name of a namespace"),
        ({"exemptions": {"namespaces": ["a\n"]}}, "which cannot be the name of a namespace"),
        ({"exemptions": {"namespaces": [""]}}, "which cannot be the name of a namespace"),
        ({"exemptions": {"namespaces": ["a", "a"]}}, "exemptions.namespaces has 'a' twice"),
        ({"exemptions": {"runtimeClasses": ["a_b"]}}, "which cannot be the name of a RuntimeClass"),
        ({"exemptions": {"runtimeClasses": [".".join(["a" * 60] * 5)]}}, "which cannot be the name of a RuntimeClass"),
        ({"exemptions": {"usernames": [""]}}, "exemptions.usernames has '', which cannot be the name of a user"),
    ],
)
def test_what_an_apiserver_refuses_of_pod_security_is_refused(given: Object, message: str) -> None:
    assert message in admission.fault_of_pod_security(given)


@pytest.mark.parametrize(
    "limits", [[], [LIMIT], [{"type": "Server", "qps": 1, "burst": 2**31 - 1}, {**LIMIT, "type": "User", "cacheSize": None}]]
)
def test_what_an_apiserver_takes_of_limits_is_taken(limits: list[Object]) -> None:
    assert admission.fault_of_limits(limits) == ""


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("Server", "entry 1 is 'Server', and must be a map with type, qps, burst, cacheSize"),
        ({**LIMIT, "type": "namespace"}, "must be one of Server, Namespace, User, SourceAndObject; did you mean Namespace?"),
        ({**LIMIT, "QPS": 1}, "entry 1 has the field 'QPS'; known are type, qps, burst, cacheSize"),
        ({"type": "User", "burst": 1}, "entry 1.qps is missing"),
        ({"qps": 1}, "entry 1.type is missing; entry 1.burst is missing"),
        ({**LIMIT, "qps": 0}, "entry 1.qps is 0, and must be a whole number from 1 to 2147483647"),
        ({**LIMIT, "qps": 0.5}, "entry 1.qps is 0.5, and must be a whole number"),
        ({**LIMIT, "burst": "100"}, "entry 1.burst is '100', and must be a whole number"),
        ({**LIMIT, "burst": True}, "entry 1.burst is True, and must be a whole number"),
        ({**LIMIT, "cacheSize": -1}, "entry 1.cacheSize is -1, and must be a whole number"),
        ({**LIMIT, "burst": 2**31}, "entry 1.burst is 2147483648, and must be a whole number"),
        ({**LIMIT, "type": "Server"}, "entry 1.cacheSize has no effect on the type Server"),
    ],
)
def test_what_an_apiserver_refuses_of_limits_is_refused(entry: t.Any, message: str) -> None:
    assert message in admission.fault_of_limits([entry])
    assert admission.fault_of_limits([LIMIT, entry]).startswith("entry 2")


def test_the_file_has_what_is_asked_for_and_nothing_else() -> None:
    assert [plugin["name"] for plugin in filters.admission_configuration({}, [LIMIT])["plugins"]] == ["EventRateLimit"]
    whole = filters.admission_configuration(EVERYTHING, [LIMIT, {**LIMIT, "cacheSize": None}])
    security, limits = (plugin["configuration"] for plugin in whole["plugins"])
    assert security["exemptions"] == {**EVERYTHING["exemptions"], "namespaces": ["kube-system", "a", "b-1"]}
    assert security["defaults"] == {name: value for name, value in EVERYTHING["defaults"].items() if value}
    assert limits["limits"] == [LIMIT, {"type": "Namespace", "qps": 50, "burst": 100}]


def test_the_namespace_of_the_addons_is_exempt_once() -> None:
    for given in (
        {"defaults": {"enforce": "baseline"}},
        {"exemptions": {"namespaces": ["kube-system"]}},
        {"exemptions": None, "defaults": None},
    ):
        (plugin,) = filters.admission_configuration(given, [])["plugins"]
        assert plugin["configuration"]["exemptions"] == {"namespaces": ["kube-system"]}


def test_the_addons_are_in_the_namespace_that_is_exempt() -> None:
    templates = list((ROOT / "roles/addons/templates").iterdir())
    found = {line.split(":")[1].strip() for path in templates for line in path.read_text().splitlines() if "namespace:" in line}
    assert found == set(admission.ALWAYS_EXEMPT)


def test_wrong_values_that_nobody_has_seen_before_are_refused_by_the_filter() -> None:
    """Those that are made of a host's facts."""
    with pytest.raises(AnsibleFilterError, match="master_pod_security: it has the field 'enforce'"):
        filters.admission_configuration({"enforce": "baseline"}, [])
    with pytest.raises(AnsibleFilterError, match="master_event_rate_limits: entry 1"):
        filters.admission_configuration({}, [{}])


# ---------------------------------------------------------------- beside other variables

FILE: Object = {"admission_control-config-file": "/etc/mine.yaml"}
LEVELS: Object = {"defaults": {"enforce": "baseline"}}


def together(**values: t.Any) -> list[tuple[str, str]]:
    """The names of the variables and what is wrong with them; ``arguments`` are those of the apiserver."""
    names = {"arguments": "master_apiserver_arguments", "plugins": "master_admission_plugins"}
    given = {names.get(name, f"master_{name}"): value for name, value in values.items()}
    return [(name, wrong) for name, wrong, _instead in admission.faults_together(given)]


def test_values_that_go_together() -> None:
    assert together() == []
    assert together(arguments=FILE) == []
    assert together(arguments={**FILE, "enable-admission-plugins": "EventRateLimit"}, plugins=["EventRateLimit"]) == []
    assert together(pod_security=LEVELS, event_rate_limits=[LIMIT], plugins=["EventRateLimit"]) == []
    assert together(pod_security={}, event_rate_limits=[], arguments={"disable-admission-plugins": "PodSecurity"}) == []


def test_an_apiserver_reads_one_file() -> None:
    for name, value in (("pod_security", LEVELS), ("event_rate_limits", [LIMIT])):
        ((variable, wrong),) = together(arguments=FILE, **{name: value})
        assert variable == "master_apiserver_arguments"
        assert f"has --admission-control-config-file, so that the file of master_{name} would not be read" in wrong


def test_a_plugin_that_is_configured_is_not_disabled() -> None:
    arguments = {"disable-admission-plugins": "PodSecurity,EventRateLimit"}
    found = together(arguments=arguments, pod_security=LEVELS, event_rate_limits=[LIMIT])
    assert [wrong.split(",")[0] for _name, wrong in found] == [
        "disables the admission plugin PodSecurity",
        "disables the admission plugin EventRateLimit",
    ]


def test_events_are_not_limited_without_limits() -> None:
    assert [name for name, _wrong in together(plugins=["EventRateLimit"])] == ["master_admission_plugins"]
    found = together(arguments={"enable-admission-plugins": "X,EventRateLimit"}, event_rate_limits=[])
    assert [name for name, _wrong in found] == ["master_apiserver_arguments"]


def test_the_message_has_the_place_of_the_variable_and_counts_its_hosts_once() -> None:
    problems = Problems()
    givens = [
        Given(host, name, value, f"group_vars/all.yml:{line}")
        for host in ("m1", "w1")
        for line, (name, value) in enumerate((("master_apiserver_arguments", FILE), ("master_pod_security", LEVELS)), 1)
    ]
    spec = {
        "nodes": {"m1": {}, "w1": {}},
        "masters": ["m1"],
        "etcd_hosts": ["m1"],
        "node_hosts": ["m1", "w1"],
        "versions": {"kubernetes": "1.37.1", "etcd": "3.7.2"},
    }
    role_variables.check(givens, spec, problems)
    assert [str(problem) for problem in problems.found] == [
        "master_apiserver_arguments (group_vars/all.yml:1) has --admission-control-config-file, so that the file of master_pod_security "
        "would not be read.\nTake the flag out, or master_pod_security; an apiserver reads one such file."
    ]


def test_a_value_that_is_wrong_alone_is_told_of_alone() -> None:
    problems = Problems()
    givens = [Given("m1", "master_apiserver_arguments", FILE), Given("m1", "master_pod_security", {"enforce": "baseline"})]
    role_variables.check(givens, None, problems)
    assert [problem.where for problem in problems.found] == ["master_pod_security of m1"]


def test_all_that_is_looked_at_together_is_handed_over() -> None:
    text = (ROOT / "plugins/plugin_utils/_spec/admission.py").read_text(encoding="utf-8")
    assert all(f'"{name}"' in text for name in role_values.TOGETHER)
