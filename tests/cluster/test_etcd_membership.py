# SPDX-License-Identifier: GPL-3.0-or-later
"""The members of etcd follow the inventory, and restart one at a time; no key is lost. Each test goes on from where the one before ends."""

from __future__ import annotations

import collections.abc
import itertools
import pathlib

import pytest

from .databases import DB1, DB2, DB3, DB4, Databases, etcd_actions, three_members
from .driver import PlaybookRun

KEYS = 50


@pytest.fixture(scope="module")
def databases(
    request: pytest.FixtureRequest, artefacts: pathlib.Path, tmp_path_factory: pytest.TempPathFactory
) -> collections.abc.Iterator[Databases]:
    with three_members(request, artefacts, tmp_path_factory) as found:
        yield found


def predicted_and_done(databases: Databases) -> PlaybookRun:
    predicted = databases.run("--check", "--diff").actions_by_task()
    done = databases.run()
    assert predicted == done.actions_by_task()
    return done


def test_first_start(databases: Databases) -> None:
    done = predicted_and_done(databases)
    assert etcd_actions(done) == []
    assert databases.peers() == databases.wanted_peers()


def test_second_run(databases: Databases) -> None:
    before = databases.starts()
    again = databases.run()
    assert again.changed == []
    assert databases.starts() == before
    # one observation of each host, and no more; the plan is made on the controller, once
    asked = [result["task"] for result in again.results if result["module"].endswith("etcd_members") and result["outcome"] == "ok"]
    assert sorted(task.split(" : ")[-1] for task in asked) == ["Observe etcd"] * 6 + ["Plan the members of etcd"]


def test_the_first_of_the_list_is_replaced(databases: Databases) -> None:
    put = f"i=0; while [ $i -lt {KEYS} ]; do i=$((i + 1)); etcdctl put key/$i value-$i >/dev/null; done"
    databases.cluster.on(DB2, f". /etc/profile.d/etcdctl.sh; {put}")
    digest, before = databases.digest(), databases.starts((DB2, DB3))
    databases.want(DB4, DB2, DB3)
    done = predicted_and_done(databases)
    assert sorted(etcd_actions(done)) == sorted([(DB4, step, DB4) for step in ("add", "start", "promote")] + [(DB4, "remove", DB1)])
    assert databases.peers() == databases.wanted_peers()
    assert databases.digest() == digest
    assert databases.starts((DB2, DB3)) == before
    assert databases.run().changed == []


@pytest.mark.parametrize("host", [DB2, DB4], ids=["of the first start", "that joined"])
def test_lost_data(databases: Databases, host: str) -> None:
    digest, others = databases.digest(), [member for member in databases.members if member != host]
    before = databases.starts(others)
    databases.cluster.on(host, "rm -rf /var/lib/etcd/member; systemctl kill -s KILL etcd")
    done = databases.run()
    assert sorted(etcd_actions(done)) == sorted((host, step, host) for step in ("remove", "add", "start", "promote"))
    assert {result["host"] for result in done.changed} == {host}
    assert databases.peers() == databases.wanted_peers()
    assert databases.digest() == digest
    assert databases.starts(others) == before


def test_a_changed_address(databases: Databases) -> None:
    address, digest, before = "192.168.200.123", databases.digest(), databases.starts((DB2, DB4))
    # what the host sends comes from its new address too
    databases.cluster.on(DB3, f"ip address add {address}/24 dev eth0; ip route replace 192.168.200.0/24 dev eth0 src {address}")
    databases.want(DB4, DB2, DB3, db3=address)
    done = predicted_and_done(databases)
    assert etcd_actions(done) == [(DB3, "start", DB3), (DB3, "update", DB3)]
    assert databases.peers() == databases.wanted_peers()
    assert databases.digest() == digest
    assert databases.starts((DB2, DB4)) == before
    assert databases.run().changed == []


def test_a_member_is_removed(databases: Databases) -> None:
    digest, before = databases.digest(), databases.starts((DB2, DB4))
    databases.want(DB4, DB2)
    done = predicted_and_done(databases)
    assert [(action, path) for _host, action, path in etcd_actions(done)] == [("remove", DB3)]
    assert databases.peers() == databases.wanted_peers()
    assert databases.digest() == digest
    assert databases.starts((DB2, DB4)) == before


