# SPDX-License-Identifier: GPL-3.0-or-later
"""Which snapshots are refused, and the phases of a restore."""

from __future__ import annotations

import hashlib
import json
import pathlib
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd import backups, plan_restore
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import component_table

CONTENT = b"a snapshot"
MEMBER = {
    "name": "one",
    "directory": "/var/lib/etcd",
    "peer_url": "https://192.0.2.1:2380",
    "version": "3.7.2",
    "data": True,
    "left": False,
}

Object = dict[str, t.Any]


@pytest.fixture
def pki(tmp_path: pathlib.Path) -> pathlib.Path:
    folder = tmp_path / "pki"
    folder.mkdir()
    (folder / "etcd-ca.crt").write_text("authority")
    return folder


@pytest.fixture
def cluster(pki: pathlib.Path) -> Object:
    return {"name": "mine", "pki_directory": str(pki), "versions": {"kubernetes": "1.37.1", "etcd": "3.7.2"}}


@pytest.fixture
def snapshot(tmp_path: pathlib.Path, pki: pathlib.Path) -> pathlib.Path:
    path = tmp_path / "mine-20261121T131500Z.snapshot"
    path.write_bytes(CONTENT)
    backups.write_description(
        path.with_suffix(".json"),
        {
            "cluster": "mine",
            "authority": backups.fingerprint(pki),
            "versions": {"kubernetes": "1.37.0", "etcd": "3.7.1"},
            "hash": "1f",
            "revision": 7,
            "total_keys": 3,
            "size": len(CONTENT),
            "sha256": hashlib.sha256(CONTENT).hexdigest(),
            "keys": 3,
            "digest": "d",
        },
    )
    return path


def test_a_snapshot_of_this_cluster_is_taken(snapshot: pathlib.Path, cluster: Object) -> None:
    plan_restore.check(snapshot, plan_restore.description(snapshot), cluster)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cluster": "theirs"}, "it is of the cluster theirs, and this is mine"),
        ({"authority": "0"}, "another PKI"),
        ({"versions": {"kubernetes": "1.37.1", "etcd": "3.8.0"}}, r"made by etcd 3\.8\.0, newer than 3\.7\.2"),
        ({"versions": {"kubernetes": "1.38.0", "etcd": "3.7.2"}}, r"made by kubernetes 1\.38\.0, newer than 1\.37\.1"),
        ({"sha256": "0"}, "it is damaged"),
    ],
)
def test_what_is_foreign_or_damaged_is_refused(snapshot: pathlib.Path, cluster: Object, change: Object, message: str) -> None:
    told = {**plan_restore.description(snapshot), **change}
    with pytest.raises(PlanError, match=f"Nothing was touched.*{message}"):
        plan_restore.check(snapshot, told, cluster)


def test_a_controller_without_the_pki_is_told_so(snapshot: pathlib.Path, cluster: Object, pki: pathlib.Path) -> None:
    told = plan_restore.description(snapshot)
    (pki / "etcd-ca.crt").unlink()
    with pytest.raises(PlanError, match=r"has no etcd-ca\.crt: put the PKI of the cluster back"):
        plan_restore.check(snapshot, told, cluster)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format": 2}'])
def test_a_snapshot_needs_its_description(snapshot: pathlib.Path, text: str) -> None:
    snapshot.with_suffix(".json").write_text(text)
    with pytest.raises(PlanError, match="Nothing was touched"):
        plan_restore.description(snapshot)
    snapshot.with_suffix(".json").unlink()
    with pytest.raises(PlanError, match="put it beside the snapshot"):
        plan_restore.description(snapshot)
    snapshot.unlink()
    with pytest.raises(PlanError, match="is no file; give restore_snapshot"):
        plan_restore.description(snapshot)


def test_an_older_etcd_on_the_host_is_refused() -> None:
    plan_restore.check_member(MEMBER, {"versions": {"etcd": "3.7.9"}})
    with pytest.raises(PlanError, match=r"run site\.yml first"):
        plan_restore.check_member({**MEMBER, "version": "3.6.14"}, {"versions": {"etcd": "3.7.0"}})


def test_what_an_earlier_restore_has_left_is_told(snapshot: pathlib.Path) -> None:
    def done(member: Object) -> list[tuple[str, str]]:
        return [(action.operation, action.target) for action in plan_restore.staged(member, plan_restore.description(snapshot))]

    assert done(MEMBER) == [("unpack", "/var/lib/etcd")]
    assert done({**MEMBER, "left": True}) == [("remove", "/var/lib/etcd/restore"), ("unpack", "/var/lib/etcd")]


def test_the_old_data_is_set_aside() -> None:
    def done(member: Object, state: str) -> list[tuple[str, str]]:
        return [(action.operation, action.target) for action in plan_restore.switched(member, {"etcd.service": state})]

    switched = [("put-in-place", "/var/lib/etcd/member"), ("start", "etcd.service")]
    assert done(MEMBER, "active") == [("stop", "etcd.service"), ("set-aside", "/var/lib/etcd/member"), *switched]
    assert done({**MEMBER, "data": False}, "failed") == switched


def test_what_was_stopped_is_started() -> None:
    units = {"kube-apiserver.service": "active", "kube-scheduler.service": "inactive"}
    assert [action.target for action in plan_restore.stopped(units)] == ["kube-apiserver.service"]
    assert [action.target for action in plan_restore.resumed(units)] == list(units)


