# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes and a control plane of older versions: what goes together, and what an inventory is told."""

from __future__ import annotations

import typing as t

import pytest
from spec_inventory import build, problems_of, spec_of

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import version_table


def versions(**variables: t.Any) -> tuple[str, ...]:
    spec = spec_of({f"cluster_{name}": value for name, value in variables.items()})
    of_programs = {name: binary["version"] for name, binary in spec.binaries.items() if name in ("kube-apiserver", "kubelet", "kube-proxy")}
    assert of_programs["kubelet"] == of_programs["kube-proxy"] == spec.versions["node"]
    return of_programs["kube-apiserver"], of_programs["kubelet"], spec.versions["emulated"]


def test_versions_of_nodes_and_of_what_is_emulated() -> None:
    assert versions(kubernetes_version="1.37.1") == ("1.37.1", "1.37.1", "")
    assert versions(kubernetes_version="1.37.1", node_version="1.36.3") == ("1.37.1", "1.36.3", "")
    assert versions(kubernetes_version="1.37.1", node_version="1.36.3", emulated_version="1.36") == ("1.37.1", "1.36.3", "1.36")
    # as YAML reads it without quotes
    assert versions(kubernetes_version="1.37.1", node_version="1.35.4", emulated_version=1.36) == ("1.37.1", "1.35.4", "1.36")
    assert versions(kubernetes_version="1.37.1", node_version="1.37.1", emulated_version="") == ("1.37.1", "1.37.1", "")


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        (
            {"kubernetes_version": "1.36.3", "node_version": "1.37.1"},
            "cluster_node_version is '1.37.1': it is newer than 1.36.3, which apiservers get: a kubelet must not be newer. "
            "Write a release of 1.36 or older",
        ),
        ({"node_version": "1.33.1"}, "cluster_node_version is '1.33.1': it is not a Kubernetes that this collection knows"),
        ({"node_version": "1.36"}, "cluster_node_version is '1.36': it names no patch release"),
        (
            {"emulated_version": "1.36"},
            "it needs nodes that are not newer, and cluster_node_version is not set. Set cluster_node_version to",
        ),
        (
            {"emulated_version": "1.35", "node_version": "1.36.3"},
            "cluster_node_version is '1.36.3': it is newer than 1.35, which the control plane emulates: a kubelet must not be newer",
        ),
        ({"emulated_version": "1.37"}, 'cluster_emulated_version is \'1.37\': it cannot be emulated by 1.37.1. Write "1.34" to "1.36"'),
        ({"emulated_version": "1.33"}, "cannot be emulated by 1.37.1"),
        ({"emulated_version": "1.36.3"}, "cluster_emulated_version is '1.36.3': it is not a minor version. Write e.g. \"1.36\""),
    ],
)
def test_what_does_not_go_together(variables: dict[str, str], told: str) -> None:
    given = {"kubernetes_version": "1.37.1", **variables}
    found = "; ".join(problems_of(build({f"cluster_{name}": value for name, value in given.items()})))
    assert told in " ".join(found.split())


def test_a_control_plane_knows_the_feature_gates_of_what_it_emulates() -> None:
    gates = [
        version_table.features(kubernetes=(1, 37, 1), cri_dockerd=(0, 4, 4), emulated=emulated)["apiserver_feature_gates"]
        for emulated in (None, (1, 36), (1, 35))
    ]
    assert gates == [{"ExtendWebSocketsToKubelet": False}, {"ExtendWebSocketsToKubelet": False}, {}]
