# SPDX-License-Identifier: GPL-3.0-or-later
"""A converged cluster that was saved: it comes back as after a reboot of all its hosts, and nothing of it has to be changed."""

from __future__ import annotations

import collections.abc
import pathlib

import pytest

from . import checks
from .driver import Cluster, eventually
from .setups import converged_hosts

HOST = "k8s.allinone.dev"
ADDRESS = "192.168.200.100"


@pytest.fixture(scope="module")
def single(request: pytest.FixtureRequest, artefacts: pathlib.Path) -> collections.abc.Iterator[Cluster]:
    folder = artefacts / "saved"
    folder.mkdir()
    with converged_hosts("all-in-one", session=request.session, artefacts=folder) as cluster:
        yield cluster


def guestbook_works(cluster: Cluster) -> None:
    eventually(lambda: checks.guestbook_is_shared(cluster, {HOST: ADDRESS}, through=HOST) or True, deadline=90, wanted="the guestbook")


def test_the_cluster_is_there(single: Cluster) -> None:
    eventually(lambda: checks.all_ready(single, [HOST]), deadline=60, wanted="the node is ready")
    guestbook_works(single)


def test_site_has_nothing_to_change(single: Cluster) -> None:
    checks.nothing_changes(single, [HOST])


def test_the_host_can_be_rebooted(single: Cluster) -> None:
    single.lab("stop", HOST)
    single.lab("start", HOST)
    eventually(lambda: checks.all_ready(single, [HOST]), deadline=90, wanted="the node is ready")
    guestbook_works(single)


def test_a_second_restore_of_a_snapshot_is_ahead_of_the_first(single: Cluster, tmp_path: pathlib.Path) -> None:
    """Clients that saw more after the first restore than there is after the second would hear of nothing any more."""
    single.playbook("playbooks/backup.yml", "-e", f"backup_directory={tmp_path}")
    (snapshot,) = tmp_path.glob("*.snapshot")
    restore = ("playbooks/restore.yml", "-e", f"restore_snapshot={snapshot}")
    single.playbook(*restore)
    seen = [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"seen-{number}"}} for number in range(400)]
    checks.apply(single, *seen)
    single.playbook(*restore)
    assert "seen-0" not in single.kubectl("get", "configmaps", "-o", "name")
    checks.apply(single, checks.pod("heard", labels={}, spec=checks.web_server("heard")))
    eventually(
        lambda: single.kubectl_json("get", "pod", "heard")["status"]["phase"] == "Running",
        deadline=90,
        wanted="the kubelet hears of a pod",
    )
