# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster from one directory that mirror.yml has collected: nothing else is reached, and no bit of it may be another."""

from __future__ import annotations

import collections.abc
import contextlib
import json
import pathlib

import pytest

from . import checks
from .driver import ROOT, Cluster
from .mirrored import DOCKER, PACKAGES, REGISTRY, URL, counted, empty_registry, flipped, nothing_else, served
from .setups import bare_hosts
from .ways_out import ADDRESS, authority

# isort: split
from barelab import system_packages

pytestmark = pytest.mark.long
HOST = "k8s.allinone.dev"
# As the lab offers them in the place of the internet.
SOURCES = {"mirror_source": f"http://{ADDRESS}:8080", "mirror_image_source": f"{ADDRESS}:5000"}
PROGRAMS = "tests/cluster/playbooks/all_programs.yml"


class Mirror:
    """The directory, and the cluster that is installed from it."""

    def __init__(self, cluster: Cluster, directory: pathlib.Path) -> None:
        self.cluster, self.directory = cluster, directory
        self.digest = ""

    def run(self, *arguments: str, check: bool = True, **variables: object) -> dict[str, object]:
        """mirror.yml in the lab's network: what its work returned."""
        given = {"mirror_directory": str(self.directory), "cluster_ca_bundle": authority(), **variables}
        run = self.cluster.playbook("playbooks/mirror.yml", "-e", json.dumps(given), *arguments, check=check, inside=True)
        assert check or run.returncode != 0
        results = [result for result in run.results if result["task"] == "Collect, compare or push"]
        return {"output": run.output, "changed": any(result["changed"] for result in results), "actions": run.actions()}

    def files(self) -> list[str]:
        entries = json.loads((self.directory / "manifest.json").read_text())["files"]
        return [entry["path"] for entry in entries]


@pytest.fixture(scope="module")
def mirror(
    request: pytest.FixtureRequest, artefacts: pathlib.Path, tmp_path_factory: pytest.TempPathFactory
) -> collections.abc.Iterator[Mirror]:
    """A bare host, and a mirror that has been collected and is served."""
    system_packages.require({"skopeo"})
    folder = tmp_path_factory.mktemp("mirror")
    with contextlib.ExitStack() as stack:
        cluster = stack.enter_context(bare_hosts(ROOT / "inventories" / "all-in-one", session=request.session, artefacts=artefacts))
        mirror = Mirror(cluster, folder / "mirror")
        predicted = mirror.run("--check", **SOURCES)
        assert not mirror.directory.exists()
        done = mirror.run(**SOURCES)
        assert done["actions"] == predicted["actions"] != []
        stack.enter_context(empty_registry(cluster, folder))
        stack.enter_context(served(cluster, mirror.directory))
        stack.enter_context(nothing_else(cluster))
        cluster.on(
            HOST, f"sed -i 's#^baseurl=.*#baseurl={URL}/{PACKAGES}/#; /lab-docker/,$d' /etc/yum.repos.d/lab.repo; rm -r /etc/docker/certs.d"
        )
        yield mirror


def offline() -> str:
    docker = {"docker_repository_baseurl": f"{URL}/{DOCKER}/", "docker_repository_gpgkey": ""}
    return json.dumps({"cluster_mirror": URL, "cluster_image_registry": REGISTRY, "cluster_ca_bundle": authority(), **docker})


def test_a_second_run_brings_nothing(mirror: Mirror) -> None:
    assert not mirror.run(**SOURCES)["changed"]
    mirror.run(mirror_verify=True)


def test_nothing_else_is_reached(mirror: Mirror) -> None:
    """Not the lab's own mirror and registry, and nothing outside: the network of the lab has no way out."""
    get = "curl --silent --output /dev/null --insecure --max-time 5 --write-out '%{http_code} '"
    others = f"http://{ADDRESS}:8080/ https://{ADDRESS}:5000/v2/ https://dl.k8s.io/ http://192.0.2.1/"
    assert mirror.cluster.on(HOST, f"for url in {others}; do {get} $url; done", check=False).split() == ["000"] * 4
    assert mirror.cluster.on(HOST, f"{get} {URL}/manifest.json").strip() == "200"
    before = counted(mirror.cluster)
    assert before["tried"] > 0 and before["refused"] > 0, "the counters count"
    assert before["left"] == 0


def test_a_bit_of_each_file_is_flipped_once(mirror: Mirror) -> None:
    """Each is named where the directory is compared, and no registry gets one."""
    files = mirror.files()
    with flipped(mirror.directory, files):
        told = str(mirror.run(check=False, mirror_verify=True)["output"])
        assert [path for path in files if f"{path}: found sha256" not in told] == []
        assert "Nothing was pushed" in str(mirror.run(check=False, mirror_registry=REGISTRY)["output"])
    catalog = mirror.cluster.curl(f"https://{REGISTRY}/v2/_catalog", "--insecure").stdout
    assert json.loads(catalog) == {"repositories": []}
    with flipped(mirror.directory, ["manifest.json"]):
        for step in ({"mirror_verify": True}, {"mirror_registry": REGISTRY}):
            assert "Collect again where the internet is" in str(mirror.run(check=False, **step)["output"])
    mirror.run(mirror_verify=True)


@pytest.mark.parametrize("what", ["programs", "checksum files"])
def test_no_host_uses_one_of_them(mirror: Mirror, what: str) -> None:
    """A program is thrown away. With another checksum file, there is none that is right, or no digest at all."""
    proofs = {path: proof for path in mirror.files() for proof in mirror.files() if proof in proofs_of(path)}
    assert len(proofs) == len(set(proofs.values())) == 10
    with flipped(mirror.directory, proofs if what == "programs" else proofs.values()):
        refused = mirror.cluster.playbook(PROGRAMS, "-e", offline(), check=False)
    assert refused.returncode != 0
    for path, proof in proofs.items():
        wrong = f"{URL}/{path}: wrong checksum" in refused.output
        assert wrong or (what == "checksum files" and f"{URL}/{proof}: it holds neither a bare SHA-256" in refused.output), path
    there = "find /usr/local/bin /opt/cni /usr/bin/kubectl -type f 2>/dev/null"
    assert mirror.cluster.on(HOST, there, check=False).split() == []


def proofs_of(path: str) -> tuple[str, str]:
    """Where the digest of a program may be."""
    return f"{path}.sha256", f"{path.rpartition('/')[0]}/SHA256SUMS" if path.endswith(".tar.gz") else ""


def test_images_are_pushed_from_it(mirror: Mirror) -> None:
    assert mirror.run(mirror_registry=REGISTRY)["changed"]
    assert not mirror.run(mirror_registry=REGISTRY)["changed"]


def test_a_cluster_is_installed_from_it(mirror: Mirror) -> None:
    """Nothing else is asked for on the way, and no packet leaves the lab or tries to."""
    cluster = mirror.cluster
    before = counted(cluster)
    run = cluster.playbook("playbooks/site.yml", "-e", offline())
    assert "come by the same clear text" in run.output, "it is a mirror without TLS"
    assert checks.all_ready(cluster, [HOST])
    images = cluster.on(HOST, "docker images --format '{{.Repository}}'").split()
    assert set(images) == {f"{REGISTRY}/pause", f"{REGISTRY}/coredns/coredns"}
    assert cluster.playbook("playbooks/site.yml", "-e", offline()).actions() == []
    assert counted(cluster) == before
