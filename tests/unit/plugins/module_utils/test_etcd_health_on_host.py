# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host says of etcd's members."""

from __future__ import annotations

import typing as t

import pytest
from answering import Quiet, served

from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd import health

NOTHING = "http://127.0.0.1:1"
MEMBERS = {"members": [{"ID": "1", "name": "db1"}, {"ID": "2", "name": "db2"}]}


class Member(Quiet):
    """A member that answers every read; ``status`` is what it says of itself."""

    status: t.ClassVar[dict[str, t.Any]] = {}

    def do_POST(self) -> None:
        self.answer({"/v3/kv/range": {}, "/v3/cluster/member/list": MEMBERS}.get(self.path, self.status))


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> t.Iterator[str]:
    monkeypatch.setattr(Member, "status", {})
    with served(Member) as address:
        yield f"http://{address}"


def collect(*urls: str) -> dict[str, t.Any]:
    return health.run("collect", {"access": {}, "endpoints": list(urls)})


def test_a_healthy_member(url: str) -> None:
    found = collect(url)
    (member,) = found["members"]
    assert found["healthy"]
    assert (member["url"], member["healthy"], member["fault"]) == (url, True, "")
    assert found["summary"][0].startswith(f"{url} is healthy: successfully committed proposal: took = ")


def test_one_that_does_not_answer(url: str) -> None:
    found = collect(url, NOTHING)
    assert not found["healthy"]
    assert found["summary"][1] == f"{NOTHING} is unhealthy: {NOTHING} does not answer: Connection refused"


# The text of a protocol buffer has one blank or two.
@pytest.mark.parametrize("blanks", [" ", "  "])
def test_an_alarm_is_named_with_its_member_and_what_to_do(url: str, blanks: str) -> None:
    Member.status = {"errors": [f"memberID:1{blanks}alarm:NOSPACE", f"memberID:255{blanks}alarm:NOSPACE"]}
    found = collect(url, url)
    assert not found["healthy"]
    first, second, told = found["summary"]
    assert first == second == f"{url} is unhealthy: alarm NOSPACE of db1, a former member (ff)"
    assert told.startswith("alarm NOSPACE of db1, a former member (ff): etcd takes no writes until the alarm is disarmed")
    assert "-e etcd_compact=true -e etcd_defragment=true, or raise etcd_quota_backend_bytes" in told


def test_another_error_is_told_as_it_is(url: str) -> None:
    Member.status = {"errors": ["etcdserver: no leader"]}
    assert collect(url)["summary"] == [f"{url} is unhealthy: etcdserver: no leader"]


def test_no_member_is_not_healthy() -> None:
    assert collect() == {"members": [], "healthy": False, "summary": []}


def test_the_lines_are_those_of_etcdctl() -> None:
    members = [
        {"url": "https://192.0.2.11:2379", "healthy": True, "fault": "", "seconds": 0.00241},
        {"url": "https://192.0.2.12:2379", "healthy": False, "fault": "etcdserver: no leader", "seconds": 3.0},
    ]
    assert health.summary(members) == [
        "https://192.0.2.11:2379 is healthy: successfully committed proposal: took = 2.4ms",
        "https://192.0.2.12:2379 is unhealthy: etcdserver: no leader",
    ]
