# SPDX-License-Identifier: GPL-3.0-or-later
"""Releases in upstream's form: paths, archives, checksums; fetched ones are verified."""

from __future__ import annotations

import hashlib
import io
import pathlib
import re
import tarfile
import threading
from collections.abc import Iterator

import pytest

from barelab import artifacts, artifacts_archive, artifacts_progress, artifacts_upstream, releases_docker
from barelab.errors import LabError
from barelab.mirror import Server
from barelab.releases import Artifact

ETCD = "github.com/etcd-io/etcd/releases/download/v3.7.2/etcd-v3.7.2-linux-amd64.tar.gz"


def artifact(name: str, version: str) -> Artifact:
    return releases_docker.any_program(name).artifacts(version, "amd64")[0]


@pytest.mark.parametrize(
    ("name", "version", "path", "checksum", "member"),
    [
        ("kubernetes", "1.37.1", "dl.k8s.io/release/v1.37.1/bin/linux/amd64/kubelet", "kubelet.sha256", None),
        ("etcd", "3.7.2", ETCD, "SHA256SUMS", "etcd-v3.7.2-linux-amd64/etcdctl"),
        (
            "cri-dockerd",
            "0.4.4",
            "github.com/Mirantis/cri-dockerd/releases/download/v0.4.4/cri-dockerd-0.4.4.amd64.tgz",
            "cri-dockerd-0.4.4.amd64.tgz.sha256",
            "cri-dockerd/cri-dockerd",
        ),
        (
            "flannel",
            "0.28.9",
            "github.com/flannel-io/flannel/releases/download/v0.28.9/flannel-v0.28.9-linux-amd64.tar.gz",
            "flannel-v0.28.9-linux-amd64.tar.gz.sha256",
            "flanneld",
        ),
        (
            "cni-plugins",
            "1.9.1",
            "github.com/containernetworking/plugins/releases/download/v1.9.1/cni-plugins-linux-amd64-v1.9.1.tgz",
            "cni-plugins-linux-amd64-v1.9.1.tgz.sha256",
            "./bridge",
        ),
        ("runc", "1.5.3", "github.com/opencontainers/runc/releases/download/v1.5.3/runc.amd64", "runc.sha256sum", None),
        (
            "docker-cli",
            "29.8.1",
            "download.docker.com/linux/static/stable/x86_64/docker-29.8.1.tgz",
            "docker-29.8.1.tgz.sha256",
            "docker/docker",
        ),
    ],
)
def test_upstream_layout(name: str, version: str, path: str, checksum: str, member: str | None) -> None:
    found = artifact(name, version)
    assert found.path == path
    assert found.checksum_path == path.rsplit("/", 1)[0] + "/" + checksum
    assert member in found.members if member else not found.members


def test_a_file_may_be_called_otherwise_than_its_program() -> None:
    assert artifact("runc", "1.5.3").programs() == ["runc"]
    assert artifact("kubernetes", "1.37.1").programs() == ["kubelet"]
    assert "etcdctl" in artifact("etcd", "3.7.2").programs()


def test_archives_are_the_same_from_the_same_programs(tmp_path: pathlib.Path) -> None:
    members = {}
    for name in ("b", "a"):
        (tmp_path / name).write_bytes(name.encode() * 1000)
        members[f"top/{name}"] = tmp_path / name
    artifacts_archive.write(target=tmp_path / "one.tgz", members=members)
    (tmp_path / "a").touch()
    artifacts_archive.write(target=tmp_path / "two.tgz", members=dict(reversed(members.items())))
    assert (tmp_path / "one.tgz").read_bytes() == (tmp_path / "two.tgz").read_bytes()
    with tarfile.open(tmp_path / "one.tgz") as archive:
        assert [(item.name, item.mode, item.uid, item.mtime) for item in archive] == [
            ("top", 0o755, 0, 0),
            ("top/a", 0o755, 0, 0),
            ("top/b", 0o755, 0, 0),
        ]
    assert artifacts_archive.read(tmp_path / "one.tgz", member="top/b") == b"b" * 1000
    with pytest.raises(LabError, match="has no member top/c"):
        artifacts_archive.read(tmp_path / "one.tgz", member="top/c")


