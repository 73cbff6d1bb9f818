# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of etcd: its members, its quorum, its databases, and the disks below."""

from __future__ import annotations

import collections.abc as c
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client import alarms
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.check import ERROR, WARNING, Checks, Found
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.facts import Facts, HostFacts

CHECKS = Checks("etcd", "The members of etcd, their databases and their disks.", needs=("etcd",))

# A member that is behind by this much gets a snapshot of the leader instead of the log (ETCD_SNAPSHOT_COUNT is 10000 and more).
_BEHIND = 5000
_FULL, _FILLING = 0.95, 0.80
_LARGE, _IN_USE = 100 << 20, 0.5
# Seconds, as bounds of etcd's histograms. Its authors want 0.01 and 0.025 (https://etcd.io/docs/v3.7/faq/).
_SYNC, _COMMIT = 0.032, 0.064
_CHANGES, _HOUR = 3, 3600.0
_BACKUP_DAYS = 2

Own = c.Mapping[str, t.Any]


def _answering(facts: Facts) -> dict[str, Own]:
    """By host, what members say of themselves; only of those that answer."""
    return {host.name: host["etcd"]["own"] for host in facts.having("etcd") if host["etcd"]["own"]["members"] is not None}


def _names(facts: Facts) -> dict[str, str]:
    """Names of members by their ids."""
    return {str(member["id"]): member["name"] for own in _answering(facts).values() for member in own["members"]}


@CHECKS.of_cluster(
    "etcd-no-quorum",
    ERROR,
    subject="etcd",
    looks_at="whether any member answers a linearizable read",
    wanted="that the quorum does",
    why="Without a quorum etcd takes no writes. The API does not work, and nothing of the cluster can be changed.",
    remedy="bring members back: `systemctl start etcd` on their hosts. If most are lost for good, run restore.yml",
    explains=("etcd-silent", "etcd-complains", "api-silent", "api-not-ready", "api-endpoint-away", "control-leader-lost", "unit-unhealthy"),
)
def _quorum(facts: Facts) -> c.Iterator[Found]:
    members = facts.having("etcd")
    answers = {host.name: host["etcd"]["own"] for host in members}
    # with one member, its silence is the finding
    if len(facts.cluster["etcd_hosts"]) > 1 and members and not any(own["linearizable"] or own["learner"] for own in answers.values()):
        faults = [f"{name}: {own['fault'] or 'no leader'}" for name, own in answers.items()]
        yield Found("; ".join(faults))


@CHECKS.of_host(
    "etcd-silent",
    ERROR,
    subject="etcd",
    looks_at="whether the member of this host answers a linearizable read",
    wanted="an answer",
    why="It counts for no quorum. The next failure may stop the cluster.",
    remedy="see what it says: `journalctl -u etcd -n 50 --no-pager`",
    explains=("etcd-complains", "etcd-not-healthy", "api-silent", "api-not-ready"),
)
def _silent(host: HostFacts, facts: Facts) -> c.Iterator[Found]:
    own, metrics = host["etcd"]["own"], host["etcd"]["metrics"]
    if own["linearizable"] or own["learner"]:
        return
    page = f"its page of metrics says {metrics['health']}" if not metrics["fault"] else f"its page of metrics: {metrics['fault']}"
    alone = len(facts.cluster["masters"]) == 1 and len(facts.cluster["etcd_hosts"]) == 1
    yield Found(f"{own['fault'] or 'no leader'}; {page}", explains=None if alone else ("etcd-complains", "etcd-not-healthy"))


