# SPDX-License-Identifier: GPL-3.0-or-later
"""What proves a download: pins of upstream's files, the inventory's digests, and who asks for the rest."""

from __future__ import annotations

import re
import typing as t

import pytest
from spec_inventory import MIRROR, build, problems_of, spec_of

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import release_digests, releases, version_table

DIGEST = "a1" * 32
# No pin is known of these.
UNPINNED = {"cluster_kubernetes_version": "1.37.0", "cluster_etcd_version": "3.6.16", "cluster_cri_dockerd_version": "0.4.3"}


def pinned(binaries: t.Mapping[str, t.Mapping[str, t.Any]]) -> set[str]:
    return {name for name, item in binaries.items() if item.get("pinned_by") == "collection"}


@pytest.mark.parametrize("architecture", releases.ARCHITECTURES)
@pytest.mark.parametrize("mirror", ["", MIRROR])
@pytest.mark.parametrize("version", version_table.TESTED)
def test_pins_hold_for_upstream_and_for_mirrors(version: str, mirror: str, architecture: str) -> None:
    variables = {"cluster_kubernetes_version": version, "cluster_mirror": mirror, "cluster_architecture": architecture}
    binaries = spec_of(variables).binaries
    assert pinned(binaries) >= {*releases.KUBERNETES_PROGRAMS, "cni-plugins", "cri-dockerd"}
    kubelet = binaries["kubelet"]
    assert kubelet["sha256"] == release_digests.DIGESTS["kubelet"][version][architecture][0]
    assert "checksum_url" not in kubelet


def test_a_mirror_with_builds_of_its_own_is_asked() -> None:
    binaries = spec_of({"cluster_mirror": f"{MIRROR}/k8s/", "cluster_architecture": "arm64", "cluster_mirror_own_builds": True}).binaries
    assert not pinned(binaries)
    for name, item in binaries.items():
        assert item["url"].startswith((f"{MIRROR}/k8s/dl.k8s.io/", f"{MIRROR}/k8s/github.com/"))
        file_name = item["url"].rpartition("/")[2]
        # etcd is the one release here with a list of all its files
        expected = "SHA256SUMS" if name == "etcd" else f"{file_name}.sha256"
        assert item["checksum_url"] == item["url"].removesuffix(file_name) + expected
        assert "arm64" in item["url"]


def test_builds_of_its_own_need_a_mirror() -> None:
    (problem,) = problems_of(build({"cluster_mirror": "", "cluster_mirror_own_builds": True}))
    assert "cluster_mirror_own_builds is True: it needs a mirror, and cluster_mirror is empty" in problem
    assert "Set cluster_mirror, or take this variable out" in problem


@pytest.mark.parametrize("own_builds", [True, False])
def test_a_digest_of_the_inventory_wins(own_builds: bool) -> None:
    variables = {"cluster_checksums": {"kubelet": DIGEST}, "cluster_mirror_own_builds": own_builds}
    item = spec_of(variables).binaries["kubelet"]
    assert (item["sha256"], item["pinned_by"]) == (DIGEST, "inventory")
    assert "checksum_url" not in item


def test_what_is_not_pinned_is_asked_for() -> None:
    binaries = spec_of({"cluster_mirror": "", "cluster_architecture": "arm64", **UNPINNED}).binaries
    assert pinned(binaries) == {"cni-plugins"}
    api = "https://api.github.com/repos"
    assert binaries["cri-dockerd"]["checksum_url"] == f"{api}/Mirantis/cri-dockerd/releases/tags/v0.4.3"
    assert binaries["flannel"]["checksum_url"] == f"{api}/flannel-io/flannel/releases/tags/v0.28.9"
    assert binaries["etcd"]["checksum_url"] == "https://github.com/etcd-io/etcd/releases/download/v3.6.16/SHA256SUMS"
    # a checksum file is asked for where there is one: it knows no limit of requests
    assert [name for name, item in binaries.items() if item.get("checksum_url", "").startswith(api)] == ["cri-dockerd", "flannel"]


def test_where_answers_are_recorded() -> None:
    assert spec_of().checksums == {"file": "/srv/inventory/checksums.txt", "asked_by": "controller", "given": {}, "own_builds": False}
    assert spec_of({"cluster_pki_directory": "/srv/pki/prod"}).checksums["file"] == "/srv/pki/checksums.txt"
    assert spec_of({"cluster_checksums_file": "../digests.txt"}).checksums["file"] == "/srv/digests.txt"
    assert spec_of({"cluster_checksums_file": "/etc/digests.txt"}).checksums["file"] == "/etc/digests.txt"
    assert spec_of({"cluster_checksums_asked_by": "hosts"}).checksums["asked_by"] == "hosts"


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        ({"cluster_checksums_asked_by": "host"}, "is not one of controller, hosts"),
        ({"cluster_checksums_file": ""}, "take it out for checksums.txt beside the PKI directory"),
        ({"cluster_mirror_own_builds": "perhaps"}, "is neither true nor false"),
    ],
)
def test_faults(variables: dict[str, t.Any], problem: str) -> None:
    (found,) = problems_of(build(variables))
    assert problem in found


def test_the_table_of_pins() -> None:
    digests = [entry for versions in release_digests.DIGESTS.values() for by in versions.values() for entry in by.values()]
    for digest, *sources in digests:
        assert re.fullmatch(r"[0-9a-f]{64}", digest)
        assert sources
        assert set(sources) <= set(release_digests.SOURCES)
    # the same digest twice would be a mistake of who wrote it down
    assert len({digest for digest, *_sources in digests}) == len(digests)
    names = {release.name for release in releases.releases(dict.fromkeys(_PROGRAMS, "1.0.0"), architecture="amd64")}
    assert set(release_digests.DIGESTS) <= names


_PROGRAMS = ("kubernetes", "node", "etcd", "cri_dockerd", "cni_plugins", "flannel")
