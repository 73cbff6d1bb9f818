# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook in real runs. Nobody can reach its hosts, and nobody has to."""

from __future__ import annotations

import collections.abc as c
import json
import pathlib
import shutil

import played
import pytest
import yaml
from binaries_mirror import Mirror
from mirror_bench import cluster, fill, flip, offer
from mirror_registry import Registry

# Starting ansible-playbook takes seconds.
pytestmark = pytest.mark.slow

KUBELET = "dl.k8s.io/release/v1.37.1/bin/linux/amd64/kubelet"
INVENTORY = {
    "all": {
        "vars": {
            "cluster_mirror": "https://192.0.2.1",
            "cluster_mirror_own_builds": True,
            "cluster_docker_version": "26.1.5",
            "host_packages": ["vim-enhanced"],
        },
        "hosts": {
            "m1": {"ansible_host": "127.0.0.1", "ansible_port": 1, "node_address": "192.0.2.10"},
            "m2": {"ansible_host": "127.0.0.1", "ansible_port": 1, "node_address": "192.0.2.12", "host_packages": []},
            "w1": {"ansible_host": "127.0.0.1", "ansible_port": 1, "node_address": "192.0.2.11"},
        },
        "children": {"etcd": {"hosts": {"m1": {}}}, "master": {"hosts": {"m1": {}, "m2": {}}}, "minion": {"hosts": {"w1": {}}}},
    }
}


class Site:
    """The machine with the internet: a server of programs and a registry, and a directory for the mirror."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder, self.directory = folder, folder / "mirror"
        (folder / "inventory").mkdir()
        (folder / "inventory" / "hosts.yml").write_text(yaml.safe_dump(INVENTORY))
        self.upstream, self.registry, self.own = Mirror(), Registry(), Registry()
        fill(self.upstream, cluster())
        self.images = offer(self.registry, cluster())

    def close(self) -> None:
        self.upstream.server.shutdown()
        self.registry.close()
        self.own.close()

    def run(self, *arguments: str, fails: bool = False) -> str:
        """What is shown, on one line."""
        where = ("-e", f"mirror_directory={self.directory}")
        done = played.play("mirror.yml", *where, *arguments, folder=self.folder, inventory="inventory/hosts.yml")
        shown = done.stdout + done.stderr
        assert (done.returncode != 0) == fails, shown
        assert "PLAY RECAP" in shown and "unreachable=0" in shown, shown
        return " ".join(shown.split())

    def collect(self, *arguments: str, fails: bool = False) -> str:
        sources = ("-e", f"mirror_source={self.upstream.url}", "-e", f"mirror_image_source=http://{self.registry.name}")
        return self.run(*sources, *arguments, fails=fails)

    def files(self) -> dict[str, bytes]:
        return {str(path.relative_to(self.directory)): path.read_bytes() for path in self.directory.rglob("*") if path.is_file()}


@pytest.fixture
def site(tmp_path: pathlib.Path) -> c.Iterator[Site]:
    site = Site(tmp_path)
    yield site
    site.close()


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> c.Iterator[Site]:
    """Nobody changes this one."""
    site = Site(tmp_path_factory.mktemp("collected"))
    site.collect()
    yield site
    site.close()


@pytest.fixture
def copy(collected: Site, tmp_path: pathlib.Path) -> c.Iterator[Site]:
    """A copy of that directory, with sources of the same files."""
    site = Site(tmp_path)
    shutil.copytree(collected.directory, site.directory)
    yield site
    site.close()


def test_its_life(site: Site) -> None:
    predicted = site.collect("--check")
    assert f"would be downloaded: {KUBELET} (absent)" in predicted and "changed=1" in predicted
    assert not site.directory.exists() and site.upstream.requests == [] and site.registry.requests == []
    first = site.collect()
    assert "changed=1" in first and "comes by http, in the same clear text" in first
    files = site.files()
    entries = {entry["path"]: entry for entry in json.loads(files["manifest.json"])["files"]}
    assert set(entries) == set(files) - {"manifest.json"}
    listed = [line for line in files["packages.txt"].decode().splitlines() if not line.startswith("#")]
    assert {"vim-enhanced", "docker-ce-26.1.5", "docker-ce-cli-26.1.5", "containerd.io", "haproxy", "firewalld"} <= set(listed)
    asked = len(site.upstream.requests), len(site.registry.requests)
    assert "changed=0" in site.collect() and site.files() == files
    assert (len(site.upstream.requests), len(site.registry.requests)) == asked, "what is there needs nobody"
    digest = first.partition("mirror_manifest_sha256=")[2][:64]
    verified = site.run("-e", "mirror_verify=true", "-e", f"mirror_manifest_sha256={digest}")
    assert "and the cluster needs no other" in verified and "changed=0" in verified
    target = ("-e", f"mirror_registry=http://{site.own.name}")
    assert "would be pushed" in site.run(*target, "--check") and site.own.digests() == {}
    assert "changed=1" in site.run(*target) and site.own.digests() == site.images
    assert "changed=0" in site.run(*target)


def test_any_file_that_has_changed_on_the_way_is_named_and_mended(copy: Site) -> None:
    files = copy.files()
    for path in set(files) - {"manifest.json"}:
        flip(copy.directory / path, position=len(files[path]) // 2)
    told = copy.run("-e", "mirror_verify=true", fails=True)
    assert [path for path in files if path != "manifest.json" and f"{path}: found sha256" not in told] == []
    told = copy.run("-e", f"mirror_registry=http://{copy.own.name}", fails=True)
    assert "Nothing was pushed: files differ from the manifest" in told and copy.own.requests == []
    assert "changed=1" in copy.collect() and copy.files() == files
    assert f"wanted {'0' * 64}" in copy.run("-e", "mirror_verify=true", "-e", f"mirror_manifest_sha256={'0' * 64}", fails=True)
    flip(copy.directory / "manifest.json", position=len(files["manifest.json"]) // 2)
    assert "Collect again" in copy.run("-e", "mirror_verify=true", fails=True)
    assert "Collect again" in copy.run("-e", f"mirror_registry=http://{copy.own.name}", fails=True)


def test_versions_come_and_go(copy: Site) -> None:
    before = set(copy.files())
    newer = ("-e", "cluster_kubernetes_version=1.36.3")
    fill(copy.upstream, cluster(cluster_kubernetes_version="1.36.3"))
    assert "v1.36.3/bin/linux/amd64/kubelet is not in the mirror" in copy.run("-e", "mirror_verify=true", *newer, fails=True)
    assert "files are of other versions or clusters, and stay" in copy.collect(*newer)
    assert before < set(copy.files())
    assert f"removed: {KUBELET}" in copy.collect(*newer, "-e", "mirror_prune=true")
    assert not [path for path in copy.files() if "v1.37.1" in path]


def test_what_cannot_be_had_is_named_and_nothing_is_whole_yet(site: Site) -> None:
    del site.upstream.files[f"/{KUBELET}"]
    assert f"{KUBELET}: the server answered 404" in site.collect(fails=True)
    assert "manifest.json" not in site.files()
    assert "it was not collected to its end" in site.run("-e", "mirror_verify=true", fails=True)


def test_wrong_options_are_told_before_anything_is_asked(site: Site) -> None:
    told = site.collect("-e", "mirror_architectures=x86", "-e", "mirror_verfy=true", fails=True)
    assert "wanted some of amd64 and arm64" in told and "did you mean mirror_verify?" in told
    assert site.upstream.requests == [] and not site.directory.exists()