@CHECKS.of_host(
    "etcd-not-healthy",
    ERROR,
    subject="etcd",
    looks_at="etcd's own page of health, which needs no certificate",
    wanted="healthy",
    why="etcd itself says that it cannot serve.",
    remedy="see what it says: `journalctl -u etcd -n 50 --no-pager`",
)
def _health(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    own, metrics = host["etcd"]["own"], host["etcd"]["metrics"]
    if not metrics["fault"] and metrics["status"] != 200 and not alarms.of(own["errors"]) and not own["learner"]:
        yield Found(f"status {metrics['status']}: {metrics['health']}")


@CHECKS.of_cluster(
    "etcd-member-away",
    ERROR,
    subject="etcd",
    looks_at="connections from each member to the others, for clients and for peers",
    wanted="that each reaches each",
    why="A member that others do not reach falls behind, and counts for no quorum.",
    remedy="see whether etcd runs there, and the firewall: `firewall-cmd --list-all`",
)
def _away(facts: Facts) -> c.Iterator[Found]:
    faults: dict[str, dict[str, list[str]]] = {}
    for host in facts.having("etcd"):
        for way in host["etcd"]["ways"]:
            for kind in ("client", "peer"):
                if way[kind]:
                    faults.setdefault(way["host"], {}).setdefault(f"its {kind} port: {way[kind]}", []).append(host.name)
    for member, found in faults.items():
        told = "; ".join(f"{text}, seen from {', '.join(hosts)}" for text, hosts in found.items())
        yield Found(told, host=member, remedy=f"on {member}: `systemctl status etcd; firewall-cmd --list-all`")


@CHECKS.of_cluster(
    "etcd-members-differ",
    ERROR,
    subject="members of etcd",
    looks_at="etcd's list of members, beside the inventory",
    wanted="exactly the hosts of the group etcd",
    why="A member that is no host of the inventory counts for the quorum, and nobody looks after it.",
    remedy="run site.yml, which adds and removes members; or correct the group etcd",
)
def _members(facts: Facts) -> c.Iterator[Found]:
    wanted = {member["peer_url"]: member["name"] for member in facts.cluster["etcd"]["members"]}
    for host, own in _answering(facts).items():
        if own["learner"] or not own["linearizable"]:
            continue
        there = {url: member["name"] for member in own["members"] for url in member["peer_urls"]}
        further = [f"{name or 'not started yet'} ({url})" for url, name in there.items() if url not in wanted]
        missing = [f"{name} ({url})" for url, name in wanted.items() if url not in there]
        told = [
            *([f"not in the inventory: {', '.join(further)}"] if further else []),
            *([f"no member: {', '.join(missing)}"] if missing else []),
        ]
        if told:
            yield Found(f"seen from {host}: {'; '.join(told)}")
            return


@CHECKS.of_cluster(
    "etcd-clusters-differ",
    ERROR,
    subject="ids of the cluster",
    looks_at="the id of the cluster that each member belongs to",
    wanted="one",
    why="These members hold different data. Who asks one of them sees another cluster.",
    remedy="find the members that belong together: `etcdctl member list`; let the other ones join anew by site.yml",
)
def _clusters(facts: Facts) -> c.Iterator[Found]:
    found: dict[str, list[str]] = {}
    for host, own in _answering(facts).items():
        found.setdefault(str(own["cluster_id"]), []).append(host)
    if len(found) > 1:
        yield Found("; ".join(f"{int(identity):x} on {', '.join(hosts)}" for identity, hosts in found.items()))


@CHECKS.of_host(
    "etcd-learner",
    WARNING,
    subject="etcd",
    looks_at="whether a member has a vote",
    wanted="that it has",
    why="A learner counts for no quorum. site.yml promotes it when it has caught up.",
    remedy="run site.yml",
)
def _learner(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    if host["etcd"]["own"]["learner"]:
        yield Found("it is a learner")


@CHECKS.of_cluster(
    "etcd-alarm",
    ERROR,
    subject="alarm",
    looks_at="the alarms of all members",
    wanted="none",
    why="With an alarm etcd takes no writes.",
    remedy="see etcd.yml, which says how to make room and how to end an alarm",
    explains=("etcd-database-full", "etcd-database-filling", "etcd-not-healthy", "unit-unhealthy"),
)
def _alarm(facts: Facts) -> c.Iterator[Found]:
    names, seen = _names(facts), set[alarms.Alarm]()
    for own in _answering(facts).values():
        for alarm in alarms.of(own["errors"]):
            if alarm not in seen:
                seen.add(alarm)
                member = names.get(alarm.member) or f"a former member ({int(alarm.member):x})"
                yield Found(f"{alarm.name} of {member}", remedy=alarms.REMEDIES.get(alarm.name, ""))


@CHECKS.of_host(
    "etcd-complains",
    WARNING,
    subject="etcd",
    looks_at="what else a member complains of in its status",
    wanted="nothing",
    why="It says itself that something is wrong.",
    remedy="see what it says: `journalctl -u etcd -n 50 --no-pager`",
)
def _complains(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    others = alarms.others(host["etcd"]["own"]["errors"])
    if others:
        yield Found("; ".join(others))


@CHECKS.of_cluster(
    "etcd-versions-differ",
    WARNING,
    subject="etcd",
    looks_at="the version of each member",
    wanted="the same on all, that of the inventory",
    why="An upgrade has stopped half-way. Until it is done, members go by the features of the oldest.",
    remedy="run upgrade.yml, or site.yml",
)
def _versions(facts: Facts) -> c.Iterator[Found]:
    wanted = facts.cluster["versions"]["etcd"]
    found: dict[str, list[str]] = {}
    for host, own in _answering(facts).items():
        if own.get("version"):
            found.setdefault(own["version"], []).append(host)
    if set(found) - {wanted}:
        yield Found("; ".join(f"{version} on {', '.join(hosts)}" for version, hosts in found.items()), wanted=wanted)


@CHECKS.of_cluster(
    "etcd-behind",
    WARNING,
    subject="etcd",
    looks_at="how far each member has applied the log",
    wanted=f"{_BEHIND} entries behind the first, at most",
    why="Who reads from it sees the past. A member far behind cannot take over.",
    remedy="see its disk and its network: `journalctl -u etcd --grep 'took too long|slow' -n 20`",
)
def _behind(facts: Facts) -> c.Iterator[Found]:
    applied = {host: int(own["applied"]) for host, own in _answering(facts).items()}
    for host, index in applied.items():
        if index < max(applied.values()) - _BEHIND:
            yield Found(f"{max(applied.values()) - index} entries behind", host=host)


def _share(own: Own) -> float:
    return float(own.get("size", 0) / own["quota"]) if own.get("quota") else 0.0


def _sizes(own: Own) -> str:
    return f"{own['size'] >> 20} MiB of {own['quota'] >> 20} MiB, {own['in_use'] >> 20} MiB in use"


@CHECKS.of_host(
    "etcd-database-full",
    ERROR,
    subject="database of etcd",
    looks_at="the size of the database, beside its quota",
    wanted="less than 95 %",
    why="At the quota etcd raises the alarm NOSPACE, and takes no writes.",
    remedy="make room: etcd.yml with `-e etcd_compact=true -e etcd_defragment=true`; or raise etcd_quota_backend_bytes",
)
def _database_full(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    if _share(host["etcd"]["own"]) >= _FULL:
        yield Found(_sizes(host["etcd"]["own"]))


@CHECKS.of_host(
    "etcd-database-filling",
    WARNING,
    subject="database of etcd",
    looks_at="the size of the database, beside its quota",
    wanted="less than 80 %",
    why="At the quota etcd raises the alarm NOSPACE, and takes no writes.",
    remedy="see what is large: etcd.yml; raise etcd_quota_backend_bytes in time",
)
def _database_filling(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    if _FILLING <= _share(host["etcd"]["own"]) < _FULL:
        yield Found(_sizes(host["etcd"]["own"]))


@CHECKS.of_host(
    "etcd-fragmented",
    WARNING,
    subject="database of etcd",
    looks_at="how much of a database of 100 MiB and more is in use",
    wanted="half of it or more",
    why="Free pages count for the quota, and for the size of snapshots.",
    remedy="give the space back: etcd.yml with `-e etcd_defragment=true`",
)
def _fragmented(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    own = host["etcd"]["own"]
    if own.get("size", 0) >= _LARGE and own["in_use"] < _IN_USE * own["size"]:
        yield Found(_sizes(own))


@CHECKS.of_host(
    "etcd-disk-slow",
    WARNING,
    subject="writes of etcd",
    looks_at="how long etcd's writes took until they were safe, 99 of 100",
    wanted="32 ms for the log, 64 ms for the database, at most",
    why="Members with slow disks miss heartbeats, and leaders change.",
    remedy="give etcd a faster disk, or one of its own. See `iostat -x 5 3`",
)
def _slow(host: HostFacts, _facts: Facts) -> c.Iterator[Found]:
    metrics = host["etcd"]["metrics"]
    limits = (("sync", "the log", _SYNC), ("commit", "the database", _COMMIT))
    slow = [f"{1000 * metrics[name]:.0f} ms for {what}" for name, what, limit in limits if (metrics.get(name) or 0.0) > limit]
    if slow:
        yield Found(", ".join(slow))


@CHECKS.of_host(
    "etcd-leaders-change",
    WARNING,
    subject="the leader of etcd has changed",
    looks_at="how often the leader has changed since the member's start",
    wanted="3 times in an hour, at most",
    why="While there is no leader, etcd takes no writes.",
    remedy="see disks and network of the members: `journalctl -u etcd --grep 'elected|lost leader' -n 20`",
)
def _leaders(host: HostFacts, facts: Facts) -> c.Iterator[Found]:
    metrics = host["etcd"]["metrics"]
    changes, hours = metrics.get("leader_changes", 0.0), max(1.0, (facts.now - metrics.get("started", facts.now)) / _HOUR)
    if changes / hours > _CHANGES:
        yield Found(f"{changes:.0f} times in {hours:.0f} hours")


@CHECKS.of_cluster(
    "etcd-backup-old",
    WARNING,
    subject="snapshots of etcd",
    looks_at="snapshots of backup.yml on the controller, and scheduled ones on the hosts",
    wanted="one of the last two days",
    why="What was changed since the last snapshot is lost when etcd's data is.",
    remedy="run backup.yml, and set backup_schedule",
)
def _backup(facts: Facts) -> c.Iterator[Found]:
    scheduled = [found["newest"] for host in facts.having("etcd") if (found := host["etcd"]["snapshots"]) is not None]
    newest = max([*scheduled, facts.controller.get("backup", 0.0)], default=0.0)
    days = (facts.now - newest) / 86400
    if not newest:
        yield Found("there is none")
    elif days > _BACKUP_DAYS:
        yield Found(f"the newest is {days:.0f} days old")
