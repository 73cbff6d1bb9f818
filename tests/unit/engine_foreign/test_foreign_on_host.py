# SPDX-License-Identifier: GPL-3.0-or-later
"""F30, F31: what a host says of the work of others, looked for below a temporary root. Runs on Python 3.9 too."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import foreign, foreign_ports, foreign_units
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import commands, listeners, ours

UNIT = "kube-apiserver.service"
DOCKER: dict[str, t.Any] = {
    "unit": "docker.service",
    "configuration": "/etc/docker/daemon.json",
    "settings": {"log-driver": "json-file", "log-opts": {"max-file": "5"}},
    "socket": "/run/docker.sock",
    "data_directory": "/var/lib/docker",
}


@pytest.fixture
def root(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.setattr(foreign, "ROOT", str(tmp_path))
    monkeypatch.setattr(ours, "INPUTS_DIRECTORY", str(tmp_path / "inputs"))
    return tmp_path


def put(root: pathlib.Path, path: str, text: str = "") -> None:
    place = root / path.lstrip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, encoding="utf-8")


def names(*looks: dict[str, t.Any]) -> list[tuple[str, bool]]:
    """(name, whether it is refused) of everything found."""
    (state,) = foreign.collect([{"looks": list(looks)}])
    return [(finding["name"], not finding.get("harmless")) for findings in state["findings"] for finding in findings]


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("[Service]\nExecStart=\nExecStart=/usr/bin/other\n", [True]),
        ("[Service]\nExecStartPre=\n", [True]),  # takes away the helper that records what the unit is started with
        ("[Service]\nEnvironmentFile=\n", [True]),
        ("[Service]\n# ExecStart=x\nLimitNOFILE=4096\nEnvironment=HTTPS_PROXY=http://proxy:3128 \\\n  ExecStart=/x\n", [False]),
        ("[Service]\nExecStartPre=/usr/bin/mine\nEnvironmentFile=-/etc/mine\n", [False]),
        ("[Unit]\n", []),
    ],
)
@pytest.mark.parametrize("directory", ["/etc/systemd/system/kube-apiserver.service.d", "/usr/lib/systemd/system/kube-.service.d"])
def test_f31_only_drop_ins_that_win_over_ours_are_refused(root: pathlib.Path, text: str, refused: list[bool], directory: str) -> None:
    put(root, f"{directory}/20-mine.conf", text)
    put(root, f"{directory}/10-barehost.conf", "[Service]\nExecStartPre=-+/stamp\n")
    found = foreign_units.find(UNIT, written=True, runs=False, root=str(root))
    told = [one for one in refused if one or directory.startswith("/etc/")]
    assert [(finding["name"], not finding.get("harmless")) for finding in found] == [(f"{directory}/20-mine.conf", one) for one in told]


def test_f31_a_drop_in_that_another_hides_does_not_count(root: pathlib.Path) -> None:
    put(root, f"/usr/lib/systemd/system/{UNIT}.d/x.conf", "[Service]\nExecStart=/x\n")
    (root / f"etc/systemd/system/{UNIT}.d").mkdir(parents=True)
    (root / f"etc/systemd/system/{UNIT}.d/x.conf").symlink_to("/dev/null")
    assert foreign_units.find(UNIT, written=True, runs=False, root=str(root)) == []


def test_f31_harmless_drop_ins_are_told_of_until_the_unit_is_ours(root: pathlib.Path) -> None:
    put(root, f"/etc/systemd/system/{UNIT}.d/x.conf", "[Service]\nNice=5\n")
    assert len(foreign_units.find(UNIT, written=True, runs=False, root=str(root))) == 1
    put(root, f"inputs/{UNIT}")
    assert foreign_units.find(UNIT, written=True, runs=True, root=str(root)) == []


def test_f31_a_unit_file_of_others_is_refused_where_ours_would_replace_it(root: pathlib.Path) -> None:
    path = f"/etc/systemd/system/{UNIT}"
    put(root, path, "[Service]\nExecStart=/x\n")
    assert [one["name"] for one in foreign_units.find(UNIT, written=True, runs=True, root=str(root))] == [path]
    assert foreign_units.find(UNIT, written=False, runs=True, root=str(root)) == []
    put(root, f"inputs/{UNIT}")
    assert foreign_units.find(UNIT, written=True, runs=True, root=str(root)) == []
    (root / "inputs" / UNIT).unlink()
    put(root, path, f"# {ours.MANAGED}\n[Service]\nExecStart=/x\n")
    assert foreign_units.find(UNIT, written=True, runs=False, root=str(root)) == []
    assert [one["name"] for one in foreign_units.find(UNIT, written=True, runs=True, root=str(root))] == [UNIT]


def test_f31_configurations_of_cni_that_come_before_ours(root: pathlib.Path) -> None:
    for name in ("10-calico.conflist", "00-x.conf", "05.json", "10-flannel.conflist", "87-podman.conflist", "00-readme.txt"):
        put(root, f"/etc/cni/net.d/{name}")
    look = {"cni": "/etc/cni/net.d/10-flannel.conflist"}
    assert names(look) == [(f"/etc/cni/net.d/{name}", True) for name in ("00-x.conf", "05.json", "10-calico.conflist")]


def test_f31_a_look_ends_where_the_unit_is_ours(root: pathlib.Path) -> None:
    put(root, "/etc/cni/net.d/10-flannel.conflist")
    look = {"file": "/etc/cni/net.d/10-flannel.conflist", "of": ["flanneld.service"]}
    assert names(look) == [("/etc/cni/net.d/10-flannel.conflist", True)]
    put(root, "inputs/flanneld.service")
    assert names(look) == []


@pytest.mark.parametrize(
    ("state", "found"),
    [
        ("ActiveState=active\nUnitFileState=enabled", "runs and is enabled"),
        ("ActiveState=inactive\nUnitFileState=enabled", "is enabled"),
        ("ActiveState=activating\nUnitFileState=", "runs"),
        ("ActiveState=inactive\nUnitFileState=disabled", ""),
        ("ActiveState=inactive\nUnitFileState=masked", ""),
    ],
)
def test_f31_services_that_run_or_will(root: pathlib.Path, monkeypatch: pytest.MonkeyPatch, state: str, found: str) -> None:
    monkeypatch.setattr(foreign, "run", lambda argv: commands.Completed(0, f"Id=k3s.service\n{state}\n", ""))
    (result,) = foreign.collect([{"looks": [{"service": "k3s.service"}]}])
    assert [one["found"] for one in result["findings"][0]] == ([f"k3s.service {found}"] if found else [])


HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"


def test_f31_who_holds_a_port(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listeners, "PROC", str(tmp_path))
    put(tmp_path, "net/tcp", HEAD + "   0: 00000000:280A 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 77 1\n")
    put(tmp_path, "net/udp", HEAD + "   0: 00000000:2118 00000000:0000 07 00000000:00000000 00:00000000 00000000 0 0 0 1\n")
    put(tmp_path, "300/comm", "kubelet\n")
    put(tmp_path, "300/cgroup", "0::/system.slice/kubelet.service\n")
    (tmp_path / "300/fd").mkdir()
    (tmp_path / "300/fd/3").symlink_to("socket:[77]")
    assert foreign_ports.find("10250/tcp")[0]["found"] == "the port 10250/tcp is held by kubelet (process 300, kubelet.service)"
    assert "the kernel" in foreign_ports.find("8472/udp")[0]["found"]
    assert foreign_ports.find("10250/udp") == foreign_ports.find("10251/tcp") == []


@pytest.mark.parametrize(
    ("settings", "shown"),
    [
        ({"log-driver": "json-file"}, None),
        ({}, None),
        ({"log-driver": "journald", "log-opts": {"max-file": "5"}}, '{"log-driver": "journald"}'),
        ({"log-opts": {"max-file": "5", "compress": "true"}}, '{"log-opts": {"compress": "true", "max-file": "5"}}'),
        ({"proxies": {"http-proxy": "http://me:secret@proxy:3128"}}, '{"proxies": {"http-proxy": "http://(hidden)@proxy:3128"}}'),
        (["x"], "is no JSON object"),
    ],
)
def test_f30_settings_of_docker_that_would_be_lost(root: pathlib.Path, settings: t.Any, shown: str | None) -> None:
    put(root, "/etc/docker/daemon.json", json.dumps(settings))
    (state,) = foreign.collect([{"looks": [{"docker": DOCKER, "of": ["docker.service"]}]}])
    found = [one["found"] for one in state["findings"][0]]
    assert [shown in text for text in found if shown] == ([True] if shown else [])
    assert bool(found) == bool(shown)


def test_f30_settings_of_docker_that_cannot_be_read_are_refused(root: pathlib.Path) -> None:
    put(root, "/etc/docker/daemon.json", "{")
    assert names({"docker": DOCKER}) == [("/etc/docker/daemon.json", True)]
    put(root, "/etc/docker/daemon.json", "\n")
    assert names({"docker": DOCKER}) == []


# As Docker 26.1 and 29 have them, of one running container each.
GRAPH_DRIVER = f"overlay /var/lib/docker/overlay2/{'ab' * 32}/merged overlay rw,relatime,lowerdir=/var/lib/docker/overlay2/l/X 0 0"
CONTAINERD = f"overlay /var/lib/docker/rootfs/overlayfs/{'cd' * 32} overlay rw,relatime,lowerdir=/var/lib/containerd/x/1/fs 0 0"
OTHERS = "\n".join(
    [
        "/dev/vda1 / xfs rw 0 0",
        "shm /var/lib/docker/containers/1/mounts/shm tmpfs rw 0 0",
        f"overlay /data/docker/overlay2/{'ef' * 32}/merged overlay rw 0 0",
        "line",
    ]
)


@pytest.mark.parametrize(
    ("store", "mounts", "found"),
    [
        ("graph-driver", f"{OTHERS}\n{GRAPH_DRIVER}\n", []),
        ("graph-driver", f"{GRAPH_DRIVER}\n{CONTAINERD}\n", ["image-store:containerd"]),
        ("containerd", f"{CONTAINERD}\n{OTHERS}\n", []),
        ("containerd", f"{OTHERS}\n{GRAPH_DRIVER}\n{GRAPH_DRIVER}\n", ["image-store:graph-driver"]),
        ("containerd", "", []),
    ],
)
def test_containers_that_docker_would_not_know_after_its_start_are_found(
    root: pathlib.Path, monkeypatch: pytest.MonkeyPatch, store: str, mounts: str, found: list[str]
) -> None:
    put(root, "/proc/self/mounts", mounts)
    monkeypatch.setattr(listeners, "PROC", str(root / "proc"))
    assert names({"image_store": {"store": store, "data_directory": "/var/lib/docker"}}) == [(name, True) for name in found]
