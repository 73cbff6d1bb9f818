# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster behind a proxy, which is the only way out, with a mirror and a registry of a private authority. F33: that asks for a login."""

from __future__ import annotations

import collections.abc
import contextlib
import json
import pathlib

import pytest

from . import checks, docker_versions
from .driver import ROOT, Cluster, eventually
from .setups import bare_hosts
from .ways_out import (
    DEAD_PROXY,
    MIRROR,
    PASSWORD,
    PROXY,
    REGISTRY,
    USER,
    authority,
    closed_registry,
    only_proxy,
    put_up_proxies_that_are_dead,
    tls_mirror,
)

pytestmark = pytest.mark.long
HOST = "k8s.allinone.dev"
LOGINS = [{"registry": REGISTRY, "username": USER, "password": PASSWORD}]
WAY_OUT = {
    "cluster_image_registry": REGISTRY,
    "cluster_mirror": MIRROR,
    "docker_repository_baseurl": f"{MIRROR}/rpm-docker-{docker_versions.DEFAULT}/",
    "docker_repository_gpgkey": "",
    "cluster_http_proxy": PROXY,
    "cluster_https_proxy": PROXY,
    "cluster_no_proxy": [".reach.dev"],
}
LOGIN_FILES = ["/var/lib/cri-dockerd/config.json", "/var/lib/kubelet/config.json"]
AUTHORITY = f"/etc/docker/certs.d/{REGISTRY}/ca.crt"


@pytest.fixture(scope="module")
def closed(
    request: pytest.FixtureRequest, artefacts: pathlib.Path, tmp_path_factory: pytest.TempPathFactory
) -> collections.abc.Iterator[tuple[Cluster, pathlib.Path]]:
    """A bare host that reaches nothing but a proxy and the time, and the log of the proxy."""
    folder = tmp_path_factory.mktemp("ways")
    with contextlib.ExitStack() as stack:
        cluster = stack.enter_context(bare_hosts(ROOT / "inventories" / "all-in-one", session=request.session, artefacts=artefacts))
        stack.enter_context(closed_registry(cluster, folder))
        stack.enter_context(tls_mirror(cluster))
        log = stack.enter_context(only_proxy(cluster, folder))
        # The lab's own authority, and Docker from the lab's own repository, are not to be found.
        cluster.on(HOST, "rm -r /etc/docker/certs.d; echo 'excludepkgs=docker-ce*,containerd.io' >>/etc/yum.repos.d/lab.repo")
        put_up_proxies_that_are_dead(cluster, HOST)
        yield cluster, log


def way_out(**more: object) -> str:
    return json.dumps({**WAY_OUT, "cluster_ca_bundle": authority(), **more})


@pytest.fixture(scope="module")
def installed(closed: tuple[Cluster, pathlib.Path]) -> str:
    """What site.yml said."""
    return closed[0].playbook("playbooks/site.yml", "-vv", "--diff", "-e", way_out(docker_registry_logins=LOGINS)).output


def test_no_other_way_leads_out(closed: tuple[Cluster, pathlib.Path]) -> None:
    get = "curl --silent --output /dev/null --insecure --max-time 5 --write-out '%{http_code} '"
    direct = closed[0].on(HOST, f"for url in {MIRROR} https://{REGISTRY}/v2/ http://192.168.200.1:8080; do {get} $url; done", check=False)
    assert direct.split() == ["000"] * 3
    assert closed[0].on(HOST, f"{get} --proxy {PROXY} https://{REGISTRY}/v2/").strip() == "401"


def test_f33_images_are_pulled_with_the_login(closed: tuple[Cluster, pathlib.Path], installed: str) -> None:
    cluster = closed[0]
    assert checks.all_ready(cluster, [HOST])
    images = cluster.on(HOST, "docker images --format '{{.Repository}}'").split()
    assert {f"{REGISTRY}/pause", f"{REGISTRY}/coredns/coredns"} <= set(images)
    assert "without credentials" not in cluster.on(HOST, "journalctl --no-pager -u cri-docker")
    encoded = cluster.on(HOST, f"stat --format '%a %U' {' '.join(LOGIN_FILES)}; cat {LOGIN_FILES[1]}")
    assert encoded.splitlines()[:2] == ["600 root", "600 root"]
    token = json.loads(encoded.split("\n", 2)[2])["auths"][REGISTRY]["auth"]
    for secret in (PASSWORD, token):
        assert secret not in installed
        assert secret not in cluster.on(HOST, "journalctl --no-pager")


