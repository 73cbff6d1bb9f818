# SPDX-License-Identifier: GPL-3.0-or-later
"""What a mirror lacks of what a cluster needs, and what in it is of others."""

from __future__ import annotations

import os
import pathlib
import stat

import pytest
from binaries_mirror import sha256
from mirror_bench import OWN_BUILDS, UNPINNED, asked, cluster, flip, planned, put

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror import directory, manifest, told, wanted
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror.plan import Plan

PINNED = cluster()
KUBELET = "dl.k8s.io/release/v1.37.1/bin/linux/amd64/kubelet"
ETCD = "github.com/etcd-io/etcd/releases/download/v3.7.1/etcd-v3.7.1-linux-amd64.tar.gz"
SUMS = "github.com/etcd-io/etcd/releases/download/v3.7.1/SHA256SUMS"
BUSY = b"kubelet of amd64"


def paths(plan: Plan) -> dict[str, str]:
    """By path, the reason."""
    return {action.target: action.reason for action in plan.actions()}


def test_everything_is_absent_at_first(tmp_path: pathlib.Path) -> None:
    plan = planned(PINNED, asked(tmp_path / "new"))
    assert set(paths(plan).values()) == {"absent"}
    assert {"images/pause/3.10.2", "images/coredns/coredns/v1.14.7", "packages.txt", KUBELET} <= set(paths(plan))
    programs = {one.program.path: one.program for one in plan.fetches}
    assert programs[KUBELET].url == f"https://{KUBELET}"
    assert len(programs[KUBELET].sha256) == 64
    assert "the collection pins it" in programs[KUBELET].remedy


def test_what_is_pinned_needs_no_checksum_file(tmp_path: pathlib.Path) -> None:
    """As hosts, which ask for none."""
    pinned = {one["url"].rpartition("/")[2] for one in PINNED["binaries"].values() if "sha256" in one}
    plan = planned(PINNED, asked(tmp_path))
    assert {one.file.path.removesuffix(".sha256").rpartition("/")[2] for one in plan.proofs}.isdisjoint(pinned)
    unpinned = planned(cluster(**UNPINNED), asked(tmp_path))
    proofs = {one.file.path: one.file for one in unpinned.proofs}
    assert proofs[SUMS].url == f"https://{SUMS}"
    dockerd = "github.com/Mirantis/cri-dockerd/releases/download/v0.4.3/cri-dockerd-0.4.3.amd64.tgz"
    assert proofs[f"{dockerd}.sha256"].url == "", "upstream has none, so it is made here"
    asks = {one.program.path: one.program.checksum_url for one in unpinned.fetches}
    assert asks[dockerd] == "https://api.github.com/repos/Mirantis/cri-dockerd/releases/tags/v0.4.3"


def test_the_paths_are_those_that_hosts_ask_for(tmp_path: pathlib.Path) -> None:
    """Whatever proves a program, hosts find it below ``cluster_mirror``."""
    for variables in ({}, UNPINNED, OWN_BUILDS, {**UNPINNED, **OWN_BUILDS}):
        spec = cluster(**{"cluster_mirror": "https://mirror.example.org", **variables})
        plan = planned(spec, asked(tmp_path))
        items = spec["binaries"].values()
        assert {f"https://mirror.example.org/{one.program.path}" for one in plan.fetches} == {item["url"] for item in items}
        checksums = {item["checksum_url"] for item in items if "checksum_url" in item}
        assert {f"https://mirror.example.org/{one.file.path}" for one in plan.proofs} == checksums


def test_another_mirror_is_the_source(tmp_path: pathlib.Path) -> None:
    """That of the inventory is where the files go to, and need not be there yet."""
    spec = cluster(**OWN_BUILDS)
    upstream = planned(spec, asked(tmp_path))
    assert {one.program.url.partition("/")[0] for one in upstream.fetches} == {"https:"}
    assert all(one.program.url == f"https://{one.program.path}" for one in upstream.fetches)
    assert any(one.program.sha256 for one in upstream.fetches), "pins hold for upstream's own files"
    other = planned(spec, asked(tmp_path, source="http://other.example.org"))
    assert all(one.program.url == f"http://other.example.org/{one.program.path}" for one in other.fetches)
    assert not any(one.program.sha256 for one in other.fetches), "builds of one's own have no pins"


