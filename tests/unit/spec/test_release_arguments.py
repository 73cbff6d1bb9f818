# SPDX-License-Identifier: GPL-3.0-or-later
"""What a release does not take of the user's arguments: each kind with its message, and that the collection's own arguments are taken."""

from __future__ import annotations

import collections.abc
import pathlib
import re
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import (
    release_arguments,
    release_facts,
    release_names,
    role_variables,
    version_table,
)
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.inputs import Given
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.problems import Problems

ROOT = pathlib.Path(__file__).parents[3]
TABLES = {
    "flags of kube-apiserver": {
        "1.35 1.36 1.37": "feature-gates runtime-config enable-admission-plugins max-requests-inflight emulated-version",
        "1.35 1.36": "old-flag",
        "1.37": "brand-new",
    },
    "flags of kube-scheduler": {"1.35 1.36 1.37": "feature-gates"},
    "gates of Kubernetes": {"1.35 1.36 1.37": "NodeSwap OnlySome Free Off", "1.35 1.36": "JobSuccessPolicy"},
    "gates of Kubernetes that are always true": {"1.36 1.37": "NodeSwap"},
    "gates of Kubernetes that are always false": {"1.37": "Off"},
    "gates that kube-scheduler lacks": {"1.37": "OnlySome"},
    "admission plugins": {"1.35 1.36 1.37": "PodNodeSelector"},
    "API versions served": {
        "1.35 1.36 1.37": "batch/v1 v1",
        "1.35 1.36": "networking.k8s.io/v1beta1",
        "1.35": "scheduling.k8s.io/v1alpha1",
    },
    "API versions known": {"1.37": "networking.k8s.io/v1beta1"},
    "fields of kubelet": {"1.35 1.36 1.37": "maxPods featureGates", "1.35 1.36": "oldField"},
}


@pytest.fixture
def small_table(monkeypatch: pytest.MonkeyPatch) -> collections.abc.Iterator[None]:
    monkeypatch.setattr(release_facts, "TABLES", TABLES)
    monkeypatch.setattr(release_facts, "ASKED", {"1.35": "1.35.4", "1.36": "1.36.3", "1.37": "1.37.1", "3.7": "3.7.2"})
    release_names.names.cache_clear()
    yield
    release_names.names.cache_clear()


def of_apiserver(minor: str = "1.37", **arguments: t.Any) -> list[tuple[str, str]]:
    given = {name.replace("_", "-"): value for name, value in arguments.items()}
    return release_arguments.faults_of_arguments("kube-apiserver", given, minor)


@pytest.mark.usefixtures("small_table")
@pytest.mark.parametrize(
    ("arguments", "minor", "wrong", "instead"),
    [
        (
            {"old_flag": True},
            "1.37",
            "has --old-flag, which kube-apiserver 1.37 does not have: it was removed between 1.36 and 1.37",
            "Take --old-flag out",
        ),
        (
            {"brand_new": 1},
            "1.36",
            "has --brand-new, which kube-apiserver 1.36 does not have: it came with 1.37",
            "Take --brand-new out, or go to a release that has it (it came with 1.37)",
        ),
        (
            {"max_request_inflight": 1},
            "1.37",
            "has --max-request-inflight, which kube-apiserver 1.37 does not have",
            "Did you mean --max-requests-inflight?",
        ),
        ({"zzz": 1}, "1.37", "has --zzz, which kube-apiserver 1.37 does not have", "Take --zzz out"),
        (
            {"feature_gates": "NodeSwap=false"},
            "1.36",
            "sets the feature gate NodeSwap to false, and in kube-apiserver 1.36 it is always true",
            "Take NodeSwap out",
        ),
        (
            {"feature_gates": "Off=true"},
            "1.37",
            "sets the feature gate Off to true, and in kube-apiserver 1.37 it is always false",
            "Take Off out",
        ),
        (
            {"feature_gates": "Free=true,kube:JobSuccessPolicy=true"},
            "1.37",
            "has the feature gate JobSuccessPolicy, which kube-apiserver 1.37 does not have: it was removed between 1.36 and 1.37",
            "Take JobSuccessPolicy out",
        ),
        (
            {"feature_gates": "Free=yes"},
            "1.37",
            "gives the feature gate Free the value 'yes'",
            "Write Free=true or Free=false",
        ),
        (
            {"enable_admission_plugins": "NodeSelector"},
            "1.37",
            "names the admission plugin NodeSelector, which kube-apiserver 1.37 does not have",
            "Did you mean PodNodeSelector?",
        ),
        (
            {"runtime_config": "api/all=true,networking.k8s.io/v1beta1/ipaddresses=true"},
            "1.37",
            "names the API version networking.k8s.io/v1beta1 in --runtime-config, which Kubernetes 1.37 does not have: it was removed "
            "between 1.36 and 1.37",
            "Take networking.k8s.io/v1beta1 out",
        ),
        (
            {"runtime_config": "scheduling.k8s.io/v1alpha1=false"},
            "1.36",
            "names the API version scheduling.k8s.io/v1alpha1 in --runtime-config, which Kubernetes 1.36 does not have: it was removed "
            "between 1.35 and 1.36",
            "Take scheduling.k8s.io/v1alpha1 out",
        ),
    ],
)
def test_what_is_refused(arguments: dict[str, t.Any], minor: str, wrong: str, instead: str) -> None:
    assert of_apiserver(minor, **arguments) == [(wrong, instead)]


