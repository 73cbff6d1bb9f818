# SPDX-License-Identifier: GPL-3.0-or-later
"""F33: a cluster whose registry asks for a login, for the images of pods and for the pause image."""

from __future__ import annotations

import collections.abc
import ctypes
import json
import pathlib
import subprocess

import pytest

from . import checks
from .driver import ROOT, Cluster, eventually, lab_command
from .setups import bare_hosts

# isort: split
from barelab import registry, services

HOST = "k8s.allinone.dev"
PORT = registry.PORT + 1
USER, PASSWORD = "cluster", "pass:word-4711"


def hashed(password: str) -> str:
    """As htpasswd -B does: docker-registry takes no other kind."""
    crypt = ctypes.CDLL("libcrypt.so.1").crypt
    crypt.restype = ctypes.c_char_p
    return str(crypt(password.encode(), b"$2y$05$abcdefghijklmnopqrstuu").decode())


@pytest.fixture(scope="module")
def closed(
    request: pytest.FixtureRequest, artefacts: pathlib.Path, tmp_path_factory: pytest.TempPathFactory
) -> collections.abc.Iterator[Cluster]:
    """A bare host, and beside the lab's registry one that serves the same images to those who log in."""
    folder = tmp_path_factory.mktemp("registry")
    address = services.DEFAULT_ADDRESS
    settings = json.loads(registry.configuration(address=address))
    (folder / "htpasswd").write_text(f"{USER}:{hashed(PASSWORD)}\n")
    settings["auth"] = {"htpasswd": {"realm": "lab", "path": str(folder / "htpasswd")}}
    settings["http"]["addr"] = f"{address}:{PORT}"
    (folder / "registry.yml").write_text(json.dumps(settings))
    with bare_hosts(ROOT / "inventories" / "all-in-one", session=request.session, artefacts=artefacts) as cluster:
        authority = (registry.certificates(address) / "ca.crt").read_text()
        cluster.on(HOST, f"mkdir -p /etc/docker/certs.d/{address}:{PORT}; echo '{authority}' >/etc/docker/certs.d/{address}:{PORT}/ca.crt")
        with subprocess.Popen(lab_command("run", *registry.command(folder / "registry.yml"))) as process:
            try:
                unauthorised = ("--insecure", "--output", "/dev/null", "--write-out", "%{http_code}")
                url = f"https://{address}:{PORT}/v2/"
                eventually(lambda: cluster.curl(url, *unauthorised).stdout == "401", deadline=20, wanted="the registry asks for a login")
                yield cluster
            finally:
                process.terminate()


def test_f33_images_are_pulled_with_the_login(closed: Cluster) -> None:
    where = f"{services.DEFAULT_ADDRESS}:{PORT}"
    logins = [{"registry": where, "username": USER, "password": PASSWORD}]
    values = json.dumps({"cluster_image_registry": where, "docker_registry_logins": logins})
    done = closed.playbook("playbooks/site.yml", "-vv", "--diff", "-e", values)
    checks.all_ready(closed, [HOST])
    images = closed.on(HOST, "docker images --format '{{.Repository}}'").split()
    assert {f"{where}/pause", f"{where}/coredns/coredns"} <= set(images)
    assert "without credentials" not in closed.on(HOST, "journalctl --no-pager -u cri-docker")
    encoded = closed.on(
        HOST, "stat --format '%a %U' /var/lib/kubelet/config.json /var/lib/cri-dockerd/config.json; cat /var/lib/kubelet/config.json"
    )
    assert encoded.splitlines()[:2] == ["600 root", "600 root"]
    token = json.loads(encoded.split("\n", 2)[2])["auths"][where]["auth"]
    for secret in (PASSWORD, token):
        assert secret not in done.output
        assert secret not in closed.on(HOST, "journalctl --no-pager")
    assert closed.playbook("playbooks/site.yml", "-e", values).actions() == []
    without = json.dumps({"cluster_image_registry": where})
    files = ["/var/lib/cri-dockerd/config.json", "/var/lib/kubelet/config.json"]
    assert sorted(action[1:] for action in closed.playbook("playbooks/site.yml", "-e", without).actions()) == [
        ("absent", "remove", path) for path in files
    ]
    for path in files:
        closed.on(HOST, f"echo '{{}}' >{path}")
    assert closed.playbook("playbooks/site.yml", "-e", without).actions() == []
    assert closed.on(HOST, f"cat {' '.join(files)}").split() == ["{}", "{}"], "what somebody else has written stays"
