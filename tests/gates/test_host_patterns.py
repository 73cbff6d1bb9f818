# SPDX-License-Identifier: GPL-3.0-or-later
"""site.yml names only groups that an inventory has, and touches no host outside them."""

from __future__ import annotations

import pathlib
import re

import pytest

from .command import run

pytestmark = pytest.mark.slow
GROUPS = ("etcd", "master", "minion", "balancer")
OTHERS = ("etcdish", "webmaster")


def plays(directory: pathlib.Path, groups: tuple[str, ...], *arguments: str, playbook: str = "site.yml") -> list[set[str]]:
    """The hosts of each play, in an inventory where each group has one host. A pattern that matches nothing is an error."""
    inventory = directory / "hosts"
    inventory.write_text("".join(f"[{group}]\n{group}1\n" for group in groups), encoding="utf-8")
    command = ("ansible-playbook", f"playbooks/{playbook}", "--inventory", inventory, "--list-hosts", *arguments)
    listed = run(*command, ANSIBLE_HOST_PATTERN_MISMATCH="error")
    return [set(re.findall(r"^      (\S+)$", play, flags=re.MULTILINE)) for play in listed.split("  play #")[1:]]


@pytest.mark.parametrize("groups", [GROUPS, ("etcd", "master")])
def test_hosts_of_the_cluster_alone_are_touched(groups: tuple[str, ...], tmp_path: pathlib.Path) -> None:
    first, *later = plays(tmp_path, (*groups, *OTHERS))
    # their variables are read
    assert {f"{group}1" for group in OTHERS} <= first
    assert set().union(*later) == {f"{group}1" for group in groups}


def test_a_limit_holds(tmp_path: pathlib.Path) -> None:
    assert set().union(*plays(tmp_path, GROUPS, "--limit", "minion1")) == {"minion1"}


@pytest.mark.parametrize("playbook", ["reset.yml", "restore.yml"])
def test_a_cluster_need_not_have_every_group(playbook: str, tmp_path: pathlib.Path) -> None:
    """Ansible would warn of each run."""
    assert set().union(*plays(tmp_path, ("etcd", "master"), playbook=playbook)) == {"etcd1", "master1"}
    assert set().union(*plays(tmp_path, GROUPS, playbook=playbook)) >= {"etcd1", "master1", "minion1"}
