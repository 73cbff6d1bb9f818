# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans of hosts that come at different times: some have not started yet, some were not observed."""

from __future__ import annotations

import pytest
from etcd_views import EMPTY, RUNS, joining, member, seen, steps

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.cluster_view import HostState


def test_the_last_of_a_first_start_is_started_as_the_member_that_it_is() -> None:
    """The others have elected a leader meanwhile; it has never been up, so that nothing is lost."""
    late = member("c", healthy=False, published=False)
    assert steps("abc", seen([member("a"), member("b"), late], a=RUNS, b=RUNS, c=EMPTY)) == [("start", "c")]


def test_a_member_that_runs_on_deleted_files_is_added_anew() -> None:
    found = seen([member(name) for name in "abc"], a=RUNS, b=RUNS, c=EMPTY)
    assert steps("abc", found) == [("remove", "c"), *joining("c")]


def test_the_only_member_is_never_removed() -> None:
    with pytest.raises(PlanError, match=r"a is the only voter and runs without its data directory.*Save a snapshot now"):
        steps("a", seen([member("a")], a=EMPTY))


def test_a_learner_of_a_host_that_comes_later_makes_room() -> None:
    left = member("d", name="", learner=True, healthy=False)
    found = seen([member(name) for name in "abc"] + [left], a=RUNS, b=RUNS, c=RUNS, e=EMPTY)
    assert steps("abcde", found) == [("remove", "https://d.example:2380"), *joining("e")]


def test_enough_members_that_do_not_reach_each_other_are_left_to_the_run() -> None:
    found = seen([member(name, healthy=False) for name in "abc"], a=RUNS, b=RUNS, c=EMPTY)
    assert steps("abc", found) == []
    assert steps("abc", seen(None, a=HostState(data=True, committed=3), b=RUNS, c=RUNS)) == []


def test_lost_data_of_all_is_no_first_start() -> None:
    lost = HostState(data=False, was_up=True)
    with pytest.raises(PlanError, match=r"a had data, which is gone, and no member answers.*Restore a snapshot"):
        steps("a", seen(None, a=lost))


def test_who_leaves_must_not_be_needed_while_another_one_joins() -> None:
    """The firewall closes to it before."""
    with pytest.raises(PlanError, match=r"c cannot take the place of a .* in one run: 1 of 2 voters are healthy and in the inventory"):
        steps("bc", seen([member("a"), member("b")], b=RUNS, c=EMPTY))
    assert steps("b", seen([member("a"), member("b")], b=RUNS)) == [("remove", "a")]