@pytest.mark.usefixtures("small_table")
@pytest.mark.parametrize(
    ("arguments", "minor"),
    [
        ({"old_flag": True}, "1.36"),
        ({"old_flag": True, "feature_gates": "Nothing=x", "runtime_config": "a/v1=true"}, "1.38"),
        ({"feature_gates": "NodeSwap=true,Free=false,other:Unknown=true"}, "1.37"),
        ({"feature_gates": "NodeSwap=false", "emulated_version": "1.35"}, "1.37"),
        ({"feature_gates": "NodeSwap=false"}, "1.35"),
        ({"runtime_config": "api/all=true,v1=true,api/v1=true,batch/v1,networking.k8s.io/v1beta1=false"}, "1.37"),
        ({"max-requests_inflight": 3}, "1.37"),
    ],
    ids=["still there", "a release that nobody asked", "gates", "an older version is emulated", "not locked yet", "api", "underscores"],
)
def test_what_is_taken(arguments: dict[str, t.Any], minor: str) -> None:
    assert of_apiserver(minor, **arguments) == []


@pytest.mark.usefixtures("small_table")
def test_a_gate_that_one_program_lacks() -> None:
    (found,) = release_arguments.faults_of_arguments("kube-scheduler", {"feature-gates": "OnlySome=true"}, "1.37")
    assert found[0] == "has the feature gate OnlySome, which kube-scheduler 1.37 does not have"
    assert of_apiserver(feature_gates="OnlySome=true") == []


@pytest.mark.usefixtures("small_table")
def test_fields_and_gates_of_a_configuration_file() -> None:
    given = {"maxPods": 1, "oldField": 1, "maxPod": 2, "featureGates": {"NodeSwap": False, "Free": True}}
    assert release_arguments.faults_of_configuration("kubelet", given, "1.37") == [
        ("has the field maxPod, which kubelet 1.37 does not have", "Did you mean maxPods?"),
        ("has the field oldField, which kubelet 1.37 does not have: it was removed between 1.36 and 1.37", "Take oldField out"),
        ("sets the feature gate NodeSwap to false, and in kubelet 1.37 it is always true", "Take NodeSwap out"),
    ]


@pytest.mark.usefixtures("small_table")
def test_the_message_has_variable_place_and_all_that_is_wrong() -> None:
    problems = Problems()
    spec = {
        "nodes": {"m1": {}, "w1": {}},
        "masters": ["m1"],
        "etcd_hosts": ["m1"],
        "node_hosts": ["m1", "w1"],
        "versions": {"kubernetes": "1.37.1", "etcd": "3.7.2"},
    }
    value = {"old-flag": "true", "feature-gates": "JobSuccessPolicy=true"}
    role_variables.check([Given("m1", "master_apiserver_arguments", value, "group_vars/master.yml:3")], spec, problems)
    assert [str(problem) for problem in problems.found] == [
        "master_apiserver_arguments of m1 (group_vars/master.yml:3) has --old-flag, which kube-apiserver 1.37 does not have: it "
        "was removed between 1.36 and 1.37; it has the feature gate JobSuccessPolicy, which kube-apiserver 1.37 does not have: it was "
        "removed between 1.36 and 1.37.\nTake --old-flag out; Take JobSuccessPolicy out."
    ]


# From here on the table that is committed.

KUBERNETES = tuple(minor for minor in version_table.MINORS if release_names.is_known(minor))
PROGRAMS = {
    "kube-apiserver": ("master/templates/apiserver.j2", "master/templates/config.j2"),
    "kube-controller-manager": ("master/templates/controller-manager.j2", "master/templates/config.j2"),
    "kube-scheduler": ("master/templates/scheduler.j2", "master/templates/config.j2"),
    "kubelet": ("minion/templates/kubelet.j2",),
    "kube-proxy": ("minion/templates/proxy.j2",),
}


def test_tested_releases_are_known() -> None:
    assert {".".join(version.split(".")[:2]) for version in version_table.TESTED} <= set(release_facts.ASKED)


@pytest.mark.parametrize("minor", KUBERNETES)
@pytest.mark.parametrize("program", PROGRAMS)
def test_every_release_has_the_flags_of_the_roles(program: str, minor: str) -> None:
    texts = [(ROOT / "roles" / path).read_text(encoding="utf-8") for path in PROGRAMS[program]]
    flags = {flag for text in texts for flag in re.findall(r"--([a-z][a-z0-9-]*)=", text)}
    assert flags
    assert [flag for flag in sorted(flags) if not release_names.has(f"flags of {program}", flag, minor)] == []


@pytest.mark.parametrize("minor", KUBERNETES)
@pytest.mark.parametrize(("program", "file"), [("kubelet", "kubelet.yaml.j2"), ("kube-proxy", "proxy.yaml.j2")])
def test_every_release_has_the_fields_of_the_roles(program: str, file: str, minor: str) -> None:
    text = (ROOT / "roles" / "minion" / "templates" / file).read_text(encoding="utf-8")
    fields = set(re.findall(r"^    '(\w+)':", text, flags=re.MULTILINE))
    assert len(fields) > 5
    assert [name for name in sorted(fields) if not release_names.has(f"fields of {program}", name, minor)] == []


@pytest.mark.parametrize("minor", KUBERNETES)
def test_gates_that_the_collection_sets_are_there(minor: str) -> None:
    gates = version_table.features(kubernetes=tuple(map(int, f"{minor}.9".split("."))), cri_dockerd=(0, 4, 4))["apiserver_feature_gates"]
    text = ",".join(f"{name}={str(value).lower()}" for name, value in gates.items())
    assert release_arguments.faults_of_gates("kube-apiserver", text, minor) == []
