# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in the way of a member's restart."""

from __future__ import annotations

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client import member_list, quorum
from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client.client import Access

URL = "https://127.0.0.1:2379"


def asked(monkeypatch: pytest.MonkeyPatch, *, up: str, of: str = "abc", learners: str = "") -> str | None:
    """The answer for the member a, when those of ``up`` answer linearizable reads."""
    members = [
        {"id": name, "name": name, "client_urls": [f"https://{name}:2379"], "peer_urls": [], "learner": name in learners} for name in of
    ]
    monkeypatch.setattr(quorum, "look", lambda url, access: {"member_id": "a", "linearizable": "a" in up, "members": members})
    monkeypatch.setattr(
        member_list, "ask_all", lambda urls, access: [{"linearizable": url.removeprefix("https://")[0] in up} for url in urls]
    )
    return quorum.in_the_way(URL, Access())


def test_nothing_when_all_are_up(monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(monkeypatch, up="abc") is None


def test_another_that_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    found = asked(monkeypatch, up="ac")
    assert found is not None
    assert "2 of 3 etcd members answer a linearizable read, not: b (https://b:2379)" in found
    assert "with this one down 1 would be left, the quorum is 2" in found


def test_five_with_one_down_wait_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be the one that was restarted just before."""
    assert "3 would be left, the quorum is 3" in str(asked(monkeypatch, up="acde", of="abcde"))


def test_a_member_that_is_not_well_or_alone_is_restarted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(monkeypatch, up="bc") is None
    assert asked(monkeypatch, up="a", of="a") is None


def test_a_learner_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(monkeypatch, up="ab", of="abl", learners="l") is None
