# SPDX-License-Identifier: GPL-3.0-or-later
"""Each Docker that the lab has, with cri-dockerd: a cluster from a bare host, and the ways to the newest one."""

from __future__ import annotations

import collections.abc
import pathlib
import typing as t

import pytest

from . import bareness, checks
from . import docker_versions as docker
from .driver import ROOT, Cluster, eventually
from .setups import bare_hosts

pytestmark = pytest.mark.long
HOST, ADDRESS = "k8s.allinone.dev", "192.168.200.100"
PAIR = {"k8s.master.dev": "192.168.200.100", "k8s.minion1.dev": "192.168.200.101"}
NEWEST = docker.ALL[0]
CONFIRM = ("-e", "reset_confirm=all-in-one")


@pytest.fixture(scope="module", params=docker.ALL)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def bare(version: str, request: pytest.FixtureRequest, artefacts: pathlib.Path) -> collections.abc.Iterator[Cluster]:
    folder = artefacts / f"docker-{version}"
    folder.mkdir()

    def up(cluster: Cluster) -> None:
        docker.wanted(cluster, version)
        cluster.up()

    with bare_hosts(ROOT / "inventories" / "all-in-one", session=request.session, artefacts=folder, bring_up=up) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def found_bare(bare: Cluster) -> list[str]:
    """What is on the host before any playbook."""
    return bareness.things(bare, HOST)


@pytest.fixture(scope="module")
def single(bare: Cluster, found_bare: list[str]) -> Cluster:
    assert found_bare
    checks.install(bare)
    bare.playbook("playbooks/guestbook.yml")
    checks.start_probes(bare, [HOST])
    return bare


def test_the_host_has_this_docker(single: Cluster, version: str) -> None:
    assert docker.runs(single, HOST) == version
    assert checks.all_ready(single, [HOST])
    told = single.kubectl_json("get", "node", HOST)["status"]["nodeInfo"]["containerRuntimeVersion"]
    # Debian adds a mark to the version of its build.
    assert told.partition("+")[0] == f"docker://{version}"


def test_streams(single: Cluster) -> None:
    docker.streams_work(single, HOST)


def test_names_and_published_ports(single: Cluster) -> None:
    checks.names_are_found(single, [HOST])
    checks.logs_are_read(single, [HOST])
    checks.guestbook_is_shared(single, {HOST: ADDRESS}, through=HOST)


def test_images_are_where_the_kubelet_looks_for_space(single: Cluster) -> None:
    docker.keeps_images_below_its_own_directory(single, HOST)


def test_containers_may_open_many_files(single: Cluster) -> None:
    docker.gives_containers_what_the_machine_allows(single, HOST)


def test_second_run(single: Cluster) -> None:
    checks.nothing_changes(single, [HOST])


@pytest.mark.parametrize("units", ["docker.service", "containerd.service", "docker.service containerd.service"])
def test_containers_outlive_a_restart(single: Cluster, units: str) -> None:
    docker.outlive(single, [HOST], lambda: single.on(HOST, f"systemctl restart {units}"))


def test_a_reset_host_is_bare(single: Cluster, found_bare: list[str]) -> None:
    single.playbook("playbooks/reset.yml", *CONFIRM)
    # The package of Docker 29 has a scriptlet that runs semodule, which makes an empty store where a host has no policy.
    after = [thing for thing in bareness.things(single, HOST) if not thing.startswith("/var/lib/selinux/")]
    assert [thing for thing in after if thing not in found_bare] == []
    assert [thing for thing in found_bare if thing not in after] == []


class Older(t.NamedTuple):
    """A cluster that has been on one Docker and is to go to the newest one."""

    cluster: Cluster
    version: str


@pytest.fixture(scope="module", params=docker.ALL[1:])
def older(request: pytest.FixtureRequest, artefacts: pathlib.Path) -> collections.abc.Iterator[Older]:
    """A master and a minion with an older Docker. The newest one is to be had, too."""
    version = request.param
    folder = artefacts / f"docker-from-{version}"
    folder.mkdir()

    def up(cluster: Cluster) -> None:
        docker.wanted(cluster, version)
        offered = (word for one in (version, NEWEST) for word in ("--version", f"docker={one}"))
        cluster.lab("up", str(cluster.inventory), *offered)
        cluster.playbook("playbooks/site.yml")
        cluster.playbook("playbooks/guestbook.yml")
        checks.start_probes(cluster, PAIR)

    with bare_hosts(ROOT / "inventories" / "two-node", session=request.session, artefacts=folder, bring_up=up) as cluster:
        yield Older(cluster, version)


def test_containers_outlive_an_upgrade(older: Older) -> None:
    """Nothing is drained, as upgrade.yml would. The packages restart both daemons."""
    cluster = older.cluster
    assert {docker.runs(cluster, host) for host in PAIR} == {older.version}
    docker.wanted(cluster, NEWEST)
    docker.outlive(cluster, PAIR, lambda: cluster.playbook("playbooks/site.yml"))
    assert {docker.runs(cluster, host) for host in PAIR} == {NEWEST}


def test_an_upgraded_cluster_is_like_a_new_one(older: Older) -> None:
    cluster = older.cluster
    eventually(lambda: checks.all_ready(cluster, PAIR), deadline=60, wanted="both nodes are ready")
    checks.names_are_found(cluster, PAIR)
    checks.guestbook_is_shared(cluster, PAIR, through="k8s.minion1.dev")
    checks.nothing_changes(cluster, PAIR)
    for host in PAIR:
        docker.streams_work(cluster, host)
        docker.keeps_images_below_its_own_directory(cluster, host)
        docker.gives_containers_what_the_machine_allows(cluster, host)
