# SPDX-License-Identifier: GPL-3.0-or-later
"""api_objects and cluster_health against a real API."""

from __future__ import annotations

import base64
import json
import os
import typing as t

import pytest

from .apiserver import Api, running

PASSWORD = "hunter2-of-the-test"
NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "demo"}}
SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "demo"}, "stringData": {"password": PASSWORD}}
DEFINITION = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "widgets.example.com"},
    "spec": {
        "group": "example.com",
        "names": {"kind": "Widget", "plural": "widgets", "singular": "widget"},
        "scope": "Namespaced",
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}},
                    }
                },
            }
        ],
    },
}
WIDGET = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w", "namespace": "demo"}, "spec": {"size": 1}}
DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "demo"},
    "spec": {
        "replicas": 1,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "registry.example/web:1"}]}},
    },
}
CONFIG = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "demo"}, "data": {"Corefile": "a\nb\n"}}
# Not in the order in which they can be made
OBJECTS = [WIDGET, SECRET, DEPLOYMENT, CONFIG, DEFINITION, NAMESPACE]
CREATED = [
    ("create", "Namespace demo"),
    ("create", "CustomResourceDefinition widgets.example.com"),
    ("create", "Widget demo/w"),
    ("create", "Secret demo/s"),
    ("create", "Deployment demo/web"),
    ("create", "ConfigMap demo/c"),
]


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Api]:
    if os.geteuid() != 0:
        pytest.fail("a network namespace of its own needs root")
    with running(tmp_path_factory.mktemp("api")) as started:
        yield started


@pytest.fixture(scope="module")
def made(api: Api) -> Api:
    """The API with the objects, made after a true prediction, with and without the API."""
    silent = api.play("api_objects", {"objects": OBJECTS}, "--check", server="https://127.0.0.1:6444")
    predicted = api.play("api_objects", {"objects": OBJECTS}, "--check")
    assert silent.actions == predicted.actions == CREATED
    assert "demo" not in api.kubectl("get", "namespace"), "check mode made the namespace"
    assert api.play("api_objects", {"objects": OBJECTS}).actions == CREATED
    return api


def test_a_second_run_changes_nothing(made: Api) -> None:
    outcome = made.play("api_objects", {"objects": OBJECTS, "absent": [{"kind": "ConfigMap", "name": "old", "namespace": "demo"}]})
    assert (outcome.actions, outcome.result["changed"]) == ([], False)


def test_drift_is_named_and_mended_and_foreign_fields_stand(made: Api) -> None:
    made.kubectl("-n", "demo", "scale", "deployment/web", "--replicas=3")
    made.kubectl("-n", "demo", "patch", "configmap/c", "--patch", json.dumps({"data": {"Corefile": "x\n", "foreign": "1"}}))
    made.kubectl("-n", "demo", "label", "configmap/c", "foreign=1")
    made.kubectl("-n", "demo", "delete", "widget/w")
    drifted = [("create", "Widget demo/w"), ("patch", "Deployment demo/web"), ("patch", "ConfigMap demo/c")]
    predicted = made.play("api_objects", {"objects": OBJECTS}, "--check", "--diff")
    assert predicted.actions == drifted
    assert predicted.result["actions"][1]["reason"] == "spec.replicas: found 3, wanted 1"
    assert predicted.result["actions"][2]["reason"] == "data.Corefile differs"
    assert "-  replicas: 3\n+  replicas: 1\n" in predicted.output
    assert made.play("api_objects", {"objects": OBJECTS}).actions == drifted
    assert made.play("api_objects", {"objects": OBJECTS}).actions == []
    found = json.loads(made.kubectl("-n", "demo", "get", "configmap/c", "-o", "json"))
    assert found["data"] == {"Corefile": "a\nb\n", "foreign": "1"}
    assert found["metadata"]["labels"] == {"foreign": "1"}


def test_a_secret_is_never_shown(made: Api) -> None:
    other = {**SECRET, "stringData": {"password": f"{PASSWORD}-other"}}
    outputs = [made.play("api_objects", {"objects": [wanted]}, "-vvvv", "--diff").output for wanted in (other, SECRET)]
    assert all("Secret demo/s (patch" in output for output in outputs)
    for shown in (PASSWORD, *(base64.b64encode(text.encode()).decode()[:20] for text in (PASSWORD, f"{PASSWORD}-other"))):
        assert not [output for output in outputs if shown in output]
    found = json.loads(made.kubectl("-n", "demo", "get", "secret/s", "-o", "json"))
    assert base64.b64decode(found["data"]["password"]).decode() == PASSWORD


