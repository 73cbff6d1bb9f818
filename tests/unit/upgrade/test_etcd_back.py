# SPDX-License-Identifier: GPL-3.0-or-later
"""etcd's way back: what is planned from what the members say, what is refused, and when site.yml may go on."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client.alarms import Alarm
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd.databases import Database, Databases
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade import etcd_back, rules
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade.etcd_levels import Levels

NEW, OLD = "3.7.2", "3.6.16"
HOSTS = {"db1": "h1", "db2": "h2", "db3": "h3"}


def member(name: str, version: str = NEW, level: str = "3.7.0", **fields: t.Any) -> Database:
    said = {"cluster": level, "storage": level, "healthy": True, "leads": name == "db1", **fields}
    return Database(name=name, url=f"https://{name}:2379", id=name[-1], version=version, **said)


def found(*members: Database, **fields: t.Any) -> Databases:
    return Databases(members, **{"voters": len(members), "names": {entry.id: entry.name for entry in members}, **fields})


def all_new(**fields: t.Any) -> Databases:
    return found(*(member(name, **fields) for name in HOSTS))


def wanted(version: str = OLD, *, run: t.Collection[str] = tuple(HOSTS.values())) -> etcd_back.Wanted:
    return etcd_back.Wanted(version, HOSTS, run)


def test_from_the_beginning() -> None:
    back = etcd_back.plan(all_new(), wanted())
    assert back == etcd_back.Back(OLD, ("h2", "h3", "h1"), enables=True, converts=True, ends=True, leader="h1", before=(NEW,))
    assert etcd_back.lines(back, folder="/backups") == [
        "1. etcd goes back from 3.7.2 to 3.6.16",
        "2. the older programs are put beside the present ones",
        "3. a snapshot is saved in /backups, and proven by a trial restore",
        "4. etcd is told that it goes back to 3.6",
        "5. all members change their data to that of 3.6, while they go on serving",
        "6. h2: its member restarts with 3.6.16",
        "7. h3: its member restarts with 3.6.16",
        "8. h1: its member restarts with 3.6.16 (the leader)",
        "9. etcd ends its way back when all members are there",
    ]
    assert [action.operation for action in etcd_back.enabling(back)] == ["enable", "convert"]


@pytest.mark.parametrize(
    ("state", "hosts", "enables", "converts"),
    [
        pytest.param(all_new(downgrade="3.6.0"), ("h2", "h3", "h1"), False, True, id="killed after etcd was told"),
        pytest.param(all_new(downgrade="3.6.0", level="3.6.0"), ("h2", "h3", "h1"), False, False, id="killed before the first program"),
        pytest.param(
            found(
                member("db1", level="3.6.0", downgrade="3.6.0"), member("db2", OLD, "3.6.0", downgrade="3.6.0"), member("db3", OLD, "3.6.0")
            ),
            ("h1",),
            False,
            False,
            id="killed before the last program",
        ),
        pytest.param(
            found(member("db1", level="3.6.0"), member("db2", OLD, "3.6.0"), member("db3", OLD, "3.6.0")),
            ("h1",),
            False,
            False,
            id="an upgrade that did not come to its end",
        ),
        pytest.param(found(*(member(name, OLD, "3.6.0", downgrade="3.6.0") for name in HOSTS)), (), False, False, id="killed at the end"),
    ],
)
def test_a_run_that_was_killed_goes_on(state: Databases, hosts: tuple[str, ...], enables: bool, converts: bool) -> None:
    back = etcd_back.plan(state, wanted())
    assert (back.hosts, back.enables, back.converts, back.ends) == (hosts, enables, converts, True)
    assert not back.empty


@pytest.mark.parametrize("version", [OLD, "3.6.11"])
def test_a_second_run_does_nothing(version: str) -> None:
    back = etcd_back.plan(found(*(member(name, OLD, "3.6.0") for name in HOSTS)), wanted(version))
    assert back.empty and etcd_back.enabling(back) == []
    assert etcd_back.lines(back, folder="/b") == ["etcd has 3.6 already, and is on no way back. There is nothing to do"]


SILENT = Database(name="db3", url="https://db3:2379", fault="Connection refused")


@pytest.mark.parametrize(
    ("state", "goal", "told"),
    [
        pytest.param(
            found(member("db1"), member("db2"), SILENT, voters=3),
            wanted(),
            "not all members of etcd are there and well: db3: Connection refused. Mend that (playbooks/health.yml and site.yml)",
            id="a member is away",
        ),
        pytest.param(found(member("db1"), member("db2")), wanted(), "db3 of the inventory is no member", id="a member is to join"),
        pytest.param(found(*all_new().members, member("db4")), wanted(), "db4 is not in the inventory", id="a foreign member"),
        pytest.param(found(*all_new().members, voters=2), wanted(), "2 of 3 members have a vote", id="a learner"),
        pytest.param(
            found(*all_new().members, alarms=(Alarm("1", "NOSPACE"),)), wanted(), "etcd has an alarm: alarm NOSPACE of db1", id="alarm"
        ),
        pytest.param(
            all_new(downgrade="3.5.0"),
            wanted(),
            "etcd is on its way back to 3.5.0, and cluster_etcd_version is 3.6.16. Write",
            id="elsewhere",
        ),
        pytest.param(
            all_new(),
            wanted("3.8.0"),
            "members of etcd have 3.7.2, and cluster_etcd_version is 3.8.0. This playbook only goes back; run site.yml",
            id="forward",
        ),
        pytest.param(all_new(), wanted("3.5.26"), "The ways back that this collection knows: 3.7 to 3.6", id="two minor versions"),
        pytest.param(
            all_new(),
            wanted("3.6.4"),
            "From a release before 3.6.11 etcd could not go on to 3.7.2 again. Write cluster_etcd_version: 3.6.11, or a later 3.6",
            id="no stepping stone",
        ),
        pytest.param(
            found(member("db1"), member("db2"), member("db3", OLD)), wanted(), "and their data is not yet that of one of them", id="unclear"
        ),
        pytest.param(all_new(), wanted(run=("h1",)), "h2, h3 did not answer, or are left out by --limit. All members", id="--limit"),
    ],
)
def test_what_is_refused(state: Databases, goal: etcd_back.Wanted, told: str) -> None:
    with pytest.raises(PlanError) as error:
        etcd_back.plan(state, goal)
    assert str(error.value).startswith("Nothing was changed: ") and told in str(error.value)


def test_the_end_is_verified() -> None:
    assert etcd_back.unfinished(found(*(member(name, OLD, "3.6.0") for name in HOSTS)), wanted()) == []
    assert etcd_back.unfinished(found(member("db1", OLD, "3.6.0", downgrade="3.6.0"), member("db2"), SILENT), wanted()) == [
        "db2 has etcd 3.7.2",
        "db3 has etcd ",
        "db2 has data of 3.7.0",
        "db3 has data of ",
        "db3: Connection refused",
        "etcd is still on its way back to 3.6.0",
    ]


def test_it_is_cancelled_where_it_is_on_its_way() -> None:
    (action,) = etcd_back.cancelling(all_new(downgrade="3.6.0"))
    assert (action.operation, action.reason) == ("cancel", "it is on its way back to 3.6.0")
    assert etcd_back.cancelling(all_new()) == []
    with pytest.raises(PlanError, match="no member of etcd answers"):
        etcd_back.cancelling(found(SILENT))
    assert etcd_back.asked(all_new()) == "https://db1:2379"


# ---------------------------------------------------------------- the guard of site.yml

GOAL = rules.Wanted("1.37.1", OLD, frozenset(HOSTS.values()), (), tuple(HOSTS.values()), {})


def guard(versions: t.Mapping[str, t.Sequence[str]], levels: t.Mapping[str, Levels | None], goal: rules.Wanted = GOAL) -> str:
    programs = {host: {"etcd": [tuple(map(int, text.split("."))) for text in texts]} for host, texts in versions.items()}
    state = rules.Found(programs, {}, None, levels)
    return "; ".join(rules.faults(state, goal) + rules.warnings(state, goal))


READY = Levels("3.6.0", "3.6.0", "3.6.0")


def test_site_goes_on_where_the_data_is_that_of_the_older_version() -> None:
    assert guard({host: [NEW] for host in HOSTS.values()}, dict.fromkeys(HOSTS.values(), READY)) == ""
    # between the link and the restart
    assert guard({"h1": [OLD, NEW], "h2": [OLD]}, {"h1": READY, "h2": READY}) == ""
    # the members that are back have ended it by an upgrade that was not gone through with
    assert guard({"h1": [NEW], "h2": [OLD]}, dict.fromkeys(("h1", "h2"), dataclasses.replace(READY, downgrade=""))) == ""


@pytest.mark.parametrize(
    "levels",
    [
        pytest.param(Levels("3.7.0", "3.7.0", ""), id="not told"),
        pytest.param(Levels("3.6.0", "3.7.0", "3.6.0"), id="not converted"),
        pytest.param(Levels("3.6.0", "3.6.0", ""), id="told no more: on its way forward"),
        pytest.param(None, id="silent"),
    ],
)
def test_site_is_refused_where_it_is_not(levels: Levels | None) -> None:
    told = guard(
        {"h1": [NEW], "h2": [NEW]}, {"h1": levels, "h2": dataclasses.replace(READY, downgrade=levels.downgrade) if levels else None}
    )
    assert "has etcd 3.7.2, and cluster_etcd_version is 3.6.16: a data directory that" in told or "have etcd 3.7.2, and" in told
    assert "lead etcd back by playbooks/downgrade-etcd.yml" in told


def test_site_warns_of_a_way_back_that_nobody_goes() -> None:
    told = guard({"h1": [NEW], "h2": [OLD]}, {"h1": READY, "h2": READY}, dataclasses.replace(GOAL, etcd=NEW))
    assert told.startswith("etcd is on its way back to 3.6, and stays at what 3.6 can do") and "-e downgrade_cancel=true" in told


LEVELS = st.builds(Levels, *(st.sampled_from(["3.5.0", "3.6.0", "3.7.0", ""]) for _field in range(3)))


@given(
    levels=st.dictionaries(st.sampled_from(sorted(HOSTS.values())), LEVELS),
    versions=st.lists(st.sampled_from([NEW, OLD]), min_size=3, max_size=3),
)
def test_no_data_of_the_newer_version_is_given_to_the_older_one(levels: dict[str, Levels], versions: list[str]) -> None:
    has = dict(zip(HOSTS.values(), versions, strict=True))
    if guard({host: [text] for host, text in has.items()}, levels):
        return
    assert all(levels[host].storage == levels[host].cluster == "3.6.0" for host, text in has.items() if text == NEW)
