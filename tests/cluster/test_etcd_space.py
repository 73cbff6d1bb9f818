# SPDX-License-Identifier: GPL-3.0-or-later
"""etcd is full (F12), and gets room and takes writes again by the playbooks. Each test goes on from where the one before ends."""

from __future__ import annotations

import collections.abc
import itertools
import json
import pathlib
import time

import pytest

from .databases import DB1, DB2, DB3, Databases, three_members
from .driver import PlaybookRun

pytestmark = pytest.mark.long
SMALL, LARGER = 16 << 20, 32 << 20
PLAYBOOK = "playbooks/etcd.yml"
ALL = ("-e", "etcd_compact=true", "-e", "etcd_defragment=true", "-e", "etcd_disarm=true", "-e", "etcd_pause=1")
# The same three keys again and again, until etcd takes no more.
FILL = """. /etc/profile.d/etcdctl.sh
head -c 700000 /dev/zero | tr '\\0' x > /run/value
i=0; while [ $i -lt 100 ]; do i=$((i + 1)); etcdctl put "filler/$((i % 3))" </run/value >/dev/null 2>/run/fault || break; done
cat /run/fault"""


@pytest.fixture(scope="module")
def databases(
    request: pytest.FixtureRequest, artefacts: pathlib.Path, tmp_path_factory: pytest.TempPathFactory
) -> collections.abc.Iterator[Databases]:
    with three_members(request, artefacts, tmp_path_factory) as found:
        found.run(etcd_quota_backend_bytes=SMALL)
        yield found


def care(databases: Databases, *arguments: str, check: bool = True) -> PlaybookRun:
    return databases.cluster.playbook(PLAYBOOK, *arguments, check=check)


def text(run: PlaybookRun) -> str:
    """The output without the folding of YAML."""
    return " ".join(run.output.split())


def sizes(databases: Databases) -> dict[str, int]:
    found = json.loads(databases.etcdctl(DB2, "endpoint status --cluster -w json"))
    return {entry["Endpoint"]: entry["Status"]["dbSize"] for entry in found}


def leader(databases: Databases) -> str:
    found = json.loads(databases.etcdctl(DB2, "endpoint status --cluster -w json"))
    leading = next(entry["Status"]["leader"] for entry in found)
    members = json.loads(databases.etcdctl(DB2, "member list -w json"))["members"]
    return str(next(member["name"] for member in members if member["ID"] == leading))


def settled_sizes(databases: Databases) -> dict[str, int]:
    """A follower may still write what the leader has written, for seconds on a busy machine."""
    while True:
        before = sizes(databases)
        time.sleep(2)
        if sizes(databases) == before:
            return before


def fill(databases: Databases) -> None:
    assert "database space exceeded" in databases.cluster.on(DB2, FILL, timeout=300)
    assert "alarm:NOSPACE" in databases.etcdctl(DB2, "alarm list")


def everything_is_done(databases: Databases) -> None:
    """As check mode has foretold; the leader last; etcd takes writes."""
    before, leads = settled_sizes(databases), leader(databases)
    predicted = care(databases, "--check", *ALL)
    assert sizes(databases) == before
    done = care(databases, *ALL)
    assert done.actions() == predicted.actions()
    actions = [(action["action"], action["path"]) for result in done.results for action in result["actions"]]
    followers = sorted(member for member in databases.members if member != leads)
    assert actions == [("compact", "etcd"), *(("defragment", name) for name in [*followers, leads]), ("disarm", "etcd")]
    after = sizes(databases)
    print(f"sizes before {before}, after {after}")
    assert all(size < 4 << 20 < before[url] for url, size in after.items())
    assert databases.etcdctl(DB2, "alarm list") == ""
    assert care(databases, *ALL).changed == [], "what is done is not done again"
    databases.etcdctl(DB2, "put written again")
    databases.digest()


def test_a_full_etcd_gets_a_larger_quota(databases: Databases) -> None:
    fill(databases)
    before = databases.starts()
    done = databases.run(etcd_quota_backend_bytes=LARGER)
    restarts = [(host, path) for host, kind, action, path in done.actions() if (kind, action) == ("unit", "restart")]
    assert restarts == [(host, "etcd.service") for host in sorted(databases.members)]
    assert all(after != before[host] for host, after in databases.starts().items())
    down = databases.down()
    assert all(back <= left for (_left, back), (left, _back) in itertools.pairwise(down)), f"two were down together: {down}"
    assert "Then disarm with -e etcd_disarm=true" in text(done)
    assert "alarm:NOSPACE" in databases.etcdctl(DB2, "alarm list"), "no run ends an alarm by itself"
    assert databases.run(etcd_quota_backend_bytes=LARGER).changed == []


