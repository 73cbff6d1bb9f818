# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operator may ask about, and what is said of what cannot be."""

from __future__ import annotations

import typing as t

import pytest
from doctor_situation import cluster

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._explain.request import Subject, meant, subject


def named(name: str = "node-w1") -> dict[str, t.Any]:
    """A cluster in which the node of w1 has a name of its own, and e1 is no node."""
    found = cluster()
    nodes = {**found["nodes"], "w1": {**found["nodes"]["w1"], "name": name}, "e1": {**found["nodes"]["w1"], "name": "e1"}}
    return {**found, "nodes": nodes}


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"node": "w1"}, Subject(host="w1")),
        ({"node": "node-w1"}, Subject(host="w1")),
        ({"pod": "default/web-1"}, Subject(pod=("default", "web-1"))),
        ({"pod": "kube-system/a.b"}, Subject(pod=("kube-system", "a.b"))),
    ],
)
def test_a_subject(given: dict[str, t.Any], wanted: Subject) -> None:
    assert subject(given, named()) == wanted


@pytest.mark.parametrize(
    ("given", "variables", "words"),
    [
        ({}, (), "no subject is given: -e explain_node=m1, or -e explain_pod=default/NAME"),
        ({"node": "w1", "pod": "a/b"}, (), "both given"),
        ({"node": "wi1"}, (), "did you mean w1"),
        ({"node": "zzz"}, (), "there are "),
        ({"node": "e1"}, (), "runs no kubelet: name one of m1"),
        ({"node": ""}, (), "no host of the inventory"),
        ({"node": ["w1"]}, (), "no host of the inventory"),
        ({"pod": "web-1"}, (), "wanted NAMESPACE/NAME: -e explain_pod=default/web-1"),
        ({"pod": "default/"}, (), "wanted NAMESPACE/NAME: -e explain_pod=default/NAME"),
        ({"pod": "a/b/c"}, (), "wanted NAMESPACE/NAME"),
        ({"pod": "Default/x"}, (), "wanted NAMESPACE/NAME"),
        ({"pod": 7}, (), "wanted NAMESPACE/NAME"),
        ({"node": "w1"}, ("explain_nod",), "did you mean explain_node?"),
    ],
)
def test_what_cannot_be_asked(given: dict[str, t.Any], variables: tuple[str, ...], words: str) -> None:
    with pytest.raises(ComponentError) as refused:
        subject(given, named(), variables=variables)
    assert str(refused.value).startswith("No host was asked: ") and words in str(refused.value)


@pytest.mark.parametrize(
    ("text", "names", "words"),
    [
        ("default/frontend", ["default/frontend-7cb-x2k7", "default/redis"], ": did you mean default/frontend-7cb-x2k7?"),
        ("default/zzz", ["default/a", "default/b", "default/c", "default/d"], ": there are default/a, default/b, default/c …"),
        ("default/zzz", [], ": there is none"),
    ],
)
def test_the_nearest_names(text: str, names: list[str], words: str) -> None:
    assert meant(text, names) == words
