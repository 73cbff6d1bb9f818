# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab reads names, addresses, groups and versions from an inventory folder."""

from __future__ import annotations

import pathlib

import pytest

from barelab import inventory
from barelab.errors import LabError

HOSTS = """\
all:
  hosts:
    a.dev: {ansible_host: 10.1.2.10}
    b.dev: {}
  children:
    cluster:
      children:
        etcd:
          hosts: {a.dev: }
        minion:
          hosts: {"n[08:10].dev": }
"""


def write(folder: pathlib.Path, files: dict[str, str]) -> pathlib.Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def addresses(**last_bytes: int) -> dict[str, str]:
    return {f"host_vars/{name}.dev.yml": f"ansible_host: 10.1.2.{byte}\n" for name, byte in last_bytes.items()}


def test_reads_hosts_groups_and_versions(tmp_path: pathlib.Path) -> None:
    files = {"hosts.yml": HOSTS, "group_vars/all/main.yml": "cluster_kubernetes_version: v1.36.3\ncluster_cri_dockerd_version: 0.4.4\n"}
    found = inventory.load(write(tmp_path, files | addresses(b=11, n08=18, n09=19, n10=20)))
    assert [(host.name, host.address, host.groups) for host in found.hosts] == [
        ("a.dev", "10.1.2.10", ("all", "cluster", "etcd")),
        ("b.dev", "10.1.2.11", ("all",)),
        ("n08.dev", "10.1.2.18", ("all", "cluster", "minion")),
        ("n09.dev", "10.1.2.19", ("all", "cluster", "minion")),
        ("n10.dev", "10.1.2.20", ("all", "cluster", "minion")),
    ]
    assert found.versions == {"kubernetes": "1.36.3", "cri-dockerd": "0.4.4"}
    assert found.bridge_address == "10.1.2.1"


def test_host_vars_win_over_the_hosts_file_and_may_be_a_folder(tmp_path: pathlib.Path) -> None:
    files = {"hosts.yml": "all: {hosts: {a: {ansible_host: 10.1.2.3}}}", "host_vars/a/address.yml": "ansible_host: 10.1.2.4\n"}
    assert inventory.load(write(tmp_path, files)).hosts[0].address == "10.1.2.4"


def test_secrets_are_passed_over(tmp_path: pathlib.Path) -> None:
    files = {
        "hosts.yml": "all: {hosts: {a: {ansible_host: 10.1.2.3}}}",
        "group_vars/all/vault.yml": "$ANSIBLE_VAULT;1.1;AES256\n616263\n",
        "group_vars/all/main.yml": "cluster_etcd_version: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  616263\n",
    }
    assert inventory.load(write(tmp_path, files)).versions == {}


@pytest.mark.parametrize(
    ("hosts", "message"),
    [
        ("{a: {ansible_host: 10.1.2.3}, b: {ansible_host: 10.1.2.3}}", "b and a both have the address 10.1.2.3"),
        ("{a: {ansible_host: 10.1.2.3}, b: {ansible_host: 10.1.3.3}}", r"b \(10.1.3.3\) is outside 10.1.2.0/24"),
        ("{a: {ansible_host: 10.1.2.1}}", "cannot have 10.1.2.1"),
        ("{a: {ansible_host: '{{ x }}'}}", "a: ansible_host is '{{ x }}', wanted an IPv4 address"),
        ("{a_b: {ansible_host: 10.1.2.3}}", "'a_b' cannot be the name of a machine"),
        ("{../a: {ansible_host: 10.1.2.3}}", "'../a' cannot be the name of a machine"),
        ("{}", "names no hosts"),
        ("[a]", "wanted a mapping"),
        ("{a: {", "is not YAML"),
    ],
)
def test_refuses_and_says_why(tmp_path: pathlib.Path, hosts: str, message: str) -> None:
    with pytest.raises(LabError, match=message):
        inventory.load(write(tmp_path, {"hosts.yml": f"all: {{hosts: {hosts}}}"}))


def test_refuses_a_variables_file_that_ansible_would_ignore_once_the_lab_is_up(tmp_path: pathlib.Path) -> None:
    files = {"hosts.yml": "all: {hosts: {a: {ansible_host: 10.1.2.3}}}", "group_vars/all.yml": "x: 1\n"}
    with pytest.raises(LabError, match="move it to group_vars/all/"):
        inventory.load(write(tmp_path, files))


def test_refuses_a_folder_without_hosts(tmp_path: pathlib.Path) -> None:
    with pytest.raises(LabError, match=r"has no hosts\.yml"):
        inventory.load(tmp_path)


def test_expands_several_ranges_and_steps() -> None:
    assert list(inventory.expand("r[1:2]n[0:4:2]")) == ["r1n0", "r1n2", "r1n4", "r2n0", "r2n2", "r2n4"]
