# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be asked for, and what each host is asked."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
from doctor_situation import cluster

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._certificates.described import of_items
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.asked import Host
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._logs import sources
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._logs.request import request
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.component_table import components


def test_the_defaults() -> None:
    found = request({})
    assert (found.file, found.size, found.hours) == (None, 50 << 20, 24)


def test_what_is_given(tmp_path: pathlib.Path) -> None:
    found = request({"file": str(tmp_path / "a.tar.gz"), "size": "7", "hours": 2})
    assert (found.file, found.size, found.hours) == (tmp_path / "a.tar.gz", 7 << 20, 2)


@pytest.mark.parametrize(
    ("given", "variables", "words"),
    [
        ({"size": 0}, (), "collect_logs_size is 0, wanted 1 to 2000 MiB: -e collect_logs_size=50"),
        ({"size": "50M"}, (), "collect_logs_size is '50M'"),
        ({"size": True}, (), "collect_logs_size is True"),
        ({"hours": "2d"}, (), "collect_logs_hours is '2d', wanted 1 to 2160 hours: -e collect_logs_hours=24"),
        ({"file": "logs.zip"}, (), "wanted a name that ends in .tar.gz: -e collect_logs_file=logs.tar.gz"),
        ({"file": ".tar.gz"}, (), "wanted a name that ends in .tar.gz"),
        ({"file": "/no/such/folder/a.tar.gz"}, (), "there is no directory /no/such/folder"),
        ({"file": "~nobody-here/a.tar.gz"}, (), "and there is no directory"),
        ({"file": ["a"]}, (), "wanted the path of a file"),
        ({"file": ""}, (), "wanted the path of a file"),
        ({}, ("collect_logs_hour",), "did you mean collect_logs_hours?"),
    ],
)
def test_what_cannot_be_asked_for(given: dict[str, t.Any], variables: tuple[str, ...], words: str) -> None:
    with pytest.raises(ComponentError) as refused:
        request(given, variables=variables)
    assert str(refused.value).startswith("No host was asked: ") and words in str(refused.value)


def test_a_file_that_would_be_read_as_an_inventory_is_refused(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ComponentError, match=f"beside the inventory's own files: -e collect_logs_file={tmp_path}/logs/a.tar.gz"):
        request({"file": str(tmp_path / "a.tar.gz")}, folder=str(tmp_path / "logs"))
    (tmp_path / "logs").mkdir()
    assert request({"file": str(tmp_path / "logs" / "a.tar.gz")}, folder=str(tmp_path / "logs")).file


def test_each_host_has_its_share() -> None:
    found = request({"size": 10})
    assert found.share(1) == 8 << 20, "an answer is in memory as a whole"
    assert found.share(3) == int((10 << 20) * 0.9) // 3
    assert found.share(10_000) == 64 << 10


def asked(host: str, *units: str) -> list[dict[str, t.Any]]:
    items: dict[str, list[dict[str, t.Any]]] = {"unit": [{"name": unit, "state": "started"} for unit in units]}
    known = Host(cluster(), host, items, of_items([], [], faults=[], stored=lambda _name: None, inputs={}, rotated=[]).request(), "/x", "y")
    return list(sources.payload(known, size=1, hours=3)["sources"])


def test_what_hosts_are_asked_for() -> None:
    of_master = asked("m1", "etcd.service", "kube-apiserver.service", "etcd-snapshot.timer")
    names = [one["name"] for one in of_master]
    assert {"journals/etcd.service.log", "api/events.jsonl", "versions/etcd.txt", "settings/etc/etcd/etcd.conf"} <= set(names)
    assert "journals/etcd-snapshot.timer.log" not in names
    assert len(names) == len(set(names))
    journal = next(one["argv"] for one in of_master if one["name"] == "journals/etcd.service.log")
    assert "--since=-3h" in journal and journal[-1] == "--unit=etcd.service"
    of_worker = [one["name"] for one in asked("w1", "kubelet.service")]
    assert "states/docker.txt" in of_worker and not [name for name in of_worker if name.startswith("api/")]


def test_nothing_that_holds_a_secret_is_asked_for() -> None:
    units = [component.unit for component in components().values() if component.unit]
    found = asked("m1", *units)
    paths = {one["path"] for one in found if "path" in one}
    secret = {"kubeconfig", "logins", "encryption", "authentication", "rotated", "rotated_client", "rotated_server"}
    kept = {path for component in components().values() for name, path in component.files.items() if name in secret}
    assert kept and not paths & kept
    assert not [path for path in paths if path.endswith((".key", ".kubeconfig", ".pem")) or "/pki" in path]
    words = [word for one in found for word in one.get("argv", [])]
    assert not {"args", "cmd", "command", "inspect", "environ"} & {part for word in words for part in word.split(",")}