def test_clear_text_is_told() -> None:
    here = pathlib.Path("/")
    assert wanted.wanted(PINNED, asked(here / "tmp")).clear_text == ()
    names = wanted.wanted(
        cluster(**OWN_BUILDS), asked(here / "tmp", source="http://other.example.org", image_source="http://r:5000")
    ).clear_text
    assert {"kubelet", "etcd", "image pause:3.10.2"} <= set(names)
    assert "kubelet, " in told.of_clear_text(names)[0]
    pinned = wanted.wanted(cluster(), asked(here / "tmp", source="http://other.example.org"))
    assert "kubelet" not in pinned.clear_text, "a pin proves it, however it comes"


def test_several_architectures(tmp_path: pathlib.Path) -> None:
    spec = cluster(**UNPINNED, cluster_checksums={"etcd": "e" * 64, "flannel-v0.28.8-linux-amd64.tar.gz": "f" * 64})
    plan = planned(spec, asked(tmp_path, architectures=["amd64", "arm64"]))
    digests = {one.program.path: one.program.sha256 for one in plan.fetches}
    assert len(digests) == 20
    assert digests[ETCD] == "e" * 64
    assert digests[ETCD.replace("amd64", "arm64")] != "e" * 64, "by the name of a program, it is that of the cluster's architecture"
    (sums,) = [one.file for one in plan.proofs if one.file.path == SUMS]
    assert sums.programs == (ETCD.replace("amd64", "arm64"),), "the inventory proves the other"
    assert {path.partition("linux/")[2].partition("/")[0] for path in digests if path.endswith("/kubelet")} == {"amd64", "arm64"}
    only = planned(spec, asked(tmp_path, architectures="arm64"))
    assert not any("amd64" in one.program.path for one in only.fetches)


def settled(tmp_path: pathlib.Path, **variables: object) -> tuple[dict[str, object], manifest.Manifest]:
    """A mirror that has all that this cluster needs, and the spec."""
    spec = cluster(**{**OWN_BUILDS, **variables})
    needed = wanted.wanted(spec, asked(tmp_path))
    files = {one.path: f"program {one.path}".encode() for one in needed.programs}
    files |= {one.path: f"sums {one.path}".encode() for one in needed.checksum_files}
    files |= {f"{one.path}/{name}": f"{name} {one.path}".encode() for one in needed.images for name in ("index.json", "blobs/sha256/a")}
    files[wanted.PACKAGES] = planned(spec, asked(tmp_path)).packages.encode()
    whole = put(tmp_path, files, {one.path: manifest.Image(one.reference, f"sha256:{'d' * 64}") for one in needed.images})
    # purposes are those of a plan
    entries = {path: whole.files[path]._replace(purpose=file.purpose) for path, file in planned_files(spec, tmp_path).items()}
    whole = manifest.Manifest({**whole.files, **entries}, whole.images)
    directory.write(tmp_path / manifest.NAME, manifest.text(whole))
    return spec, whole


def planned_files(spec: dict[str, object], folder: pathlib.Path) -> dict[str, manifest.File]:
    recorded = {f"https://{path}": file.sha256 for path, file in (directory.read_manifest(folder) or manifest.NOTHING).files.items()}
    return dict(planned(spec, source(folder), recorded=recorded).known.files)


def source(folder: pathlib.Path, **more: object) -> object:
    return asked(folder, source="https://other.example.org", **more)


def test_nothing_is_done_twice(tmp_path: pathlib.Path) -> None:
    spec, whole = settled(tmp_path)
    plan = planned(spec, source(tmp_path))
    assert plan.actions() == []
    assert plan.known == whole


def test_every_file_that_differs_is_brought_again(tmp_path: pathlib.Path) -> None:
    spec, whole = settled(tmp_path)
    for path in whole.files:
        before = (tmp_path / path).read_bytes()
        flip(tmp_path / path)
        found = paths(planned(spec, source(tmp_path)))
        place = next((image for image in whole.images if path.startswith(image)), path)
        assert place in found, path
        assert path not in planned(spec, source(tmp_path)).known.files or path == wanted.PACKAGES
        (tmp_path / path).unlink()
        assert place in paths(planned(spec, source(tmp_path)))
        (tmp_path / path).write_bytes(before)
    assert planned(spec, source(tmp_path)).actions() == []


