# SPDX-License-Identifier: GPL-3.0-or-later
"""What is downloaded from a real server: proven as a host proves it, recorded, whole or not there."""

from __future__ import annotations

import collections.abc as c
import pathlib
import stat
import typing as t

import pytest
from binaries_mirror import Mirror, sha256
from mirror_bench import OWN_BUILDS, asked, cluster, fill, planned

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import http_download
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.download_route import Route
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.checksum_record import Record
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror import wanted
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror.manifest import File
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror_transfer import programs

pytestmark = pytest.mark.slow
KUBELET = "dl.k8s.io/release/v1.37.1/bin/linux/amd64/kubelet"
ETCD = "github.com/etcd-io/etcd/releases/download/v3.7.2/etcd-v3.7.2-linux-amd64.tar.gz"


class Bench:
    """A cluster, a server that has what it needs, and a directory to collect it in."""

    def __init__(self, folder: pathlib.Path, mirror: Mirror, **variables: t.Any) -> None:
        self.mirror, self.directory, self.record = mirror, folder / "mirror", folder / "checksums.txt"
        self.directory.mkdir()
        self._run = folder / "run"
        self._run.mkdir()
        self.spec = cluster(**OWN_BUILDS, cluster_checksums_file=str(self.record), **variables)
        self.programs = fill(mirror, self.spec)

    def collect(self) -> dict[str, File]:
        plan = planned(self.spec, asked(self.directory, source=self.mirror.url), recorded=Record(self.record).read())
        files, warnings = programs.fetch(self.directory, plan.fetches, self.spec, run=self._run)
        assert warnings == []
        digests = {path: file.sha256 for path, file in {**plan.known.files, **files}.items()}
        return {**files, **programs.prove(self.directory, plan.proofs, digests)}

    def fails(self) -> str:
        with pytest.raises(ComponentError) as caught:
            self.collect()
        return str(caught.value)

    def there(self) -> set[str]:
        return {
            str(path.relative_to(self.directory)) for path in self.directory.rglob("*") if path.is_file() and ".partial" not in path.parts
        }


@pytest.fixture
def bench(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> c.Iterator[Bench]:
    monkeypatch.setattr(http_download, "PAUSES", (0.0, 0.0, 0.0))
    mirror = Mirror()
    yield Bench(tmp_path, mirror)
    mirror.server.shutdown()
    http_download.take(Route({}))


def test_everything_comes_with_its_checksum_files(bench: Bench) -> None:
    files = bench.collect()
    assert set(files) == bench.there() and set(bench.programs) < set(files)
    for path, content in bench.programs.items():
        assert files[path][:2] == (sha256(content), len(content))
        assert stat.S_IMODE((bench.directory / path).stat().st_mode) == 0o644
    assert (bench.directory / f"{KUBELET}.sha256").read_bytes() == bench.mirror.files[f"/{KUBELET}.sha256"]
    assert Record(bench.record).read() == {f"{bench.mirror.url}/{path}": sha256(content) for path, content in bench.programs.items()}


def test_the_record_proves_a_later_collection(bench: Bench) -> None:
    bench.collect()
    (bench.directory / ETCD).unlink()
    fill(bench.mirror, bench.spec, content=b" changed")
    told = bench.fails()
    assert f"{bench.mirror.url}/{ETCD}: wrong checksum" in told
    assert ETCD not in bench.there()


def test_an_unpinned_program_that_differs_from_its_checksum_file_is_refused(bench: Bench) -> None:
    bench.mirror.files[f"/{KUBELET}"] += b" changed"
    told = bench.fails()
    assert f"{KUBELET}: wrong checksum" in told
    assert KUBELET not in bench.there() and ETCD in bench.there(), "the others are there, and need not come again"
    assert "kubelet" not in "".join(path.name for path in (bench.directory / programs.places.PARTIAL).iterdir())


def test_a_download_that_breaks_off_is_continued(bench: Bench) -> None:
    bench.mirror.faults[f"/{KUBELET}"] = ["truncate", 503, 503, 503]
    told = bench.fails()
    assert f"{KUBELET}: the server answered 503" in told
    assert KUBELET not in bench.there()
    bench.mirror.faults.clear()
    bench.collect()
    assert bench.mirror.ranges(f"/{KUBELET}")[-1] == f"bytes={len(bench.programs[KUBELET]) // 2}-"
    assert (bench.directory / KUBELET).read_bytes() == bench.programs[KUBELET]
    programs.tidy(bench.directory)
    assert not (bench.directory / programs.places.PARTIAL).exists()


def test_all_that_fails_is_one_error(bench: Bench) -> None:
    for path in (KUBELET, ETCD):
        del bench.mirror.files[f"/{path}"]
    told = bench.fails()
    assert f"{KUBELET}: the server answered 404" in told and f"{ETCD}: the server answered 404" in told


def test_upstream_says_something_else_about_a_program_that_is_proven(tmp_path: pathlib.Path, bench: Bench) -> None:
    given = {"kubelet": sha256(b"kubelet amd64 changed")}
    (tmp_path / "other").mkdir()
    other = Bench(tmp_path / "other", bench.mirror)
    plan = planned(other.spec, asked(other.directory, source=bench.mirror.url))
    digests = {one.program.path: sha256(bench.programs[one.program.path]) for one in plan.fetches}
    with pytest.raises(ComponentError, match="it gives kubelet the sha256"):
        programs.prove(other.directory, plan.proofs, {**digests, KUBELET: given["kubelet"]})


def test_where_upstream_has_no_checksum_file_it_is_written(tmp_path: pathlib.Path) -> None:
    spec = cluster()
    needed = wanted.wanted(spec, asked(tmp_path, architectures=["arm64"]))
    made = [one for one in planned(spec, asked(tmp_path, architectures=["arm64"])).proofs if not one.file.url]
    assert made
    digests = {one.path: "a" * 64 for one in needed.programs}
    programs.prove(tmp_path, made, digests)
    for one in made:
        name = one.file.path.rpartition("/")[2].removesuffix(".sha256")
        assert (tmp_path / one.file.path).read_text() == f"{'a' * 64}  {name}\n"