CLUSTER = {
    "masters": ["m1"],
    "node_hosts": ["m1", "w1"],
    "etcd": {"authentication": True},
    "components": {name: component.as_dict() for name, component in component_table.components(api_server_port=7443).items()},
}


@pytest.mark.parametrize(
    ("host", "authentication", "names"),
    [
        ("m1", False, ["kube-apiserver", "kube-controller-manager", "kube-scheduler"]),
        ("m1", True, ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "flanneld"]),
        ("w1", False, []),
        ("w1", True, ["flanneld"]),
        ("e1", True, []),
    ],
)
def test_the_clients_of_etcd_are_known(host: str, authentication: bool, names: list[str]) -> None:
    found = plan_restore.clients_of_etcd({**CLUSTER, "etcd": {"authentication": authentication}}, host)
    assert [unit["name"] for unit in found] == [f"{name}.service" for name in names]


def test_the_clients_of_etcd_must_become_healthy() -> None:
    apiserver, manager, scheduler, flannel = (unit["health"] for unit in plan_restore.clients_of_etcd(CLUSTER, "m1"))
    ca = "/etc/kubernetes/pki/ca.crt"
    message = "the apiserver is not ready on the restored etcd"
    assert apiserver == [{"http": "https://127.0.0.1:7443/readyz", "ca": ca, "deadline": 120.0, "message": message}]
    assert manager == [{"http": "https://127.0.0.1:10257/healthz", "ca": ca, "deadline": 120.0}]
    assert scheduler == [{"http": "https://127.0.0.1:10259/healthz", "ca": ca, "deadline": 120.0}]
    assert flannel == []


def test_the_restored_must_be_what_was_saved(snapshot: pathlib.Path) -> None:
    told = plan_restore.description(snapshot)
    plan_restore.compared(told, {"keys": 3, "digest": "d"})
    with pytest.raises(PlanError, match="keys 2, wanted 3"):
        plan_restore.compared(told, {"keys": 2, "digest": "d"})
    scheduled = {
        key: value for key, value in json.loads(snapshot.with_suffix(".json").read_text()).items() if key not in ("keys", "digest")
    }
    plan_restore.compared(scheduled, {})


def observed(*, silent: Object | None = None, version: str = "3.7.2") -> Object:
    return {"units": {}, "member": {**MEMBER, "version": version, "silent": silent or {}}}


THREE: Object = {
    **CLUSTER,
    "nodes": {"e1": {}, "e2": {}, "m1": {}, "w1": {}},
    "etcd_hosts": ["e1", "e2"],
    "etcd": {"authentication": False, "members": [{"host": host, "peer_url": f"https://{host}:2380"} for host in ("e1", "e2")]},
}
ALL_WELL: dict[str, Object] = {"e1": observed(), "e2": observed(), "m1": {"units": {}}}
TOLD: Object = {"versions": {"etcd": "3.7.0"}}


def test_f5_a_host_without_units_of_clients_is_not_needed() -> None:
    assert plan_restore.hosts_needed(THREE) == ["e1", "e2", "m1"]
    assert plan_restore.planned(THREE, ALL_WELL, TOLD) == {"clients": ["m1"], "warnings": []}


def test_a_worker_with_flannel_on_etcd_may_be_away_and_is_told_of() -> None:
    cluster = {**THREE, "etcd": {**THREE["etcd"], "authentication": True}}
    found = plan_restore.planned(cluster, ALL_WELL, TOLD)
    assert found["clients"] == ["m1"]
    assert "flannel on w1 is not stopped" in found["warnings"][0]
    assert plan_restore.planned(cluster, {**ALL_WELL, "w1": {"units": {}}}, TOLD)["clients"] == ["m1", "w1"]


@pytest.mark.parametrize("lost", ["e2", "m1"])
def test_a_lost_host_that_is_needed_ends_the_restore_before_it_begins(lost: str) -> None:
    answers = {host: found for host, found in ALL_WELL.items() if host != lost}
    with pytest.raises(PlanError, match=rf"^Nothing was touched: .*{lost}: no answer.*run restore\.yml again.*out of the inventory"):
        plan_restore.planned(THREE, answers, TOLD)


def test_a_member_that_is_cut_off_ends_the_restore_before_it_begins() -> None:
    answers = {**ALL_WELL, "e1": observed(silent={"https://e2:2380": "no answer within 4 s"})}
    with pytest.raises(PlanError, match=r"^Nothing was touched: .*e1 does not reach e2 at https://e2:2380: no answer"):
        plan_restore.planned(THREE, answers, TOLD)


def test_all_that_is_in_the_way_is_told_at_once() -> None:
    with pytest.raises(PlanError, match=r"m1: no answer.*e2 has etcd 3\.6\.14.*run site\.yml first"):
        plan_restore.planned(THREE, {"e1": observed(), "e2": observed(version="3.6.14")}, TOLD)


def test_a_later_restore_is_ahead_of_an_earlier_one_and_of_what_came_after_it() -> None:
    day = 86400.0
    assert plan_restore.bump(1.8e9 + day) - plan_restore.bump(1.8e9) > day * 500
    assert plan_restore.bump(1.8e9) > 1_000_000_000
    # numbers that JSON readers hold exactly, after many restores of snapshots that were ahead already
    assert 1000 * plan_restore.bump(2.0e9) < 2**53
