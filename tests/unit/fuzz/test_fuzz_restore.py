# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots with two things wrong beside them: refused with the reason, before anything is touched."""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import json
import pathlib
import typing as t

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from two_faults import TALLY, Case, Fault, cases, examples, planned

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd import backups, plan_restore
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction

Object = dict[str, t.Any]
CONTENT = b"a snapshot"
AUTHORITY = b"the certificate of the authority"


@dataclasses.dataclass
class Snapshot:
    """The files of a snapshot, the cluster, and a host of it; None is a file that is missing."""

    told: t.Any
    raw: bytes | None = None
    content: bytes | None = CONTENT
    authority: bytes | None = AUTHORITY
    cluster: Object = dataclasses.field(default_factory=lambda: {"name": "one", "versions": {"etcd": "3.7.2", "kubernetes": "1.37.1"}})
    member: Object = dataclasses.field(
        default_factory=lambda: {"version": "3.7.2", "directory": "/var/lib/etcd", "data": True, "left": False}
    )


def _well() -> Snapshot:
    told = {
        "format": backups.FORMAT,
        "cluster": "one",
        "authority": hashlib.sha256(AUTHORITY).hexdigest(),
        "versions": {"etcd": "3.7.2", "kubernetes": "1.37.1"},
        "hash": "6a3e",
        "revision": 7,
        "total_keys": 3,
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
        "size": len(CONTENT),
    }
    return Snapshot(told)


def _sets(**fields: t.Any) -> t.Callable[[Snapshot, st.DrawFn], None]:
    def strike(snapshot: Snapshot, draw: st.DrawFn) -> None:
        for name, value in fields.items():
            setattr(snapshot, name, copy.deepcopy(value))

    return strike


def _tells(name: str, value: t.Any) -> t.Callable[[Snapshot, st.DrawFn], bool]:
    def strike(snapshot: Snapshot, draw: st.DrawFn) -> bool:
        if isinstance(snapshot.told, dict):
            snapshot.told[name] = copy.deepcopy(value)
        return isinstance(snapshot.told, dict)

    return strike


def _leaves_out(snapshot: Snapshot, draw: st.DrawFn) -> bool:
    if not isinstance(snapshot.told, dict):
        return False
    snapshot.told.pop(draw(st.sampled_from(sorted(snapshot.told))))
    return True


def _of_another_kind(snapshot: Snapshot, draw: st.DrawFn) -> bool:
    if not isinstance(snapshot.told, dict):
        return False
    snapshot.told[draw(st.sampled_from(sorted(snapshot.told)))] = draw(st.sampled_from([None, 1, "x", [], {}, {"etcd": None}, ["etcd"]]))
    return True


FAULTS: list[Fault[Snapshot]] = [
    Fault("a field is missing", _leaves_out),
    Fault("a field is of another kind", _of_another_kind),
    Fault("another field is of another kind", _of_another_kind),
    Fault("no description", _sets(told=None)),
    Fault("the description is no mapping", _sets(told=["format", "cluster"])),
    Fault("the description is a number", _sets(told=7)),
    Fault("the description is not JSON", _sets(raw=b"{")),
    Fault("the description is not text", _sets(raw=b"\xff\xfe")),
    Fault("no snapshot", _sets(content=None)),
    Fault("a damaged snapshot", _sets(content=CONTENT[:-1])),
    Fault("of another cluster", _tells("cluster", "two")),
    Fault("of another PKI", _tells("authority", "0")),
    Fault("no PKI here", _sets(authority=None)),
    Fault("of a newer etcd", _tells("versions", {"etcd": "3.9.0", "kubernetes": "1.37.1"})),
    Fault("of a version that is none", _tells("versions", {"etcd": "three", "kubernetes": "1"})),
    Fault("of another format", _tells("format", 99)),
    Fault("a host with an older etcd", lambda snapshot, _draw: snapshot.member.update(version="3.6.1", data=False)),
    Fault("a restore that failed", lambda snapshot, _draw: snapshot.member.update(left=True)),
]


@examples(2, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(case=cases(st.builds(_well), FAULTS))
def test_a_snapshot_with_two_faults(tmp_path: pathlib.Path, case: Case[Snapshot]) -> None:
    TALLY.count("restore", case.faults)
    found = case.state
    path = tmp_path / "one.snapshot"
    raw = found.raw if found.raw is not None or found.told is None else json.dumps(found.told).encode()
    for file, content in ((path, found.content), (path.with_suffix(".json"), raw), (tmp_path / backups.AUTHORITY, found.authority)):
        file.unlink(missing_ok=True)
        if content is not None:
            file.write_bytes(content)

    def plan() -> list[PlannedAction]:
        told = plan_restore.description(path)
        plan_restore.check(path, told, {**found.cluster, "pki_directory": str(tmp_path)})
        plan_restore.check_member(found.member, told)
        units = {"kube-apiserver.service": "active"}
        return [*plan_restore.staged(found.member, told), *plan_restore.switched(found.member, units)]

    actions = planned(plan)
    harmless = {"a field is missing", "a field is of another kind", "another field is of another kind", "a restore that failed"}
    if actions is not None:
        assert set(case.faults) <= harmless, "a snapshot that does not fit is restored"
        assert (actions[0].operation == "remove") is found.member["left"], "etcdutl unpacks nothing where something is"


def test_what_is_no_description_is_told(tmp_path: pathlib.Path) -> None:
    """Found by this file: a description that is no mapping, or has versions that are none, ended in a traceback."""
    path = tmp_path / "one.snapshot"
    path.write_bytes(CONTENT)
    for told in ("7", "[]", json.dumps({**_well().told, "versions": {"etcd": "three"}})):
        path.with_suffix(".json").write_text(told)
        with pytest.raises(plan_restore.PlanError, match="is no description of a snapshot that this version knows"):
            plan_restore.description(path)
