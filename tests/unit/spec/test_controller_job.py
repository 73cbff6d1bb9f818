# SPDX-License-Identifier: GPL-3.0-or-later
"""A job of AWX: its slices have a part of the inventory, and what lies beside the inventory is lost with its container."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from spec_inventory import build, problems_of

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import controller_job
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.inputs import ClusterInputs
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.resolve import resolve

HOSTS = {name: {"ansible_host": f"192.0.2.{number}"} for number, name in enumerate(("m1", "m2", "m3", "w1", "w2", "w3", "w4"), 10)}
GROUPS = {"etcd": ["m1", "m2", "m3"], "master": ["m1", "m2", "m3"], "minion": ["w1", "w2", "w3", "w4"]}
SHARED = {"cluster_api_endpoint_mode": "external", "cluster_api_endpoint_host": "192.0.2.100", "cluster_pki_directory": "/srv/pki"}
JOB = {"awx_job_id": 12, "awx_job_template_name": "site"}
SLICE = {**JOB, "awx_workflow_job_id": 11, "awx_workflow_job_name": "site"}


def cut(number: int, count: int, *, job: dict[str, t.Any]) -> ClusterInputs:
    """A slice of the inventory as ``get_sliced_hosts`` of AWX makes it: each ``count``-th host by name; groups stay, also empty ones."""
    hosts = {name: HOSTS[name] for name in sorted(HOSTS)[number - 1 :: count]}
    groups = {group: [name for name in members if name in hosts] for group, members in GROUPS.items()}
    return dataclasses.replace(build(SHARED, hosts=hosts, groups=groups, directory="/runner/inventory"), job=job, hosts_from_groups=True)


@pytest.mark.parametrize(("number", "count"), [(number, count) for count in (2, 3, 7) for number in range(1, count + 1)])
@pytest.mark.parametrize("prefix", ["awx", "tower"])
def test_no_slice_of_an_inventory_is_taken_for_the_whole(number: int, count: int, prefix: str) -> None:
    job = {name.replace("awx", prefix): value for name, value in SLICE.items()}
    assert any(
        "the inventory of a slice lacks the hosts of the others" in problem.lower() for problem in problems_of(cut(number, count, job=job))
    )


def test_a_slice_without_masters_is_refused_whoever_has_cut_it() -> None:
    assert any("nothing would run the control plane" in problem for problem in problems_of(cut(6, 7, job={})))


def test_without_that_evidence_a_slice_looks_like_a_smaller_cluster() -> None:
    """So the evidence is needed; and etcd refuses a slice with the minor part of its voters (test_host_plan)."""
    assert resolve(cut(1, 2, job={})).etcd_hosts == ("m1", "m3")


@pytest.mark.parametrize(("number", "count"), [(1, 2), (2, 2), (1, 7), (7, 7)])
def test_the_lists_of_hosts_tell_a_slice_whoever_has_cut_it(number: int, count: int) -> None:
    lists = {f"cluster_{role}_hosts": members for role, members in GROUPS.items()}
    inputs = cut(number, count, job={})
    with_lists = dataclasses.replace(inputs, variables={**inputs.variables, **lists})
    assert any("which is not in the inventory" in problem for problem in problems_of(with_lists))
    whole = cut(1, 1, job={})
    assert resolve(dataclasses.replace(whole, variables={**whole.variables, **lists})).masters == ("m1", "m2", "m3")


@pytest.mark.parametrize(
    "job",
    [
        {},
        JOB,
        {**JOB, "awx_workflow_job_id": 11, "awx_workflow_job_name": "site of all slices"},
        {"awx_workflow_job_id": 11, "awx_workflow_job_name": "site", "awx_job_template_name": "site"},
    ],
)
def test_a_job_of_a_limit_is_no_slice(job: dict[str, t.Any]) -> None:
    assert resolve(cut(1, 1, job=job)).masters == ("m1", "m2", "m3")


@pytest.mark.parametrize("directory", [None, "pki", "/runner/inventory/pki", "/runner/inventory"])
def test_a_pki_that_goes_with_the_container_is_refused(directory: str | None) -> None:
    inputs = cut(1, 1, job=JOB)
    variables = {name: value for name, value in inputs.variables.items() if name != "cluster_pki_directory"}
    given = {} if directory is None else {"cluster_pki_directory": directory}
    hosts = {
        name: {key: value for key, value in own.items() if key != "cluster_pki_directory"} | given for name, own in inputs.hosts.items()
    }
    (problem,) = problems_of(dataclasses.replace(inputs, variables={**variables, **given}, hosts=hosts))
    assert "the authorities would be lost with its container" in problem
    assert "a volume that every job mounts" in problem
    without = dataclasses.replace(inputs, variables={**variables, **given}, hosts=hosts, job={})
    assert resolve(without).pki_directory.startswith("/runner/inventory")


def test_a_neighbour_of_the_inventory_is_not_lost() -> None:
    assert not controller_job.is_lost("/runner/inventory-pki", inventory_directory="/runner/inventory")
    assert not controller_job.is_lost("/srv/pki", inventory_directory=None)
