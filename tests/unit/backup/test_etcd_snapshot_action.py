# SPDX-License-Identifier: GPL-3.0-or-later
"""Which member a backup is taken from, and what is said where there is none."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.action import etcd_snapshot
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError


def found(host: str, **changes: t.Any) -> dict[str, t.Any]:
    return {"host": host, "healthy": True, "fault": "", "leads": False, **changes}


def test_a_healthy_member_is_chosen_and_rather_not_the_leader() -> None:
    chosen = etcd_snapshot._chosen([found("a", healthy=False), found("b", leads=True), found("c")])
    assert chosen["host"] == "c"
    assert etcd_snapshot._chosen([found("a", healthy=False), found("b", leads=True)])["host"] == "b"


def test_without_a_quorum_the_refusal_says_how_to_go_on() -> None:
    with pytest.raises(ComponentError) as caught:
        etcd_snapshot._chosen([found("a", healthy=False, fault="context deadline exceeded"), {"host": "b"}])
    message = str(caught.value)
    assert "a: context deadline exceeded; b: not reached. Nothing was saved" in message
    assert "run playbooks/site.yml" in message
    assert "run backup.yml again" in message
    assert "playbooks/restore.yml" in message
