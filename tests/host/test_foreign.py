# SPDX-License-Identifier: GPL-3.0-or-later
"""F30, F31: what others have set up on a host is refused by name, before anything is changed."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
import yaml

from .engine import Engine


def of_role(role: str, name: str) -> list[dict[str, t.Any]]:
    """Looks as a role describes them, on a host where nothing is ours."""
    path = pathlib.Path(__file__).parents[2] / f"roles/{role}/vars/main.yml"
    return [{**look, "of": []} for look in yaml.safe_load(path.read_text(encoding="utf-8"))[name]]


def package(name: str) -> str:
    """Makes and installs a package of this name."""
    lines = [f"Name: {name}", "Version: 1", "Release: 1", "Summary: For a test", "License: none", "%description", "None.", "%files"]
    build = "rpmbuild -bb --quiet --define '_topdir /root/made' --define '_rpmdir /root/made' --define '_build_name_fmt package.rpm'"
    return "\n".join(
        [
            "mkdir /root/made && cat >/root/made/package.spec <<'END'",
            *lines,
            "END",
            f"{build} /root/made/package.spec && rpm --upgrade /root/made/package.rpm && rm -r /root/made",
        ]
    )


LOOKS: list[dict[str, t.Any]] = [
    {"service": "nftables.service"},
    {"unit": "kubelet.service"},
    {"port": "10250/tcp", "of": ["kubelet.service"]},
    {"file": "/etc/kubernetes/manifests/etcd.yaml", "remedy": "remove it by `kubeadm reset`"},
    {"cni": "/etc/cni/net.d/10-flannel.conflist"},
    {"interface": "vxlan.calico"},
    *of_role("docker", "__docker_looks_of_packages"),
    *of_role("docker", "__docker_looks_of_releases"),
]
DROP_IN = "/etc/systemd/system/kubelet.service.d/10-kubeadm.conf"
FOREIGN = {
    "nftables.service": (
        "printf '[Service]\\nExecStart=/bin/true\\nType=oneshot\\nRemainAfterExit=yes\\n' >/run/systemd/system/nftables.service; "
        "systemctl daemon-reload; systemctl start nftables",
        "systemctl stop nftables; rm /run/systemd/system/nftables.service; systemctl daemon-reload",
    ),
    DROP_IN: (
        f"mkdir -p {DROP_IN.rpartition('/')[0]}; printf '[Service]\\nExecStart=\\nExecStart=/usr/bin/kubelet\\n' >{DROP_IN}",
        f"rm -r {DROP_IN.rpartition('/')[0]}",
    ),
    "10250/tcp": (
        "systemd-run --quiet --unit=holder python3 -c 'import socket, time; s = socket.create_server((\"\", 10250)); time.sleep(600)'; "
        "for i in $(seq 50); do ss -ltn | grep -q :10250 && break; sleep 0.1; done",
        "systemctl stop holder",
    ),
    "/etc/kubernetes/manifests/etcd.yaml": (
        "mkdir -p /etc/kubernetes/manifests; touch /etc/kubernetes/manifests/etcd.yaml",
        "rm -r /etc/kubernetes",
    ),
    "/etc/cni/net.d/10-calico.conflist": (
        "mkdir -p /etc/cni/net.d; touch /etc/cni/net.d/10-calico.conflist /etc/cni/net.d/87-podman.conflist",
        "rm -r /etc/cni/net.d",
    ),
    "podman-docker": (package("podman-docker"), "rpm --erase podman-docker"),
    "/etc/dnf/vars/releasever": ("mkdir -p /etc/dnf/vars; echo 9.4 >/etc/dnf/vars/releasever", "rm /etc/dnf/vars/releasever"),
    "vxlan.calico": ("ip link add vxlan.calico type bridge", "ip link delete vxlan.calico"),
}


def description(*accepted: str) -> dict[str, t.Any]:
    foreign = {"looks": LOOKS, "accepted": list(accepted), "variable": "host_foreign_accepted"}
    return {"name": "foreign", "foreign": foreign, "files": [{"path": "/etc/changed", "content": "x\n"}]}


@pytest.fixture
def others(engine: Engine) -> t.Iterator[Engine]:
    for setting_up, _removing in FOREIGN.values():
        engine.on_host(setting_up)
    yield engine
    for _setting_up, removing in FOREIGN.values():
        engine.on_host(removing)


def test_f31_everything_of_others_is_named_before_the_first_change(others: Engine) -> None:
    message = others.component(description(), fails=True).message
    for name in FOREIGN:
        assert f"[{name}]" in message, message
    assert "87-podman" not in message
    assert "holder.service" in message
    assert "`kubeadm reset`" in message
    assert others.on_host("ls /etc/changed", check=False) == ""
    some = [name for name in FOREIGN if name != "vxlan.calico"]
    assert "ip link delete vxlan.calico" in others.component(description(*some), "--check", fails=True).message
    assert others.component(description(*FOREIGN)).done == [("file", "write", "/etc/changed")]
    others.on_host("rm /etc/changed")


def test_el21_what_works_against_the_cluster_is_told_and_nothing_is_refused(engine: Engine) -> None:
    looks = of_role("host", "__host_names_of_others")
    engine.on_host("mkdir -p /etc/cloud/cloud.cfg.d; echo 'manage_etc_hosts: true' >/etc/cloud/cloud.cfg.d/99-openstack.cfg")
    try:
        outcome = engine.component({"name": "foreign", "foreign": {"looks": looks}})
        assert outcome.done == []
        assert "/etc/cloud/cloud.cfg.d/99-openstack.cfg has `manage_etc_hosts: true`: cloud-init" in " ".join(outcome.output.split())
    finally:
        engine.on_host("rm -r /etc/cloud")


DOCKER = {
    "of": ["docker.service"],
    "docker": {
        "unit": "docker.service",
        "configuration": "/etc/docker/daemon.json",
        "settings": {"live-restore": True, "log-driver": "json-file"},
        "socket": "/run/docker.sock",
        "data_directory": "/var/lib/docker",
    },
}


def docker(**settings: t.Any) -> dict[str, t.Any]:
    look = {**DOCKER, "docker": {**DOCKER["docker"], "settings": {**DOCKER["docker"]["settings"], **settings}}}  # type: ignore[dict-item]
    return {"name": "foreign", "foreign": {"looks": [look]}}


def test_f30_settings_and_containers_of_a_docker_are_not_lost(engine: Engine) -> None:
    engine.component({"name": "docker", "packages": ["docker-ce", "docker-ce-cli", "containerd.io"]})
    engine.on_host("""mkdir -p /etc/docker /data; echo '{"data-root": "/data/docker"}' >/etc/docker/daemon.json""")
    engine.on_host("systemctl start docker; systemctl is-active docker")
    try:
        message = engine.component(docker(), fails=True).message
        assert '{"data-root": "/data/docker"}' in message
        assert "docker_daemon_options" in message
        kept = {"data-root": "/data/docker"}
        assert engine.component(docker(**kept)).done == []
        engine.on_host(
            "docker import - mine:1 </dev/null >/dev/null 2>&1; mkdir -p /tmp/image/bin; cp /bin/sleep /tmp/image/bin/; "
            "for l in $(ldd /bin/sleep | grep -o '/[^ ]*'); do install -D $l /tmp/image/$l; done; "
            "tar -C /tmp/image -c . | docker import - mine:1; docker run -d --net=none --name=database mine:1 /bin/sleep 600"
        )
        message = engine.component(docker(**kept), fails=True).message
        assert "kill the containers database" in message
        engine.on_host("""echo '{"data-root": "/data/docker", "live-restore": true}' >/etc/docker/daemon.json; systemctl reload docker""")
        assert engine.component(docker(**kept)).done == []
    finally:
        engine.on_host("docker rm --force database; systemctl stop docker docker.socket; rm /etc/docker/daemon.json", check=False)
