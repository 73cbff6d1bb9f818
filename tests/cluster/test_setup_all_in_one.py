# SPDX-License-Identifier: GPL-3.0-or-later
"""inventories/all-in-one: one host is everything."""

from __future__ import annotations

import collections.abc
import pathlib

import pytest

from . import checks
from .driver import ROOT, Cluster
from .setups import bare_hosts

HOST = "k8s.allinone.dev"
ADDRESS = "192.168.200.100"


@pytest.fixture(scope="module")
def single(request: pytest.FixtureRequest, artefacts: pathlib.Path) -> collections.abc.Iterator[Cluster]:
    """The cluster, with the guestbook, from a bare host."""
    with bare_hosts(ROOT / "inventories" / "all-in-one", session=request.session, artefacts=artefacts) as cluster:
        assert cluster.on(HOST, "command -v dockerd etcd kubelet chronyd; true") == ""
        cluster.playbook("playbooks/site.yml")
        cluster.playbook("playbooks/guestbook.yml")
        checks.start_probes(cluster, [HOST])
        yield cluster


def test_the_host_is_master_and_minion(single: Cluster) -> None:
    assert checks.all_ready(single, [HOST])
    node = single.kubectl_json("get", "node", HOST)
    assert "taints" not in node["spec"]
    assert {f"node-role.kubernetes.io/{role}" for role in ("control-plane", "minion")} <= set(node["metadata"]["labels"])
    assert node["status"]["nodeInfo"]["kubeletVersion"] == checks.VERSION


def test_everything_runs_on_it(single: Cluster) -> None:
    assert checks.running_units(single, HOST, checks.UNITS) == len(checks.UNITS)
    assert "[+]etcd ok" in single.kubectl("get", "--raw", "/readyz?verbose")


def test_guestbook(single: Cluster) -> None:
    checks.guestbook_is_shared(single, {HOST: ADDRESS}, through=HOST)


def test_names_logs_and_exec(single: Cluster) -> None:
    checks.names_are_found(single, [HOST])
    checks.logs_are_read(single, [HOST])


def test_another_machine_reaches_only_what_is_listed(single: Cluster) -> None:
    """From the controller, which is in the same network."""
    assert single.curl(f"https://{ADDRESS}:6443/readyz", "--insecure", "--fail", check=False).returncode in (0, 22)
    assert single.curl(f"https://{ADDRESS}:2379/health", "--insecure", check=False).returncode == 7


def test_second_run(single: Cluster) -> None:
    checks.nothing_changes(single, [HOST])
