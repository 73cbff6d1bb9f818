# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom a change of the membership is asked of; etcd played by the test. Runs on Python 3.9 too."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client import member_list

LEARNER = {"id": "3", "name": "c", "peer_urls": ["https://c:2380"], "client_urls": [], "learner": True}


class Etcd:
    """Three members; the second leads, the third is a learner until it is promoted."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[str] = []
        self.members = [{**LEARNER, "id": str(number), "name": name, "learner": name == "c"} for number, name in enumerate("abc", start=1)]
        for member in self.members:
            member["peer_urls"] = [f"https://{member['name']}:2380"]
        etcd = self

        class Api:
            def __init__(self, url: str, _access: object, *, timeout: float) -> None:
                self.url = url

            def members(self, *, linearizable: bool) -> dict[str, t.Any]:
                return {"members": [{"ID": entry["id"], "peerURLs": entry["peer_urls"]} for entry in etcd.members]}

            def promote(self, member: str) -> None:
                etcd.asked.append(f"promote {self.url}")
                next(entry for entry in etcd.members if entry["id"] == member)["learner"] = False

            def transfer_leadership(self, heir: str) -> None:
                etcd.asked.append(f"hand over to {heir}")

            def remove(self, member: str) -> None:
                etcd.asked.append(f"remove {self.url}")
                etcd.members = [entry for entry in etcd.members if entry["id"] != member]

        monkeypatch.setattr(member_list, "EtcdApi", Api)
        monkeypatch.setattr(member_list, "ask_all", self.look)

    def look(self, urls: t.Sequence[str], _access: object) -> list[dict[str, t.Any]]:
        return [
            {"url": url, "linearizable": True, "member_id": str(number), "leader": "2", "members": self.members}
            for number, url in enumerate(urls, start=1)
        ]

    def change(self, operation: str, data: dict[str, str]) -> list[str]:
        action = {"operation": operation, "target": "x", "data": data}
        member_list.run("apply", {"access": {}, "endpoints": ["a", "b"], "actions": [action]})
        return self.asked


@pytest.fixture
def etcd(monkeypatch: pytest.MonkeyPatch) -> Etcd:
    return Etcd(monkeypatch)


def test_a_promotion_is_asked_of_the_leader(etcd: Etcd) -> None:
    """Where etcd has users, a member that passes it on to the leader is refused there."""
    assert etcd.change("promote", {"peer_url": "https://c:2380"}) == ["promote b"]


def test_a_leader_that_is_removed_hands_over_and_is_not_asked(etcd: Etcd) -> None:
    assert etcd.change("remove", {"id": "2"}) == ["hand over to 1", "remove a"]
    assert [member["name"] for member in etcd.members] == ["a", "c"]
