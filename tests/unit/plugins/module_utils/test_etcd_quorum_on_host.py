# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in the way of a member's restart."""

from __future__ import annotations

import socket
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client import member_list, quorum
from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client.client import Access, look

URL = "https://127.0.0.1:2379"


def asked(monkeypatch: pytest.MonkeyPatch, *, up: str, of: str = "abc", learners: str = "", **own: t.Any) -> str | None:
    """The answer for the member a, when those of ``up`` answer linearizable reads."""
    members = [
        {"id": name, "name": name, "client_urls": [f"https://{name}:2379"], "peer_urls": [], "learner": name in learners} for name in of
    ]
    said = {
        "member_id": "a",
        "linearizable": "a" in up,
        "members": members,
        "learner": "a" in learners,
        "leader": "",
        "down": False,
        "fault": "",
    }
    monkeypatch.setattr(quorum, "look", lambda url, access: {**said, **own})
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
    assert asked(monkeypatch, up="bc") is None, "it has no leader"
    assert asked(monkeypatch, up="bc", members=None, down=True) is None, "nobody listens there"
    assert asked(monkeypatch, up="a", of="a") is None


@pytest.mark.parametrize(
    "own", [{"members": None, "fault": "timed out"}, {"leader": "b", "fault": "timed out"}, {"members": None, "fault": "unknown authority"}]
)
def test_f6_no_evidence_is_no_permission(monkeypatch: pytest.MonkeyPatch, own: dict[str, t.Any]) -> None:
    assert "it is not known whether the quorum needs the member" in str(asked(monkeypatch, up="bc", **own))
    assert str(own["fault"]) in str(asked(monkeypatch, up="bc", **own))


def test_f6_a_closed_port_is_evidence_and_a_silent_one_is_none() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        assert look(f"http://127.0.0.1:{port}", Access(), timeout=0.3)["down"] is True
        silent.listen()
        assert look(f"http://127.0.0.1:{port}", Access(), timeout=0.3)["down"] is False


def test_a_learner_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(monkeypatch, up="ab", of="abl", learners="l") is None
