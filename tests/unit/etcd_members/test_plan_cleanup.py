# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left of a member is cleared away where its host is none any more, and nowhere else."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd import plan_cleanup

OTHER = {"name": "b", "peer_urls": ["https://192.0.2.2:2380"]}
OWN = {"name": "a", "peer_urls": ["https://192.0.2.1:2380"]}
# started with `a` as its name it will take that, and has none so far
NAMELESS = {"name": "", "peer_urls": ["https://192.0.2.1:2380"]}


def steps(*leaving: str, left: bool = True, data: bool = True, members: t.Any = (OTHER,)) -> list[str]:
    found = {"left": left, "data": data, "members": members}
    return [action.operation for action in plan_cleanup.plan(found, name="a", address="192.0.2.1", leaving=leaving)]


def test_who_is_no_member_is_cleared_away() -> None:
    assert steps() == ["retire"]


@pytest.mark.parametrize("members", [[OTHER, OWN], [OTHER, NAMELESS], None])
def test_who_is_or_may_be_a_member_stays(members: t.Any) -> None:
    assert steps(members=members) == []
    # what has no data is of no use to the others
    assert steps(members=members, data=False) == ["retire"]


def test_who_leaves_in_this_run_is_foretold() -> None:
    assert steps("a", members=[OTHER, OWN]) == ["retire"]
    assert steps("b", members=[OTHER, OWN]) == []


def test_where_nothing_is_left_there_is_nothing_to_do() -> None:
    assert steps("a", left=False, data=False, members=[]) == []
