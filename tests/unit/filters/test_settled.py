# SPDX-License-Identifier: GPL-3.0-or-later
"""When a play may be left out because the survey found nothing to do."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.filter.plays import converged_nodes, settled, unsettled

CLUSTER: dict[str, t.Any] = {
    "nodes": {name: {"name": name} for name in ("master", "worker", "balancer")},
    "balancers": ["balancer"],
    "etcd_hosts": ["master"],
    "masters": ["master"],
    "node_hosts": ["master", "worker"],
}
WELL = {"settled": True, "api_settled": False}


def hostvars(**surveys: dict[str, t.Any] | None) -> dict[str, dict[str, t.Any]]:
    """The master asked the API; a survey that is None was not made."""
    found = {"master": {**WELL, "api_settled": True}, "worker": WELL, "balancer": WELL, **surveys}
    return {host: {} if survey is None else {"barehost_survey": survey} for host, survey in found.items()}


@pytest.mark.parametrize(
    ("surveys", "expected"),
    [
        ({}, True),
        ({"worker": {"settled": False}}, False),
        ({"worker": {"unreachable": True}}, False),
        ({"master": {**WELL, "api_settled": False}}, False),
        # left out by --limit
        ({"worker": None}, True),
        ({"balancer": {"settled": False}}, True),
        # by --tags, or switched off
        ({"master": None, "worker": None, "balancer": None}, False),
    ],
)
def test_hosts_and_api(surveys: dict[str, dict[str, t.Any] | None], expected: bool) -> None:
    assert settled(CLUSTER, hostvars(**surveys)) is expected


def test_a_master_that_is_a_balancer_too_counts() -> None:
    cluster = {**CLUSTER, "balancers": ["balancer", "master"]}
    assert settled(cluster, hostvars())
    assert not settled(cluster, hostvars(master={"settled": False, "api_settled": True}))


def test_hosts_that_are_named() -> None:
    found = hostvars(worker={"settled": False})
    assert settled(CLUSTER, found, ["master", "balancer"])
    assert not settled(CLUSTER, found, ["master", "worker"])
    assert not settled(CLUSTER, hostvars(master=None), ["master"])


def test_a_settled_node_counts_as_converged() -> None:
    assert [node["name"] for node in converged_nodes(CLUSTER, hostvars(worker={"settled": False}), "done")] == ["master"]


def test_a_later_play_leaves_out_settled_hosts() -> None:
    found = hostvars(worker={"settled": False}, balancer=None)
    assert unsettled("~^(master|minion)$", found) == ["~^(master|minion)$", "!master"]


def test_without_a_survey_no_host_is_left_out() -> None:
    assert unsettled("all", hostvars(), False) == ["all"]
    assert unsettled("all", {}) == ["all"]
    assert unsettled("all", hostvars(master=None, worker={"unreachable": True}, balancer={"settled": False})) == ["all"]