def test_health_and_the_playbook_name_the_alarm(databases: Databases) -> None:
    health = databases.cluster.playbook("playbooks/health.yml", check=False)
    assert health.returncode != 0
    for run in (health, care(databases)):
        assert "alarm NOSPACE of db" in text(run)
        assert "make room with -e etcd_compact=true" in text(run).lower()
    shown = care(databases)
    assert shown.changed == []
    assert text(shown).count("of the quota of 32.0 MiB") == len(databases.members)
    assert text(shown).count("etcd 3.7.2, leader") == 1


def test_a_full_etcd_is_saved_and_restored_with_its_alarm(databases: Databases, tmp_path: pathlib.Path) -> None:
    databases.cluster.playbook("playbooks/backup.yml", "-e", f"backup_directory={tmp_path}/backups")
    (snapshot,) = (tmp_path / "backups").glob("*.snapshot")
    left = "mkdir -p -m 700 /var/lib/etcd/restore/data/member/snap"
    databases.cluster.on(DB3, left)
    restored = databases.cluster.playbook("playbooks/restore.yml", "-e", f"restore_snapshot={snapshot}")
    assert [(host, path) for host, _kind, action, path in restored.actions() if action == "remove"] == [(DB3, "/var/lib/etcd/restore")]
    assert databases.peers() == databases.wanted_peers()
    # a restore makes new members
    assert "alarm NOSPACE of a former member" in text(care(databases))


def test_wrong_options_touch_no_host(databases: Databases) -> None:
    refused = care(databases, "-e", "etcd_compact=perhaps", "-e", "etcd_defrag=true", "-e", "etcd_pause=soon", check=False)
    assert refused.returncode != 0
    for fault in ("etcd_compact is 'perhaps'", "did you mean etcd_defragment?", "etcd_pause is 'soon'"):
        assert fault in text(refused)
    assert not any(result["task"].endswith("Observe the members") for result in refused.results)


def test_with_a_larger_quota_the_alarm_ends_alone(databases: Databases) -> None:
    done = care(databases, "-e", "etcd_disarm=true")
    assert [(action, path) for _host, _kind, action, path in done.actions()] == [("disarm", "etcd")]
    databases.etcdctl(DB2, "put written yes")


def test_what_is_full_is_emptied(databases: Databases) -> None:
    fill(databases)
    refused = care(databases, "-e", "etcd_disarm=true", check=False)
    assert refused.changed == [] and "would be raised again by the next large write" in text(refused)
    everything_is_done(databases)
    assert care(databases, "-e", "etcd_defragment=true", "-e", "etcd_disarm=true").changed == []


def test_with_a_member_down_nothing_is_defragmented(databases: Databases) -> None:
    before = sizes(databases)
    databases.cluster.on(DB3, "systemctl stop etcd")
    refused = care(databases, *ALL, check=False)
    assert refused.returncode != 0
    assert refused.changed == []
    assert f"2 of 3 voters are healthy: {DB3}: " in text(refused)
    databases.cluster.on(DB3, "systemctl start etcd")
    assert sizes(databases) == before


def test_the_same_where_etcd_has_users(databases: Databases) -> None:
    """The JSON API then takes no certificate for a user."""
    enabled = databases.run(etcd_quota_backend_bytes=LARGER, cluster_flannel_backend="etcd")
    assert ("etcd_auth", "enable") in {(kind, action) for _host, kind, action, _path in enabled.actions()}
    fill(databases)
    everything_is_done(databases)


def test_the_first_host_need_not_answer(databases: Databases) -> None:
    databases.cluster.lab("stop", DB1)
    shown = care(databases, check=False)
    assert shown.returncode == 0, shown.output
    assert f"{DB1} does not answer: " in text(shown)
    assert text(shown).count("of the quota of 32.0 MiB") == 2
    compacted = care(databases, "-e", "etcd_compact=true")
    assert {(host, action) for host, _kind, action, _path in compacted.actions()} == {(DB2, "compact")}
    refused = care(databases, *ALL, check=False)
    assert refused.changed == [] and f"2 of 3 voters are healthy: {DB1}: " in text(refused)
