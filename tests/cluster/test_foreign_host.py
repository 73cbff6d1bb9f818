# SPDX-License-Identifier: GPL-3.0-or-later
"""F30, F31: a host on which somebody else works is refused before anything is changed, or keeps what it has."""

from __future__ import annotations

import collections.abc
import pathlib

import pytest

from . import checks
from .driver import ROOT, Cluster
from .setups import bare_hosts

HOST = "k8s.allinone.dev"
DROP_IN = "/etc/systemd/system/kubelet.service.d/10-kubeadm.conf"
PROXY = "/etc/systemd/system/docker.service.d/http-proxy.conf"
OPTIONS = """{"docker_daemon_options": {"data-root": "/data/docker", "debug": true}}"""
DIGESTS = "find /etc /usr/local -xdev -type f -exec sha256sum {} + | sort; ls /var/lib"
# An image of one program, because the lab has no registry of others.
CONTAINER = """set -e
mkdir -p /tmp/image/bin; cp /bin/sleep /tmp/image/bin/
for library in $(ldd /bin/sleep | grep -o '/[^ ]*'); do install -D $library /tmp/image/$library; done
tar -C /tmp/image -c . | docker import - mine:1
docker run --detach --net=none --name=database mine:1 /bin/sleep 6000"""


@pytest.fixture(scope="module")
def used(request: pytest.FixtureRequest, artefacts: pathlib.Path) -> collections.abc.Iterator[Cluster]:
    """A host with a Docker of its own, in which a container runs, and with what kubeadm has left."""
    with bare_hosts(ROOT / "inventories" / "all-in-one", session=request.session, artefacts=artefacts) as cluster:
        cluster.on(HOST, "dnf -y install docker-ce docker-ce-cli containerd.io chrony", timeout=300)
        cluster.on(HOST, "echo 'allow 10.0.0.0/8' >>/etc/chrony.conf")
        cluster.on(HOST, """mkdir -p /etc/docker; echo '{"data-root": "/data/docker", "debug": true}' >/etc/docker/daemon.json""")
        cluster.on(HOST, f"mkdir -p {PROXY.rpartition('/')[0]}; printf '[Service]\\nEnvironment=MINE=1\\n' >{PROXY}")
        cluster.on(HOST, "systemctl daemon-reload; systemctl enable --now docker")
        cluster.on(HOST, CONTAINER)
        lines = "[Service]\\nExecStart=\\nExecStart=/usr/bin/kubelet\\n"
        cluster.on(HOST, f"mkdir -p {DROP_IN.rpartition('/')[0]}; printf '{lines}' >{DROP_IN}")
        yield cluster


def container_runs(cluster: Cluster) -> str:
    return cluster.on(HOST, "docker inspect --format '{{.State.StartedAt}} {{.State.Running}}' database").strip()


def test_a_new_host_that_is_not_fit_is_refused_before_anything_is_changed(used: Cluster) -> None:
    used.on(HOST, "mkdir -p /var/lib/etcd && mount -t tmpfs -o size=64m unfit /var/lib/etcd")
    before = used.on(HOST, DIGESTS)
    try:
        for arguments in (["--check"], []):
            refused = used.playbook("playbooks/site.yml", *arguments, check=False)
            assert refused.returncode == 2 and refused.changed == []
            assert f"{HOST}: /var/lib/etcd is on a tmpfs; wanted: a disk" in refused.output
            assert "[disk-in-memory]" in refused.output and "site_preflight_skip=" in refused.output
        assert used.on(HOST, DIGESTS) == before
        misspelt = used.playbook("playbooks/site.yml", "-e", "site_preflight_skip=disk-in-memry", check=False)
        assert "site_preflight_skip has 'disk-in-memry'" in misspelt.output and misspelt.changed == []
        skipped = used.playbook("playbooks/site.yml", "-e", "site_preflight_skip=disk-in-memory", check=False)
        assert "[disk-in-memory]" not in skipped.output and "[docker.service]" in skipped.output, "what comes next refuses"
    finally:
        used.on(HOST, "umount /var/lib/etcd && rmdir /var/lib/etcd")


def test_f30_f31_what_others_have_is_refused_before_anything_is_changed(used: Cluster) -> None:
    before, started = used.on(HOST, DIGESTS), container_runs(used)
    for arguments in (["--check"], []):
        refused = used.playbook("playbooks/site.yml", *arguments, check=False)
        assert refused.returncode != 0
        for name in (DROP_IN, "/etc/docker/daemon.json", "docker.service"):
            assert f"[{name}]" in refused.output
        assert '{"data-root": "/data/docker", "debug": true}' in refused.output
        assert "kill the containers database" in refused.output
        assert not [result for result in refused.changed if result["host"] == HOST]
    assert used.on(HOST, DIGESTS) == before
    assert container_runs(used) == started


def test_the_clock_can_be_left_alone(used: Cluster) -> None:
    accepted = (
        f"""{{"host_foreign_accepted": ["{DROP_IN}", "/etc/docker/daemon.json", "docker.service"], "host_time_state": "unmanaged"}}"""
    )
    predicted = used.playbook("playbooks/site.yml", "--check", "--tags=host", "-e", accepted)
    assert predicted.changed
    assert not [action for action in predicted.actions() if "chron" in action[3]]


def test_f30_a_docker_keeps_its_directory_its_settings_and_its_containers(used: Cluster) -> None:
    started = container_runs(used)
    used.on(HOST, f"rm -r {DROP_IN.rpartition('/')[0]}")
    used.on(HOST, """echo '{"data-root": "/data/docker", "debug": true, "live-restore": true}' >/etc/docker/daemon.json""")
    used.on(HOST, "systemctl reload docker")
    done = used.playbook("playbooks/site.yml", "-e", OPTIONS)
    assert f"{PROXY} sets Environment of docker.service; it stays as it is" in " ".join(done.output.split())
    assert checks.all_ready(used, [HOST])
    assert container_runs(used) == started
    assert used.on(HOST, "docker info --format '{{.DockerRootDir}}'").strip() == "/data/docker"
    assert used.on(HOST, f"cat {PROXY}") == "[Service]\nEnvironment=MINE=1\n"
    chrony = used.on(HOST, "cat /etc/chrony.conf")
    assert "sourcedir /run/chrony-dhcp\n" in chrony
    assert "allow 10.0.0.0/8\n" in chrony
    assert "pool" not in chrony, "the inventory names servers"
    again = used.playbook("playbooks/site.yml", "-e", OPTIONS)
    assert again.actions() == []
    assert "it stays as it is" not in again.output


def test_f30_a_reset_leaves_what_was_in_use_before(used: Cluster) -> None:
    started = container_runs(used)
    used.playbook("playbooks/reset.yml", "-e", "reset_confirm=all-in-one")
    assert container_runs(used) == started
    assert used.on(HOST, "cat /etc/docker/daemon.json").strip() == '{"data-root": "/data/docker", "debug": true, "live-restore": true}'
    assert used.on(HOST, "grep -c -e '^pool' -e '^allow' /etc/chrony.conf").strip() == "2"
    assert used.on(HOST, f"cat {PROXY}") == "[Service]\nEnvironment=MINE=1\n"
