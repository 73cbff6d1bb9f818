# SPDX-License-Identifier: GPL-3.0-or-later
"""API versions that end while clients ask for them, or while objects are in no other one."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.action import versions
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade import removed_apis

Object = dict[str, t.Any]


def request(resource: str, version: str, removed: str) -> Object:
    group, _slash, name = version.rpartition("/")
    return {"group": group, "version": name, "resource": resource, "subresource": "", "removed_release": removed}


def answer(stored: list[Object] | None = None, **requested: list[Object] | None) -> Object:
    return {"requested": requested, "stored": stored or []}


INGRESSES = request("ingresses", "example.k8s.io/v1beta1", "1.37")


def test_who_asked_for_what_is_told() -> None:
    answers = [answer(m1=[INGRESSES]), answer(m2=[INGRESSES, request("flows", "example.k8s.io/v1", "1.36")])]
    (told,) = removed_apis.faults(answers, "1.37.1")
    assert told == (
        "Clients have asked for flows of example.k8s.io/v1 (of the apiserver on m2), ingresses of example.k8s.io/v1beta1 (of the apiserver "
        "on m1, m2), and Kubernetes 1.37 does not serve that. Find them in the audit log there, by k8s.io/removed-release, and bring them "
        "to another version; an apiserver forgets what it was asked for when it restarts. If they may fail, add "
        "-e site_accept_removed_apis=true"
    )
    (warned,) = removed_apis.accepted(answers, "1.37.1")
    assert warned == told.partition(". Find")[0]


@pytest.mark.parametrize(
    "asked",
    [
        request("ingresses", "example.k8s.io/v1beta1", "1.38"),
        request("endpoints", "v1", ""),
        request("crontabs", "stable.example.com/v1", ""),
    ],
    ids=["later", "deprecated without an end", "of somebody else"],
)
def test_what_does_not_end_is_no_fault(asked: Object) -> None:
    assert removed_apis.faults([answer(m1=[asked])], "1.37.1") == []


def test_what_no_other_version_serves_is_told() -> None:
    kept = {"version": "scheduling.k8s.io/v1alpha2", "resource": "workloads", "count": 3}
    (told,) = removed_apis.faults([answer([kept], m1=[]), answer([kept], m2=[])], "1.37.1")
    assert told == (
        "There are workloads in scheduling.k8s.io/v1alpha2 (3), which no other version serves, and Kubernetes 1.37 does not serve "
        "that one: it may not be able to read them. Delete them, or add -e site_accept_removed_apis=true"
    )


def test_an_apiserver_that_does_not_tell() -> None:
    assert removed_apis.warnings([answer(m1=None), answer(m2=[])]) == [
        "The apiserver on m1 did not tell (/metrics) whether clients use API versions that end with this release"
    ]
    assert removed_apis.faults([answer(m1=None)], "1.37.1") == []


def test_the_question_names_what_ends() -> None:
    asked = removed_apis.question("1.37.1", ["m2", "m1"])
    assert asked["minor"] == 37
    assert asked["of"] == ["m1", "m2"]
    assert {"networking.k8s.io/v1beta1", "storage.k8s.io/v1beta1"} <= set(asked["versions"])
    assert not {"networking.k8s.io/v1", "v1"} & set(asked["versions"])
    assert removed_apis.question("1.99.0", [])["versions"] == [], "nobody has asked that release"


@pytest.mark.parametrize(
    ("play", "asked"),
    [
        (["m1", "m2", "m3", "w1"], {"m1": ["m1"], "m2": ["m2"], "m3": ["m3"]}),
        (["m2", "m3"], {"m1": [], "m2": ["m2", "m1"], "m3": ["m3"]}),
        (["w1"], {"m1": [], "m2": [], "m3": []}),
    ],
    ids=["all masters", "one is left out", "no master"],
)
def test_each_apiserver_is_asked_once(play: list[str], asked: dict[str, list[str]]) -> None:
    masters = ["m1", "m2", "m3"]
    variables = {"ansible_play_hosts_all": play}
    assert {host: versions._asked_for_requests({"masters": masters}, variables, host) for host in masters} == asked
