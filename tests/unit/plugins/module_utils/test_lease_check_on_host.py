# SPDX-License-Identifier: GPL-3.0-or-later
"""When flanneld must get its lease anew (F21), from Nodes as an apiserver answers them. Runs on Python 3.9 too."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import checks, checks_lease

MAC = "ca:fe:00:00:00:01"
PREFIX = "flannel.alpha.coreos.com"


@pytest.fixture
def host(tmp_path: pathlib.Path) -> pathlib.Path:
    """Its lease."""
    (tmp_path / "subnet.env").write_text("FLANNEL_NETWORK=10.255.0.0/16\nFLANNEL_SUBNET=10.255.3.1/24\nFLANNEL_MTU=1450\n")
    return tmp_path


def node(*, cidr: str = "10.255.3.0/24", mac: str = MAC, kind: str = "vxlan", managed: bool = True, data: str = "") -> str:
    backend = data or json.dumps({"VNI": 1, "VtepMAC": mac})
    annotations = {f"{PREFIX}/kube-subnet-manager": "true", f"{PREFIX}/backend-type": kind, f"{PREFIX}/backend-data": backend}
    metadata: dict[str, t.Any] = {"name": "n", **({"annotations": annotations} if managed else {})}
    return json.dumps({"kind": "Node", "metadata": metadata, "spec": {"podCIDR": cidr} if cidr else {}})


def why_current(host: pathlib.Path, status: int, body: str) -> str | None:
    devices = {"flannel.1": MAC}
    return checks_lease.why_current(status, body, lease_file=str(host / "subnet.env"), hardware_address=lambda device: devices[device])


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, '{"kind": "Status"}'),
        (200, node(managed=False)),
        (200, node(cidr="10.255.4.0/24")),
        (200, node(cidr="")),
        (200, node(mac="ca:fe:00:00:00:02")),
    ],
    ids=["no Node", "registered anew", "another pod CIDR", "no pod CIDR yet", "the MAC address of before a reboot"],
)
def test_a_lease_that_is_not_the_node_s(host: pathlib.Path, status: int, body: str) -> None:
    assert why_current(host, status, body) is None


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (200, node(), "the lease is that of the Node"),
        (200, node(mac=MAC.upper()), "the lease is that of the Node"),
        (200, node(kind="host-gw", data="null"), "the lease is that of the Node"),
        (200, node(data='{"VtepMAC": "of an older flannel"}'), "the lease is that of the Node"),
        (0, "Connection refused", "the Node cannot be read: Connection refused"),
        (401, "{}", "the Node cannot be read: 401"),
        (503, "", "the Node cannot be read: 503"),
        (200, "<html>", "the Node cannot be read: its answer is no JSON"),
    ],
)
def test_what_is_no_evidence_against_a_lease(host: pathlib.Path, status: int, body: str, why: str) -> None:
    assert why_current(host, status, body) == why


def test_a_lease_that_is_gone(host: pathlib.Path) -> None:
    (host / "subnet.env").unlink()
    assert why_current(host, 200, node()) is None


def test_a_device_that_is_gone(host: pathlib.Path) -> None:
    """The address is asked of the kernel."""
    assert checks_lease.why_current(200, node(), lease_file=str(host / "subnet.env")) is None
    assert checks_lease._hardware_address("lo") == "00:00:00:00:00:00"


def test_it_is_a_check_like_the_others() -> None:
    check = {"stale_lease": "http://127.0.0.1:1/api/v1/nodes/n", "lease_file": "/nowhere"}
    assert checks.probe(check) == "the Node cannot be read: Connection refused"
    assert checks.subject(check) == "stale_lease http://127.0.0.1:1/api/v1/nodes/n"
