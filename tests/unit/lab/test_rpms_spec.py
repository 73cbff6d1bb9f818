# SPDX-License-Identifier: GPL-3.0-or-later
"""Spec files: versions, file lists, sections."""

from __future__ import annotations

import pathlib

import pytest

from barelab import rootfs_rpmdb, rpms_payload, rpms_spec, rpms_table
from barelab.errors import LabError
from barelab.rpms_spec import Header, Version
from barelab.rpms_table import Recipe


@pytest.mark.parametrize(
    ("debian", "version", "release"),
    [
        ("26.1.5+dfsg1-9+b2", "26.1.5", "9+b2.el10"),
        ("1.7.24~ds1-6+deb13u1", "1.7.24", "6+deb13u1.el10"),
        ("1:1.3.dfsg+really1.3.1-1+b1", "1.3.1", "1+b1.el10"),
        ("1:4.16.0-2+really2.41.5-0+deb13u1", "2.41.5", "0+deb13u1.el10"),
        ("0~2025.06.09-1", "0~2025.06.09", "1.el10"),
        ("3.5.7-1~deb13u2", "3.5.7", "1~deb13u2.el10"),
        ("20250419", "20250419", "20250419.el10"),
    ],
)
def test_version_of_debian(debian: str, version: str, release: str) -> None:
    assert Version.of_debian(debian) == Version(version=version, release=release)


def test_rebuilds_sort_after_each_other() -> None:
    assert [Version.of_debian("1.8-1", rebuild=number).release for number in (1, 2)] == ["1.el10.1", "1.el10.2"]


def test_header_has_an_epoch_only_where_there_is_one() -> None:
    assert Version.of_debian("1.8-1", epoch=3).tags() == ["Epoch: 3", "Version: 1.8", "Release: 1.el10"]
    assert Version.of_debian("3:1.8-1").tags()[0] == "Version: 1.8"


@pytest.mark.parametrize("path", ["/usr/bin/[", "/a*b", "/what?", "/50%", '/"quoted"', "/back\\slash", "/{a,b}"])
def test_paths_that_rpm_would_expand_are_refused(path: str) -> None:
    assert not rpms_spec.is_literal(path)
    with pytest.raises(LabError, match="leave the file out"):
        rpms_spec.file_entry(path)


def test_package_sections() -> None:
    header = Header(
        name="thing",
        version=Version(version="1", release="2"),
        summary="A thing",
        requires=["other"],
        obsoletes=["older"],
        conflicts=["enemy"],
        scripts={"post": "true", "transfiletriggerin -P 9 -- /usr": "reload"},
    )
    text = rpms_spec.package(header, files=['"/usr/bin/thing"'], subpackage=True)
    lines = text.splitlines()
    assert lines[0] == "%package -n thing"
    assert {"Requires: other", "Obsoletes: older", "Conflicts: enemy"} <= set(lines)
    assert "AutoReqProv: no" in lines
    assert "%post -n thing" in lines
    assert "%transfiletriggerin -n thing -P 9 -- /usr" in lines
    assert lines.index("%files -n thing") < lines.index('"/usr/bin/thing"')


def test_base_packages_own_their_files_without_a_payload() -> None:
    table = {
        "curl": {"debs": ["curl"]},
        "centos-stream-release": {"debs": ["base-files"], "version": "10.0", "provides": ["redhat-release = 10"]},
    }
    owned = {"curl": ["/usr/bin/curl"], "centos-stream-release": ["/usr/lib/os-release"]}
    text = rootfs_rpmdb.spec(table=table, versions={"curl": "8.14.1-2", "base-files": "13"}, owned=owned)
    assert '%ghost "/usr/bin/curl"' in text
    assert "Version: 10.0" in text
    assert "Provides: redhat-release = 10" in text


def test_payload_has_el_paths(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rpms_table, "TABLE", tmp_path / "packages.yml")
    deb, library, base, payload = (tmp_path / name for name in ("deb", "library", "base", "payload"))
    for path in (
        deb / "usr/sbin/dockerd",
        deb / "etc/default/docker",
        library / "usr/lib/x86_64-linux-gnu/libx.so.1",
        library / "usr/share/doc/libx/copyright",
        tmp_path / "files/docker-ce/usr/lib/systemd/system/docker.service",
    ):
        path.parent.mkdir(parents=True)
        path.write_text(path.name, encoding="utf-8")
    (base / "usr/bin").mkdir(parents=True)
    recipe = Recipe.parse(
        "docker-ce",
        {
            "summary": "x",
            "take": {"usr/sbin/dockerd": "usr/bin/dockerd"},
            "built": {"runc": "usr/bin/runc"},
            "links": {"usr/bin/d": "dockerd"},
            "directories": {"/var/lib/x": {"owner": "x", "mode": "0700"}},
        },
    )
    (tmp_path / "runc").write_text("runc", encoding="utf-8")
    rpms_payload.assemble(payload, recipe=recipe, own=[deb], libraries=[library], programs={"runc": tmp_path / "runc"})
    assert (payload / "usr/bin/runc").stat().st_mode & 0o777 == 0o755
    entries = rpms_payload.file_entries(payload, recipe=recipe, base=base)
    assert [entry for entry in entries if not entry.startswith("%dir")] == [
        '"/usr/bin/d"',
        '"/usr/bin/dockerd"',
        '"/usr/bin/runc"',
        '"/usr/lib/systemd/system/docker.service"',
        '"/usr/lib/x86_64-linux-gnu/libx.so.1"',
    ]
    assert '%dir %attr(0700, x, x) "/var/lib/x"' in entries
    assert not any(entry.endswith('"/usr/bin"') for entry in entries), "a directory of the base tree belongs to nobody new"


def test_a_file_that_debian_renamed_is_an_error(tmp_path: pathlib.Path) -> None:
    recipe = Recipe.parse("docker-ce", {"summary": "x", "debs": ["docker.io"], "take": {"usr/sbin/dockerd": None}})
    with pytest.raises(LabError, match=r"docker-ce: Debian's docker\.io have no usr/sbin/dockerd"):
        rpms_payload.assemble(tmp_path / "payload", recipe=recipe, own=[tmp_path], libraries=[], programs={})
