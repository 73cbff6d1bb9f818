# SPDX-License-Identifier: GPL-3.0-or-later
"""Real databases of etcd are full of what was deleted; they become small again, one after the other, and take writes."""

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd import health, maintenance
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import host_lock
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd import databases, plan_maintenance
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.databases import Databases
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.maintenance_request import Request

from .etcd_processes import Client, Cluster

MIB = 1 << 20
QUOTA = 24 * MIB
VALUE = "x" * 700_000
# The first member that reaches its quota ends the writes of all. Large values leave others up to 7 MiB below it: each reuses its free
# pages in its own way, as far as a value fits.
SMALL = "x" * 60_000
ALL = Request(compact=True, defragment=True, disarm=True)


class Care:
    """What the action plugin does for its host."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.asked = {"access": cluster.access._asdict(), "endpoints": [cluster.machines[name].client_url for name in cluster.inventory]}

    def state(self) -> Databases:
        found = maintenance.run("collect", self.asked)
        return databases.databases(found, names={self.cluster.machines[name].client_url: name for name in self.cluster.inventory})

    def run(self, request: Request) -> list[tuple[str, str]]:
        pending, done = plan_maintenance.plan(self.state(), request), []
        while pending:
            found = self.state()
            plan_maintenance.refuse(found, pending)
            action = plan_maintenance.following(found, pending)
            maintenance.run(action.operation, {**self.asked, **plan_maintenance.payload(found, action)})
            pending.remove(action)
            done.append((action.operation, action.target))
            self.cluster.must_have_quorum(after=f"{action.operation} {action.target}")
        return done

    def leader(self) -> str:
        return next(member.name for member in self.state().members if member.leads)


@pytest.fixture
def care(cluster: Cluster, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Care:
    """Three members with a small quota."""
    monkeypatch.setattr(host_lock, "PATH", str(tmp_path / "run" / "lock"))
    cluster.inventory = [cluster.machine().name for _member in range(3)]
    for machine in cluster.machines.values():
        machine.quota = QUOTA
    cluster.converge()
    return Care(cluster)


def fill(care: Care) -> Client:
    """Until etcd takes no more: the same three keys again and again."""
    client = Client(care.asked["endpoints"][0], care.cluster.access)
    with pytest.raises(HostError, match="database space exceeded"):
        for number in range(1000):
            client.put(f"k{number % 3}", SMALL)
    return client


def test_a_full_etcd_gets_room_and_takes_writes_again(care: Care) -> None:
    client, leader = fill(care), care.leader()
    followers = sorted(name for name in care.cluster.inventory if name != leader)
    before = care.state()
    print("\n".join(databases.lines(before)))
    assert all(member.size > QUOTA * 0.9 for member in before.members)
    assert [alarm.name for alarm in before.alarms] == ["NOSPACE"] * len(before.alarms) != []
    told = health.run("collect", care.asked)["summary"]
    assert any(line.startswith("alarm NOSPACE of m") for line in told), told
    with pytest.raises(PlanError, match="would be raised again"):
        care.run(Request(disarm=True))
    done = care.run(ALL)
    assert done == [("compact", "etcd"), *(("defragment", name) for name in [*followers, leader]), ("disarm", "etcd")]
    after = care.state()
    print("\n".join(databases.lines(after)))
    assert all(member.size < 4 * MIB and member.healthy for member in after.members)
    assert after.alarms == ()
    client.put("k0", "again")
    assert client.all()["k0"] == "again"
    assert len(set(care.cluster.hashes().values())) == 1
    assert health.run("collect", care.asked)["healthy"]


def test_what_is_done_already_is_not_done_again(care: Care) -> None:
    client = Client(care.asked["endpoints"][0], care.cluster.access)
    for number in range(8):
        client.put(f"k{number % 3}", VALUE)
    assert len(care.run(ALL)) == 4
    assert care.run(ALL) == []


def test_with_a_member_down_nothing_begins(care: Care) -> None:
    fill(care)
    # a follower, since an election would take its time
    follower, last = (member for member in care.state().members if not member.leads)
    care.cluster.machines[last.name].kill()
    before = care.state()
    with pytest.raises(PlanError, match=rf"2 of 3 voters are healthy: {last.name}: .*Connection refused"):
        care.run(ALL)
    assert [member.size for member in care.state().members] == [member.size for member in before.members]
    # the host looks for itself, too
    with pytest.raises(HostError, match=rf"{follower.name} is not defragmented.*2 of 3 etcd members answer"):
        maintenance.run("defragment", {**care.asked, "url": follower.url, "name": follower.name, "heir": ""})


def test_a_compaction_that_came_first_is_as_good(care: Care) -> None:
    """Kubernetes compacts every five minutes."""
    client = Client(care.asked["endpoints"][0], care.cluster.access)
    for number in range(5):
        client.put("k", str(number))
    found = care.state()
    assert not found.compacted
    client.compact(found.revision)
    maintenance.run("compact", {**care.asked, "url": care.asked["endpoints"][0], "revision": found.revision})
    assert care.state().compacted
