# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts the plays reach, and where the PKI of an inventory in several folders is."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from spec_inventory import build, problems_of

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.resolve import resolve

SEVERAL = ("/srv/inventory", "/srv/inventory/more")


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"cluster_minion_hosts": ["w1"]}, "differs from the group 'minion', on which this playbook runs, by w2"),
        ({"cluster_master_hosts": ["w1"]}, "differs from the group 'master', on which this playbook runs, by m1, w1"),
    ],
)
def test_f15_hosts_that_no_play_reaches_are_refused(variables: dict[str, t.Any], named: str) -> None:
    (problem,) = problems_of(dataclasses.replace(build(variables), hosts_from_groups=True))
    assert named in problem
    assert "into the group" in problem
    assert resolve(build(variables)).masters, "a role in a playbook of one's own may have any hosts"


def test_the_same_hosts_as_the_groups_are_fine() -> None:
    inputs = build({"cluster_minion_hosts": ["w2", "w1"], "cluster_etcd_hosts": ["m1"]})
    assert resolve(dataclasses.replace(inputs, hosts_from_groups=True)).minions == ("w1", "w2")


def test_a_host_with_the_name_of_a_group_that_it_is_not_in_is_refused() -> None:
    inputs = build()
    other = dataclasses.replace(inputs, hosts={**inputs.hosts, "etcd": {}}, hosts_from_groups=True)
    (problem,) = problems_of(other)
    assert "the host 'etcd'" in problem
    assert "another name" in problem
    member = dataclasses.replace(other, groups={**inputs.groups, "etcd": ("etcd",)}, hosts={**other.hosts, "etcd": inputs.hosts["m1"]})
    assert not [problem for problem in problems_of(member) if "has the name of the group" in problem]


def test_f28_an_inventory_in_several_folders_has_no_default_pki_directory() -> None:
    inputs = dataclasses.replace(build(directory=None), inventory_directories=SEVERAL)
    (problem,) = problems_of(inputs)
    assert "is in several folders: /srv/inventory, /srv/inventory/more" in problem


def test_f28_an_absolute_pki_directory_is_taken_wherever_the_inventory_is() -> None:
    inputs = dataclasses.replace(build({"cluster_pki_directory": "/srv/pki"}, directory=None), inventory_directories=SEVERAL)
    assert resolve(inputs).pki_directory == "/srv/pki"


def test_an_empty_group_of_minions_says_that_there_are_none() -> None:
    """The way out for whoever has a group of the name 'minions' for something else."""
    hosts = {"m1": {"ansible_host": "192.0.2.10"}, "w1": {"ansible_host": "192.0.2.11"}}
    groups = {"etcd": ["m1"], "master": ["m1"], "minions": ["w1"]}
    (problem,) = problems_of(build(hosts=hosts, groups=groups))
    assert "add an empty group 'minion'" in problem
    assert resolve(build(hosts=hosts, groups={**groups, "minion": []})).minions == ()


def test_a_group_of_a_similar_name_for_hosts_that_have_a_role_is_fine() -> None:
    groups = {"etcd": ["m1"], "master": ["m1"], "masters": ["m1"], "minion": ["w1"], "minions": ["w2"], "balancers": ["m1"]}
    assert resolve(build(groups=groups)).minions == ("w1",)


@pytest.mark.parametrize("by_groups", [True, False])
def test_only_a_playbook_of_ones_own_is_told_of_lists_of_hosts(*, by_groups: bool) -> None:
    groups = {"etcd": ["m1"], "minion": ["w1"]}
    (problem,) = problems_of(dataclasses.replace(build(groups=groups), hosts_from_groups=by_groups))
    assert ("cluster_master_hosts" in problem) is not by_groups