def test_checksum_files_are_in_upstreams_form(tmp_path: pathlib.Path) -> None:
    for item in (artifact("kubernetes", "1.37.1"), artifact("etcd", "3.7.2")):
        (tmp_path / item.path).parent.mkdir(parents=True)
        (tmp_path / item.path).write_bytes(b"program")
        artifacts.write_checksum(artifact=item, folder=tmp_path)
        text = (tmp_path / item.checksum_path).read_text()
        assert artifacts_upstream.published_digest(text=text, artifact=item) == hashlib.sha256(b"program").hexdigest()
    assert text == f"{hashlib.sha256(b'program').hexdigest()}  etcd-v3.7.2-linux-amd64.tar.gz\n"


@pytest.fixture
def upstream(tmp_path: pathlib.Path) -> Iterator[tuple[str, pathlib.Path]]:
    """A server that stands for the internet; gives what to put before a path, and its folder."""
    folder = tmp_path / "internet"
    folder.mkdir()
    with Server(address=("127.0.0.1", 0), folder=folder) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/", folder
        server.shutdown()
        thread.join()


def publish(folder: pathlib.Path, *, content: bytes, checksum: str) -> None:
    file = folder / ETCD
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    (file.parent / "SHA256SUMS").write_text(f"{'0' * 64}  another.tar.gz\n{checksum}  {file.name}\n")


def test_a_release_is_fetched_and_verified(upstream: tuple[str, pathlib.Path], tmp_path: pathlib.Path) -> None:
    scheme, folder = upstream
    publish(folder, content=b"etcd", checksum=hashlib.sha256(b"etcd").hexdigest())
    artifacts_upstream.fetch(artifact=artifact("etcd", "3.7.2"), folder=tmp_path / "cache", scheme=scheme)
    assert (tmp_path / "cache" / ETCD).read_bytes() == b"etcd"


def test_a_release_of_another_checksum_is_refused(upstream: tuple[str, pathlib.Path], tmp_path: pathlib.Path) -> None:
    scheme, folder = upstream
    publish(folder, content=b"etcd", checksum="1" * 64)
    with pytest.raises(LabError, match=r"has sha256 .*SHA256SUMS says 1{64}"):
        artifacts_upstream.fetch(artifact=artifact("etcd", "3.7.2"), folder=tmp_path / "cache", scheme=scheme)


def test_a_release_that_is_not_there_is_one_error(upstream: tuple[str, pathlib.Path], tmp_path: pathlib.Path) -> None:
    with pytest.raises(LabError, match="404"):
        artifacts_upstream.fetch(artifact=artifact("etcd", "3.7.2"), folder=tmp_path / "cache", scheme=upstream[0])


@pytest.mark.parametrize(("name", "value", "expected"), [("CI", "true", True), ("BAREHOST_LAB_OFFLINE", "1", True), ("CI", "false", False)])
def test_the_probe_can_be_turned_off(monkeypatch: pytest.MonkeyPatch, name: str, value: str, expected: bool) -> None:
    for variable in artifacts_upstream.OFFLINE_VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv(name, value)
    assert artifacts_upstream.offline() is expected


def test_the_probe_tells_who_listens(monkeypatch: pytest.MonkeyPatch, upstream: tuple[str, pathlib.Path]) -> None:
    for variable in artifacts_upstream.OFFLINE_VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    port = int(upstream[0].rstrip("/").rsplit(":", 1)[1])
    assert artifacts_upstream.Probe(host="127.0.0.1", port=port).reachable()
    monkeypatch.setenv("CI", "1")
    assert not artifacts_upstream.Probe(host="127.0.0.1", port=port).reachable()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stream", "start"), [(io.StringIO(), "building"), (Terminal(), "\r\x1b[K")])
def test_progress_says_what_and_how_long(stream: io.StringIO, start: str) -> None:
    with artifacts_progress.working("building", stream=stream, log_interval=0.05):
        threading.Event().wait(0.2)
    assert stream.getvalue().startswith(start)
    (seconds,) = re.findall(r"building: done in (\d+\.\d) s\n", stream.getvalue())
    assert float(seconds) >= 0.2
    with pytest.raises(KeyError), artifacts_progress.working("building", stream=stream):
        raise KeyError
    assert re.search(r"building: failed after \d+\.\d s\n", stream.getvalue())
