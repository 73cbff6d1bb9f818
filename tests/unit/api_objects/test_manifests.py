# SPDX-License-Identifier: GPL-3.0-or-later
"""What api_objects is told: manifests, references and waits, and every fault of them in one error."""

from __future__ import annotations

import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._api.manifests import Reader
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import DescriptionError

MANY = """
# only a comment
---
apiVersion: v1
kind: Namespace
metadata: {name: demo}
---
apiVersion: v1
kind: List
items:
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {day: 2026-11-21}}
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}
---
"""


def test_documents_and_lists_become_objects() -> None:
    objects = Reader("test").documents(MANY, where="m.yaml")
    assert [wanted["metadata"]["name"] for wanted in objects] == ["demo", "a", "b"]
    assert objects[1]["data"] == {"day": "2026-11-21"}


def test_defaults_of_a_wait() -> None:
    reader = Reader("test")
    kinds = ("Deployment", "Job", "CustomResourceDefinition", "Node", "Pod")
    waits = reader.waits([{"kind": kind, "name": "x"} for kind in kinds])
    reader.finish()
    assert [(wait["apiVersion"], wait["condition"]) for wait in waits] == [
        ("apps/v1", "Available"),
        ("batch/v1", "Complete"),
        ("apiextensions.k8s.io/v1", "Established"),
        ("v1", "Ready"),
        ("v1", "Ready"),
    ]
    assert all(wait["names"] == ["x"] and wait["deadline"] == 60.0 for wait in waits)


def test_a_deadline_may_be_a_templated_text() -> None:
    (wait,) = Reader("test").waits([{"kind": "Node", "names": ["a", "b"], "deadline": "180"}])
    assert (wait["names"], wait["deadline"]) == (["a", "b"], 180.0)


def test_f16_an_empty_list_of_names_is_nothing_to_wait_for() -> None:
    reader = Reader("test")
    assert reader.waits([{"kind": "Node", "names": []}]) == []
    reader.finish()


def test_every_fault_is_named_with_its_place() -> None:
    reader = Reader("test")
    objects = reader.documents("- a\n", where="list.yaml")
    objects += reader.documents("a: [\n", where="broken.yaml")
    objects += reader.objects([{"kind": "A"}, *[{"apiVersion": "v1", "kind": "B", "metadata": {"name": "b"}}] * 2], where="objects")
    absent = reader.references([{"name": "x"}])
    reader.waits([{"kind": "Node", "condtion": "Ready", "deadline": "soon"}])
    reader.once(objects, absent)
    with pytest.raises(DescriptionError) as caught:
        reader.finish()
    faults = "\n".join(caught.value.faults)
    for fault in (
        "list.yaml[0]: is list, not an object",
        "broken.yaml: is not YAML",
        "objects[0]: has no apiVersion",
        "objects[0]: has no metadata.name",
        "absent[0]: has no kind",
        "wait[0].condtion: unknown; known are apiVersion",
        "wait[0]: needs a kind, and a name or names",
        "wait[0].deadline: 'soon' is not a number of seconds",
        "B /b: is given more than once",
    ):
        assert fault in faults


def test_present_and_absent_at_once_is_a_fault() -> None:
    reader = Reader("test")
    objects = reader.objects([{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}}], where="objects")
    reader.once(objects, reader.references([{"kind": "Deployment", "name": "a"}]))
    with pytest.raises(DescriptionError, match="given more than once"):
        reader.finish()