def test_a_program_that_comes_anew_has_its_checksum_file_anew(tmp_path: pathlib.Path) -> None:
    spec, _whole = settled(tmp_path)
    flip(tmp_path / KUBELET)
    assert paths(planned(spec, source(tmp_path))) == {
        KUBELET: "nothing says whether it is the right one",
        f"{KUBELET}.sha256": "its program is new",
    }


def test_a_file_that_somebody_has_put_there_counts_if_it_is_the_right_one(tmp_path: pathlib.Path) -> None:
    spec = cluster(cluster_checksums={"kubelet": sha256(BUSY)})
    (tmp_path / KUBELET).parent.mkdir(parents=True)
    (tmp_path / KUBELET).write_bytes(BUSY)
    plan = planned(spec, asked(tmp_path))
    assert KUBELET not in paths(plan)
    assert plan.known.files[KUBELET].sha256 == sha256(BUSY)
    recorded = planned(cluster(**OWN_BUILDS), source(tmp_path), recorded={f"https://other.example.org/{KUBELET}": sha256(BUSY)})
    assert KUBELET not in paths(recorded)
    other = planned(PINNED, asked(tmp_path))
    assert paths(other)[KUBELET].startswith(f"its sha256 is {sha256(BUSY)}, wanted ")


def test_a_link_is_no_file(tmp_path: pathlib.Path) -> None:
    spec = cluster(cluster_checksums={"kubelet": sha256(BUSY)})
    (tmp_path / KUBELET).parent.mkdir(parents=True)
    (tmp_path / "elsewhere").write_bytes(BUSY)
    (tmp_path / KUBELET).symlink_to(tmp_path / "elsewhere")
    assert paths(planned(spec, asked(tmp_path)))[KUBELET] == "it is no file that can be read"


def test_files_of_older_versions_stay_and_are_told(tmp_path: pathlib.Path) -> None:
    _spec, whole = settled(tmp_path)
    newer = cluster(**OWN_BUILDS, cluster_kubernetes_version="1.36.3", cluster_pause_version="3.9.0")
    plan = planned(newer, source(tmp_path))
    older = {path for path in whole.files if "v1.37.1" in path or "pause/3.10.2" in path}
    assert set(plan.others) == older and not plan.removed
    assert older <= set(plan.known.files) and "images/pause/3.10.2" in plan.known.images
    lines = told.of_collection(asked(tmp_path), plan, plan.known, check_mode=False)
    assert f"{len(older)} files are of other versions or clusters" in lines[-1]
    pruned = planned(newer, source(tmp_path, prune=True))
    assert set(pruned.removed) == older and not pruned.others
    assert not older & set(pruned.known.files) and "images/pause/3.10.2" not in pruned.known.images
    assert {"remove"} == {action.operation for action in pruned.actions() if action.target in older}


def test_an_older_file_that_is_damaged_is_a_warning(tmp_path: pathlib.Path) -> None:
    settled(tmp_path)
    flip(tmp_path / KUBELET)
    plan = planned(cluster(**OWN_BUILDS, cluster_kubernetes_version="1.36.3"), source(tmp_path))
    assert plan.damaged == (KUBELET,)
    assert KUBELET in told.of_damage(plan)[0]


def test_images_that_are_broken_come_by_the_digest_that_they_had(tmp_path: pathlib.Path) -> None:
    """The tag may be another one by now."""
    spec, whole = settled(tmp_path)
    flip(tmp_path / "images/pause/3.10.2/index.json")
    (copy,) = planned(spec, source(tmp_path)).copies
    assert (copy.image.path, copy.digest) == ("images/pause/3.10.2", whole.images["images/pause/3.10.2"].digest)
    assert copy.reason == "1 of its files differ from the manifest or are missing"