def test_a_lost_quorum_is_refused_and_rebuilt_when_told(databases: Databases) -> None:
    digest = databases.digest()
    databases.cluster.on(DB2, "systemctl stop etcd; rm -rf /var/lib/etcd/member")
    before = databases.starts((DB4,))
    refused = databases.run(check=False)
    assert refused.returncode != 0
    assert "of 2 voters are healthy and the quorum of 2 is 2" in refused.output
    assert refused.changed == []
    assert databases.starts((DB4,)) == before
    done = databases.run(etcd_disaster_recovery=True)
    assert (DB4, "rebuild", DB4) in etcd_actions(done)
    assert databases.peers() == databases.wanted_peers()
    assert databases.digest() == digest


def test_a_former_member_comes_back(databases: Databases) -> None:
    """Its old data is put aside and not lost."""
    digest = databases.digest()
    databases.want(DB1, DB4, DB2)
    done = databases.run()
    assert sorted(etcd_actions(done)) == sorted((DB1, step, DB1) for step in ("discard", "add", "start", "promote"))
    assert databases.digest() == digest
    assert "member.discarded-" in databases.cluster.on(DB1, "ls /var/lib/etcd")


def test_a_snapshot_is_restored_on_every_member(databases: Databases, tmp_path: pathlib.Path) -> None:
    cluster, option = databases.cluster, ("-e", f"backup_directory={tmp_path}/backups")
    databases.etcdctl(DB2, "put saved yes")
    before = databases.etcdctl(DB2, "get '' --prefix")
    predicted = cluster.playbook("playbooks/backup.yml", "--check", *option)
    saved = cluster.playbook("playbooks/backup.yml", *option)
    assert saved.actions() == predicted.actions()
    assert len(saved.changed) == 1
    starts = databases.starts()
    databases.etcdctl(DB2, "del saved")
    databases.etcdctl(DB2, "put later yes")
    (snapshot,) = (tmp_path / "backups").glob("*.snapshot")
    restored = cluster.playbook("playbooks/restore.yml", "-e", f"restore_snapshot={snapshot}")
    assert {result["host"] for result in restored.changed} == set(databases.members)
    assert databases.etcdctl(DB2, "get '' --prefix") == before
    assert databases.peers() == databases.wanted_peers()
    assert all(start != starts[host] for host, start in databases.starts().items())
    databases.digest()
    assert databases.run().changed == []


def test_members_restart_one_at_a_time_while_keys_are_written(databases: Databases) -> None:
    before = databases.starts()
    databases.start_writer(DB2)
    done = databases.run(etcd_snapshot_count=20000)
    acknowledged = databases.stop_writer(DB2)
    restarts = [(host, path) for host, kind, action, path in done.actions() if (kind, action) == ("unit", "restart")]
    assert restarts == [(host, "etcd.service") for host in sorted(databases.members)]
    assert all(after != before[host] for host, after in databases.starts().items())
    down = databases.down()
    assert all(back <= left for (_left, back), (left, _back) in itertools.pairwise(down)), f"two were down together: {down}"
    kept = {key.removeprefix("written/") for key in databases.etcdctl(DB4, "get written/ --prefix --keys-only").split()}
    assert len(acknowledged) > len(databases.members)
    assert acknowledged <= kept


def test_the_first_failure_stops_the_others_and_is_taken_back(databases: Databases) -> None:
    before = databases.starts()
    settings = {host: databases.cluster.on(host, "cat /etc/etcd/etcd.conf") for host in databases.members}
    failed = databases.run(check=False, etcd_snapshot_count=20000, etcd_settings={"ETCD_LOG_LEVEL": "nonsense"})
    assert failed.returncode != 0
    assert failed.output.count("was put back and runs again") == 1
    assert failed.output.count("etcd was not touched on this host") == 2
    assert len([host for host, start in databases.starts().items() if start != before[host]]) == 1
    assert {host: databases.cluster.on(host, "cat /etc/etcd/etcd.conf") for host in databases.members} == settings
    databases.digest()


@pytest.mark.long
def test_a_host_that_is_away_fails_alone_but_nobody_is_restarted(databases: Databases) -> None:
    databases.cluster.lab("stop", DB1)
    here = (DB2, DB4)
    before = databases.starts(here)
    alone = databases.run(check=False, etcd_snapshot_count=20000)
    assert alone.changed == []
    assert {(result["host"], result["outcome"]) for result in alone.failures} == {(DB1, "unreachable")}
    assert {result["host"] for result in alone.results if result["task"].endswith("Converge the etcd member")} == set(here)
    refused = databases.run(check=False, etcd_snapshot_count=30000)
    assert refused.changed == []
    assert "2 of 3 etcd members answer a linearizable read" in refused.output
    assert "with this one down 1 would be left, the quorum is 2" in refused.output
    assert databases.starts(here) == before