def test_a_pod_has_an_image_of_that_registry(closed: tuple[Cluster, pathlib.Path], installed: str) -> None:
    cluster = closed[0]
    spec = checks.web_server("page", container={"image": f"{REGISTRY}/busybox:1.37"})
    checks.apply(cluster, checks.pod("page", labels={"app": "page"}, spec=spec))
    cluster.kubectl("wait", "pod/page", "--for=condition=Ready", "--timeout=60s")
    assert "proxy" not in cluster.kubectl("exec", "page", "--", "env").lower()


def test_all_downloads_came_through_the_proxy(closed: tuple[Cluster, pathlib.Path], installed: str) -> None:
    log = closed[1].read_text(encoding="utf-8")
    for asked in ("CONNECT 192.168.200.1:8443 ", f"CONNECT {REGISTRY} ", "GET http://192.168.200.1:8080/rpm/"):
        assert asked in log
    assert " 192.168.200.100:" not in log, "the cluster's own addresses are reached without it"


def test_nothing_else_gets_a_proxy(closed: tuple[Cluster, pathlib.Path], installed: str) -> None:
    """Neither that of the inventory, nor those of the login and of systemd, which would break the cluster."""
    cluster = closed[0]
    for unit in (*checks.ON_MASTERS, "cri-docker", "kubelet", "kube-proxy", "flanneld"):
        environment = cluster.on(HOST, f"tr '\\0' '\\n' </proc/$(systemctl show -P MainPID {unit})/environ")
        assert [line for line in environment.splitlines() if "_proxy=" in line.lower() and not line.endswith("=")] == [], unit
    assert DEAD_PROXY in cluster.on(HOST, "tr '\\0' '\\n' </proc/$(systemctl show -P MainPID docker)/environ")
    assert HOST in cluster.lab("ssh", HOST, "env | grep -q ^https_proxy= && kubectl get nodes").stdout
    cluster.playbook("playbooks/health.yml", "-e", way_out(docker_registry_logins=LOGINS))


def test_a_second_run_changes_nothing(closed: tuple[Cluster, pathlib.Path], installed: str) -> None:
    assert closed[0].playbook("playbooks/site.yml", "-e", way_out(docker_registry_logins=LOGINS)).actions() == []


def test_what_is_no_longer_wanted_goes(closed: tuple[Cluster, pathlib.Path], installed: str) -> None:
    cluster = closed[0]
    assert sorted(action[1:] for action in cluster.playbook("playbooks/site.yml", "-e", way_out()).actions()) == [
        ("absent", "remove", path) for path in LOGIN_FILES
    ]
    bare = json.dumps({"cluster_image_registry": REGISTRY})
    assert sorted(action[1:] for action in cluster.playbook("playbooks/site.yml", "-e", bare).actions()) == [
        ("absent", "remove", AUTHORITY),  # that of the repository stays with the repository, which is not managed any more
        ("file", "write", "/etc/docker/daemon.json"),
        ("unit", "restart", "docker.service"),
    ]
    assert "proxies" not in cluster.on(HOST, "cat /etc/docker/daemon.json")
    for path in LOGIN_FILES:
        cluster.on(HOST, f"echo '{{}}' >{path}")
    assert cluster.playbook("playbooks/site.yml", "-e", bare).actions() == []
    assert cluster.on(HOST, f"cat {' '.join(LOGIN_FILES)}").split() == ["{}", "{}"], "what somebody else has written stays"
    eventually(lambda: checks.all_ready(cluster, [HOST]), deadline=60, wanted="the node is ready")
