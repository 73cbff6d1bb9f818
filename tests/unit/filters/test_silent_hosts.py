# SPDX-License-Identifier: GPL-3.0-or-later
"""Who has not said whether a cluster is running there, so that no new authorities are made."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.filter.plays import silent_hosts

CLUSTER: dict[str, t.Any] = {"etcd_hosts": ["db", "both"], "masters": ["both", "api"]}
BARE = {"said": {"changed": False, "actions": []}}


def silent(**hostvars: dict[str, t.Any]) -> list[str]:
    return silent_hosts(CLUSTER, {"worker": {}, **hostvars}, "said")


def test_all_have_said_that_they_are_bare() -> None:
    assert silent(db=BARE, both=BARE, api=BARE) == []


@pytest.mark.parametrize(
    "found",
    [
        {},
        {"said": None},
        {"said": {"unreachable": True, "changed": False}},
        {"said": {"failed": True, "msg": "belongs to another cluster"}},
        {"said": {"skipped": True}},
    ],
    ids=["not asked", "nothing", "unreachable", "refused", "skipped"],
)
def test_who_gave_no_answer_is_named(found: dict[str, t.Any]) -> None:
    assert silent(db=BARE, both=found, api=BARE) == ["both"]
    assert silent(both=found, api=BARE) == ["both", "db"]
