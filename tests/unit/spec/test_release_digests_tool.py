# SPDX-License-Identifier: GPL-3.0-or-later
"""The tool that pins digests: the forms of files it reads, that sources must agree, and that the table is what it writes."""

from __future__ import annotations

import json
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[3] / "tools"))

import release_digests

A, B, C = "a" * 64, "b" * 64, "c" * 64


@pytest.fixture
def table(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    path = tmp_path / "release_digests.py"
    monkeypatch.setattr(release_digests, "TARGET", path)
    return path


def file(tmp_path: pathlib.Path, text: str) -> str:
    path = tmp_path / "given"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_the_table_of_the_collection_is_what_the_tool_writes() -> None:
    assert release_digests.TARGET.read_text(encoding="utf-8") == release_digests.written(*release_digests.read())


SUMS = f"{A}  etcd-v3.7.9-linux-amd64.tar.gz\n{B} *./etcd-v3.7.9-linux-arm64.tar.gz\n{C}  etcd-v3.7.9-darwin-amd64.zip\n"
ASSETS = [("etcd-v3.7.9-linux-amd64.tar.gz", f"sha256:{A}"), ("etcd-v3.7.9-linux-arm64.tar.gz", f"sha256:{B}"), ("SHA256SUMS", None)]
FORMS = {
    "sha256sum": SUMS,
    "GitHub": json.dumps({"assets": [{"name": name, "digest": digest} for name, digest in ASSETS]}),
    "kops": f"files:\n- name: v3.7.9/etcd-v3.7.9-linux-amd64.tar.gz\n  sha256: {A}\n"
    f"- name: v3.7.9/etcd-v3.7.9-linux-arm64.tar.gz\n  sha256: {B}\n",
    "kubespray": f"etcd_binary_checksums:\n  arm64:\n    3.7.9: sha256:{B}\n  amd64:\n    3.7.9: sha256:{A}\n    3.7.8: sha256:{C}\n",
}


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_files(table: pathlib.Path, tmp_path: pathlib.Path, form: str) -> None:
    told = release_digests.add("etcd", "3.7.9", file(tmp_path, FORMS[form]), f"{form}=somewhere")
    assert told == f"etcd 3.7.9: 2 of 2 files are pinned by {form}"
    assert release_digests.read() == ({form: "somewhere"}, {"etcd": {"3.7.9": {"amd64": (A, form), "arm64": (B, form)}}})


def test_sources_must_agree(table: pathlib.Path, tmp_path: pathlib.Path) -> None:
    release_digests.add("etcd", "3.7.9", file(tmp_path, SUMS), "one=first")
    release_digests.add("etcd", "3.7.9", file(tmp_path, SUMS.splitlines()[0]), "two=second")
    before = table.read_text(encoding="utf-8")
    assert f'("{A}", "one", "two")' in before
    with pytest.raises(release_digests.Fault) as caught:
        release_digests.add("etcd", "3.7.9", file(tmp_path, SUMS.replace(B, C)), "three=third")
    assert f"three gives {C}, and one gave {B}. Find out which is right" in str(caught.value)
    assert table.read_text(encoding="utf-8") == before


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (("etcd", "v3.7.9", "FILE", "one=x"), "a version such as 1.37.1"),
        (("kubelet", "1.37.1", "FILE", "one=x"), "write one of kubernetes, etcd"),
        (("etcd", "3.7.8", "FILE", "one=x"), "has no digest of etcd 3.7.8"),
        (("etcd", "3.7.9", "FILE", "one"), "one is no source that the table knows. Write one=<where it is>"),
    ],
)
def test_what_cannot_be_pinned(table: pathlib.Path, tmp_path: pathlib.Path, arguments: tuple[str, ...], fault: str) -> None:
    given = file(tmp_path, SUMS)
    with pytest.raises(release_digests.Fault, match=fault):
        release_digests.add(*(given if word == "FILE" else word for word in arguments))
    assert not table.exists()


def test_a_bare_name_that_fits_either_architecture_is_not_taken(table: pathlib.Path, tmp_path: pathlib.Path) -> None:
    with pytest.raises(release_digests.Fault, match="has no digest"):
        release_digests.add("kubernetes", "1.37.9", file(tmp_path, f"{A}  kubelet\n"), "one=x")
    release_digests.add("kubernetes", "1.37.9", file(tmp_path, f"{A}  v1.37.9/bin/linux/arm64/kubelet\n"), "one=x")
    assert release_digests.read()[1] == {"kubelet": {"1.37.9": {"arm64": (A, "one")}}}


def test_a_file_that_contradicts_itself(table: pathlib.Path, tmp_path: pathlib.Path) -> None:
    with pytest.raises(release_digests.Fault, match="is there twice"):
        release_digests.add("etcd", "3.7.9", file(tmp_path, SUMS + SUMS.replace(A, C)), "one=x")


def test_upstream_that_is_not_reached_is_one_error(
    table: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(*_arguments: str) -> str:
        raise release_digests.HostError("no connection")

    monkeypatch.setattr(release_digests.binary_checksums, "fetch_checksum", refused)
    assert release_digests.main(["add", "etcd", "3.7.9"]) == 1
    assert capsys.readouterr().err == "release_digests: no connection\n"
    monkeypatch.setattr(release_digests.binary_checksums, "fetch_checksum", lambda _url, name: A if "amd64" in name else B)
    assert release_digests.main(["add", "etcd", "3.7.9"]) == 0
    assert release_digests.read()[1]["etcd"]["3.7.9"]["arm64"] == (B, "upstream")
    assert release_digests.main(["add", "etcd"]) == 2


def test_show_names_what_is_not_pinned(capsys: pytest.CaptureFixture[str]) -> None:
    assert release_digests.main(["show"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "kube-apiserver 1.37.1 amd64: kops, kubescape" in lines
    assert "flannel 0.28.9 arm64: not pinned" in lines