def test_nothing_is_changed_when_one_object_is_refused(made: Api) -> None:
    moved = {**DEPLOYMENT, "spec": {**DEPLOYMENT["spec"], "selector": {"matchLabels": {"app": "other"}}}}  # type: ignore[dict-item]
    outcome = made.play("api_objects", {"objects": [{**CONFIG, "data": {"Corefile": "changed"}}, moved]})
    assert outcome.result["failed"]
    assert "nothing was changed: Deployment demo/web" in outcome.result["msg"]
    assert "changed" not in made.kubectl("-n", "demo", "get", "configmap/c", "-o", "json")


def test_who_may_not_is_told_so(made: Api) -> None:
    files = {kind: f"{made.directory}/nobody.{ending}" for kind, ending in (("cert", "crt"), ("key", "key"))}
    outcome = made.play("api_objects", {"objects": [CONFIG], **files})
    assert 'User "nobody" cannot' in outcome.result["msg"]


def test_an_api_that_does_not_come_is_an_error_at_the_deadline(api: Api) -> None:
    outcome = api.play("api_objects", {"name": "addons", "objects": [NAMESPACE], "deadline": 1}, server="https://127.0.0.1:6444")
    assert "addons: the API was not ready within 1 s: https://127.0.0.1:6444 does not answer: Connection refused" in outcome.result["msg"]


def test_a_wait_that_fails_tells_the_cause(made: Api) -> None:
    wait = {"kind": "Deployment", "namespace": "demo", "name": "web", "deadline": 5}
    message = made.play("api_objects", {"wait": [wait]}).result["msg"]
    assert "Deployment not available within 5 s: demo/web: available 0 of 1" in message
    assert "Deployment web: Progressing=" in message


def test_a_wait_that_holds_costs_nothing(made: Api) -> None:
    waits = [
        {"kind": "CustomResourceDefinition", "name": "widgets.example.com"},
        {"kind": "Namespace", "name": "demo", "condition": "exists"},
        {"kind": "Node", "name": "gone.example", "condition": "absent"},
    ]
    outcome = made.play("api_objects", {"wait": waits})
    assert (outcome.result["changed"], outcome.result["failed"]) == (False, False)


def test_what_is_absent_is_gone_afterwards_and_can_be_made_again(made: Api) -> None:
    absent = [{"kind": "Namespace", "name": "short"}]
    short = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "short"}}
    assert made.play("api_objects", {"objects": [short]}).actions == [("create", "Namespace short")]
    assert made.play("api_objects", {"absent": absent}, "--check").actions == [("delete", "Namespace short")]
    assert made.play("api_objects", {"absent": absent}).actions == [("delete", "Namespace short")]
    assert made.play("api_objects", {"absent": absent}).actions == []
    assert "short" not in made.kubectl("get", "namespace")
    assert made.play("api_objects", {"objects": [short]}).actions == [("create", "Namespace short")]


def test_the_health_of_a_cluster_without_nodes(api: Api) -> None:
    health = api.play("cluster_health", {}).result
    assert (health["changed"], health["failed"], health["healthy"]) == (False, False, False)
    assert health["api"]["ready"]
    manager, scheduler = health["leaders"]
    assert (manager["name"], manager["alive"]) == ("kube-controller-manager", True)
    assert (scheduler["holder"], scheduler["alive"]) == ("", False)
    assert "kube-scheduler: no leader" in health["summary"]
    assert "Nodes: 0 of 0 ready" in health["summary"]


def test_the_health_of_a_node(api: Api) -> None:
    api.kubectl(
        "create",
        "-f",
        "-",
        text=json.dumps(
            {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1", "labels": {"node-role.kubernetes.io/control-plane": ""}}}
        ),
    )
    moment = "2026-01-01T00:00:00Z"
    condition = {
        "type": "Ready",
        "status": "False",
        "reason": "KubeletNotReady",
        "message": "no network yet",
        "lastHeartbeatTime": moment,
        "lastTransitionTime": moment,
    }
    status = {"conditions": [condition], "addresses": [{"type": "InternalIP", "address": "192.0.2.5"}]}
    try:
        api.kubectl("patch", "node", "n1", "--subresource=status", "--type=merge", "--patch", json.dumps({"status": status}))
        (node,) = api.play("cluster_health", {}).result["nodes"]
    finally:
        api.kubectl("delete", "node", "n1")
    assert (node["name"], node["ready"], node["roles"]) == ("n1", False, ["control-plane"])
    assert node["fault"] == "Ready=False (KubeletNotReady): no network yet"
    assert node["addresses"] == {"InternalIP": "192.0.2.5"}


def test_health_does_not_fail_where_there_is_no_api(api: Api) -> None:
    health = api.play("cluster_health", {}, "--check", server="https://127.0.0.1:6444").result
    assert (health["failed"], health["healthy"]) == (False, False)
    assert health["summary"] == ["API: not ready: https://127.0.0.1:6444 does not answer: Connection refused"]
