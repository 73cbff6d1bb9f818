# SPDX-License-Identifier: GPL-3.0-or-later
"""Members of etcd: a snapshot that is damaged on its way, and changes of members where etcd has users."""

from __future__ import annotations

import collections.abc
import pathlib

import pytest

from .databases import DB1, DB2, DB3, Databases, etcd_actions, three_members

pytestmark = pytest.mark.long
# In place of etcdctl: what it saves is damaged before anybody looks at it.
DAMAGING = """#!/bin/sh
/usr/local/bin/etcdctl.real "$@" || exit
file=
for word in "$@"; do case "$word" in *.part | */backup/snapshot) file=$word ;; esac; done
[ -z "$file" ] || {damage}
"""
SETTINGS = {"etcd_snapshot_count": 20000}


@pytest.fixture(scope="module")
def databases(
    request: pytest.FixtureRequest, artefacts: pathlib.Path, tmp_path_factory: pytest.TempPathFactory
) -> collections.abc.Iterator[Databases]:
    with three_members(request, artefacts, tmp_path_factory) as found:
        found.run(**SETTINGS)
        found.etcdctl(DB2, "put saved yes")
        yield found


@pytest.mark.parametrize(
    "damage",
    [
        'printf X | dd of="$file" bs=1 seek=$(($(stat -c %s "$file") / 2)) conv=notrunc status=none',
        'truncate -s -512 "$file"',
    ],
    ids=["a byte changed", "cut"],
)
def test_a_damaged_snapshot_costs_no_older_one(databases: Databases, tmp_path: pathlib.Path, damage: str) -> None:
    cluster, backups = databases.cluster, tmp_path / "backups"
    options = ("-e", f"backup_directory={backups}", "-e", "backup_keep=1", "-e", "backup_schedule=daily", "-e", "backup_schedule_keep=1")
    scheduled = "systemctl start etcd-snapshot; ls -A /var/lib/etcd-snapshots"
    cluster.playbook("playbooks/backup.yml", *options)
    by_playbook, by_timer = sorted(backups.iterdir()), cluster.on(DB2, scheduled)
    wrapper = DAMAGING.format(damage=damage)
    for host in databases.members:
        cluster.on(host, "mv /usr/local/bin/etcdctl /usr/local/bin/etcdctl.real")
        cluster.lab("exec", host, "sh", "-c", "cat > /usr/local/bin/etcdctl; chmod 755 /usr/local/bin/etcdctl", input=wrapper)
    try:
        failed = cluster.playbook("playbooks/backup.yml", *options, check=False)
        left_by_timer = cluster.on(DB2, f"{scheduled}; true")
    finally:
        for host in databases.members:
            cluster.on(host, "mv /usr/local/bin/etcdctl.real /usr/local/bin/etcdctl")
    assert failed.returncode != 0
    assert "Z.snapshot: a trial restore of the snapshot failed, so it is no backup and was not kept" in " ".join(failed.output.split())
    assert sorted(backups.iterdir()) == by_playbook
    assert left_by_timer == by_timer
    assert "a trial restore of the snapshot failed" in cluster.on(DB2, "journalctl -u etcd-snapshot -n 5 --no-pager")
    assert "backup" not in cluster.on(DB2, "ls /var/lib/barehost").split()
    cluster.on(DB2, "systemctl reset-failed etcd-snapshot")
    cluster.playbook("playbooks/backup.yml", "-e", f"backup_directory={backups}", "-e", "backup_keep=1")
    assert len(list(backups.glob("*.snapshot"))) == 1


def test_members_change_where_etcd_has_users(databases: Databases) -> None:
    """The same steps, asked for as root: the members' JSON API then knows nobody by a certificate."""
    users = {**SETTINGS, "cluster_flannel_backend": "etcd"}
    databases.want(DB1, DB2)
    assert etcd_actions(databases.run(**SETTINGS)) == [(min(databases.members), "remove", DB3)]
    enabled = databases.run(**users)
    assert ("etcd_auth", "enable") in {(kind, action) for _host, kind, action, _path in enabled.actions()}
    assert databases.etcdctl(DB2, "auth status").splitlines()[0] == "Authentication Status: true"
    digest, before = databases.digest(), databases.starts()
    databases.want(DB3, DB2, DB1)
    assert sorted(etcd_actions(databases.run(**users))) == sorted((DB3, step, DB3) for step in ("discard", "add", "start", "promote"))
    assert databases.peers() == databases.wanted_peers()
    assert databases.digest() == digest
    assert databases.starts((DB1, DB2)) == before
    databases.want(DB3, DB1)
    assert [(action, path) for _host, action, path in etcd_actions(databases.run(**users))] == [("remove", DB2)]
    assert databases.peers() == databases.wanted_peers()
    databases.cluster.on(DB1, "rm -rf /var/lib/etcd/member; systemctl kill -s KILL etcd")
    refused = databases.run(check=False, **users)
    assert refused.changed == [] and "of 2 voters are healthy and the quorum of 2 is 2" in refused.output
    databases.run(**users, etcd_disaster_recovery=True)
    assert databases.peers() == databases.wanted_peers()
    assert databases.digest() == digest
    assert databases.run(**users).changed == []
