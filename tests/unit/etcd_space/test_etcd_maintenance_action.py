# SPDX-License-Identifier: GPL-3.0-or-later
"""One action after the other, each only if etcd is as well as it must be; which host does it."""

from __future__ import annotations

import copy
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.action import etcd_maintenance
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd import plan_maintenance
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.maintenance_request import Request

MIB = 1 << 20
ALL = Request(compact=True, defragment=True, disarm=True, pause=3.0)


def member(number: int) -> dict[str, t.Any]:
    sizes = {"size": 40 * MIB, "in_use": 10 * MIB, "quota": 100 * MIB}
    levels = {"cluster": "3.7.0", "storage": "3.7.0", "downgrade": ""}
    said = {
        **levels,
        "fault": "",
        "learner": False,
        "leader": "1",
        "linearizable": True,
        "errors": [],
        "version": "3.7.2",
        "index": 9,
        **sizes,
    }
    return {"url": f"https://db{number}:2379", "name": f"db{number}", "id": str(number), "alarms": [["1", "NOSPACE"]], **said}


class Etcd:
    """A host through which three members are asked; ``fails`` is the step after which a member is down."""

    def __init__(self, *, fails: str = "") -> None:
        self.found: dict[str, t.Any] = {"members": [member(number) for number in (1, 2, 3)], "voters": 3, "revision": 9, "compacted": False}
        self.found["names"] = {str(number): f"db{number}" for number in (1, 2, 3)}
        self.asked: list[str] = []
        self._fails = fails

    def step(self, step: str, payload: dict[str, t.Any]) -> dict[str, t.Any]:
        if step == "collect":
            return copy.deepcopy(self.found)
        self.asked.append(f"{step} {payload.get('name', payload['url'])}")
        if self.asked[-1] == self._fails:
            self.found["members"][2].update(linearizable=False, fault="Connection refused")
        return {}


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    found: list[float] = []
    monkeypatch.setattr(etcd_maintenance.time, "sleep", found.append)
    return found


def perform(etcd: Etcd) -> None:
    work = etcd_maintenance._Work(t.cast(t.Any, etcd), {}, {}, ALL)
    work.perform(plan_maintenance.plan(work.observe(), ALL))


def test_all_is_done_with_pauses_between_members(pauses: list[float]) -> None:
    etcd = Etcd()
    perform(etcd)
    leader = "https://db1:2379"
    assert etcd.asked == [f"compact {leader}", "defragment db2", "defragment db3", "defragment db1", f"disarm {leader}"]
    assert pauses == [3.0, 3.0]


def test_it_stops_where_a_member_goes_down_and_tells_what_is_done(pauses: list[float]) -> None:
    etcd = Etcd(fails="defragment db2")
    with pytest.raises(ComponentError) as error:
        perform(etcd)
    assert etcd.asked[1:] == ["defragment db2"]
    assert "2 of 3 voters are healthy: db3: Connection refused" in str(error.value)
    assert "Done before: compact etcd, defragment db2. Run the playbook again for the rest" in str(error.value)


def test_the_host_that_found_most_members_healthy_does_it() -> None:
    alone = Etcd().found
    for entry in alone["members"][1:]:
        entry["linearizable"] = False
    hostvars: dict[str, dict[str, t.Any]] = {"h1": {"o": {"unreachable": True}}, "h2": {"o": alone}, "h3": {"o": Etcd().found}, "h4": {}}
    assert etcd_maintenance._chosen(list(hostvars), {"hostvars": hostvars}, name="o")[0] == "h3"
    with pytest.raises(ComponentError, match="none of the hosts of etcd could be asked: h1, h4"):
        etcd_maintenance._chosen(["h1", "h4"], {"hostvars": hostvars}, name="o")