def test_packages_of_several_clusters_are_one_list(tmp_path: pathlib.Path) -> None:
    spec, _whole = settled(tmp_path)
    plan = planned(spec, source(tmp_path), packages=["docker-ce-26.1.5"])
    assert [line for line in plan.packages.splitlines() if not line.startswith("#")] == ["docker-ce-26.1.5", "tar"]
    assert paths(plan) == {"packages.txt": "the packages are others"}
    alone = planned(spec, source(tmp_path, prune=True), packages=["docker-ce-26.1.5"])
    assert "tar" not in alone.packages.split()[-1:]
    flip(tmp_path / "packages.txt", position=-2)
    assert "tas" not in planned(spec, source(tmp_path)).packages, "what somebody has changed is not taken over"


def test_what_differs_is_named(tmp_path: pathlib.Path) -> None:
    spec, whole = settled(tmp_path)
    for path in whole.files:
        before = (tmp_path / path).read_bytes()
        flip(tmp_path / path)
        found = told.differences(whole, directory.look(tmp_path, whole.files))
        assert list(found) == [path] and path in found[path]
        (tmp_path / path).write_bytes(before)
    (tmp_path / KUBELET).write_bytes(b"")
    assert "wanted" in told.differences(whole, directory.look(tmp_path, whole.files))[KUBELET]
    (tmp_path / KUBELET).unlink()
    assert f"{KUBELET} is missing" in told.differences(whole, directory.look(tmp_path, whole.files))[KUBELET]
    assert told.lacking(planned(spec, source(tmp_path)), whole, {KUBELET: ""}) == []


def test_what_a_cluster_needs_besides_is_named(tmp_path: pathlib.Path) -> None:
    _spec, whole = settled(tmp_path)
    newer = planned(cluster(**OWN_BUILDS, cluster_kubernetes_version="1.36.3", cluster_pause_version="3.9.0"), source(tmp_path))
    found = told.lacking(newer, whole, {})
    assert "dl.k8s.io/release/v1.36.3/bin/linux/amd64/kubelet is not in the mirror (kubelet 1.36.3 for amd64)" in found
    assert "images/pause/3.9.0 is not in the mirror (image pause)" in found
    pinned = told.lacking(planned(PINNED, asked(tmp_path)), whole, {})
    assert any(line.startswith(f"{KUBELET}: its sha256 is ") for line in pinned), "hosts take another one"


def test_strangers_are_told(tmp_path: pathlib.Path) -> None:
    _spec, whole = settled(tmp_path)
    assert directory.strangers(tmp_path, whole) == []
    (tmp_path / "github.com" / "more").mkdir()
    (tmp_path / "github.com" / "more" / "a\x1b").write_text("x")
    (tmp_path / "images" / "link").symlink_to("/etc")
    (tmp_path / "rpms").mkdir()
    (tmp_path / "rpms" / "tar.rpm").write_text("somebody's own")
    found = directory.strangers(tmp_path, whole)
    assert found == ["github.com/more/a\x1b", "images/link"]
    assert "\x1b" not in told.of_strangers(found)[0] and "a<U+001B>" in told.of_strangers(found)[0]


def test_one_run_at_a_time(tmp_path: pathlib.Path) -> None:
    with (
        directory.alone(tmp_path / "new"),
        pytest.raises(Exception, match="another run is at work there"),
        directory.alone(tmp_path / "new"),
    ):
        pytest.fail("it began")


def test_what_is_made_can_be_read_by_a_web_server(tmp_path: pathlib.Path) -> None:
    before = os.umask(0o077)
    try:
        with directory.alone(tmp_path / "new"):
            directory.make_parents(tmp_path / "new", "a/b/c")
            directory.write(tmp_path / "new" / "a" / "b" / "c", "text")
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "new", *(tmp_path / "new").rglob("*"))}
    assert modes == {"new": 0o755, "a": 0o755, "b": 0o755, "c": 0o644}


def test_empty_directories_go(tmp_path: pathlib.Path) -> None:
    put(tmp_path, {"a/b/c": b"1", "a/d": b"2"})
    directory.remove(tmp_path, ["a/b/c", "a/b/none"])
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")) == ["a", "a/d", "manifest.json"]
