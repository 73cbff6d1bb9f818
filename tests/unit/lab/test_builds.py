# SPDX-License-Identifier: GPL-3.0-or-later
"""The pins belong to the versions, and decide what is built."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import re

import pytest

from barelab import builds, builds_pins, releases, releases_docker
from barelab.errors import LabError

PARTS = {(name, version) for parts in releases.versions()["docker"].values() for name, version in parts.items()}
ALL = [
    *((name, version) for name, found in releases.versions()["programs"].items() if name != "docker" for version in found),
    *sorted(PARTS),
]


@pytest.mark.parametrize(("name", "version"), ALL)
def test_every_offered_version_is_pinned(name: str, version: str) -> None:
    program = releases_docker.any_program(name)
    builds.check_pins(program=program, version=version)
    directory = program.build_directory(version)
    text = (directory / "go.mod").read_text()
    listed = re.search(r"^tool \(\n(.*?)^\)$", text, re.MULTILINE | re.DOTALL)
    tools = listed[1].split() if listed else re.findall(r"^tool (\S+)$", text, re.MULTILINE)
    assert sorted(tools) == sorted(program.packages.values())
    sums = (directory / "go.sum").read_text()
    suffix = re.escape(builds.INCOMPATIBLE) if program.vendored else ""
    for module in program.modules:
        assert re.search(rf"^{re.escape(module)} v{re.escape(version)}{suffix} h1:", sums, re.MULTILINE), f"{module} has no checksum"


def test_each_minor_version_has_pins_of_its_own_and_none_are_left_over() -> None:
    directories = [releases_docker.any_program(name).build_directory(version) for name, version in ALL]
    assert sorted(directories) == sorted(path for path in releases.BUILDS.iterdir() if path.is_dir())


@pytest.mark.parametrize("name", releases.programs())
def test_the_newest_is_the_first(name: str) -> None:
    found = [[int(number) for number in version.split(".")] for version in releases.versions()["programs"][name]]
    assert found == sorted(found, reverse=True)


def test_an_unpinned_version_is_refused_with_the_command_that_pins_it() -> None:
    with pytest.raises(LabError, match=r"go\.mod pins etcd .*, wanted 9\.9\.9; run: lab/update-pins etcd 9\.9\.9"):
        builds.check_pins(program=releases.program("etcd"), version="9.9.9")


def test_the_version_is_linked_in() -> None:
    flags = builds.link_flags(program=releases.program("kubernetes"), version="1.37.1")
    assert "-X k8s.io/component-base/version.gitVersion=v1.37.1" in flags
    assert "-X k8s.io/component-base/version.gitMinor=37" in flags
    assert "{" not in flags


def test_what_docker_is_made_of_is_told_apart_by_dockers_version() -> None:
    (docker, parts), *_others = releases.versions()["docker"].items()
    program, moby = next(part for part in releases_docker.parts_of(docker) if part[0].name == "moby")
    assert f"dockerversion.Version={docker}" in builds.link_flags(program=program, version=moby)
    assert program.artifacts(moby, "arm64")[0].path.endswith(f"/aarch64/docker-{docker}.tgz")
    assert sorted(parts) == ["containerd", "docker-cli", "moby", "runc"]


def test_a_module_without_go_mod_is_built_in_the_language_of_its_vendor_mod() -> None:
    client = releases_docker.any_program("docker-cli")
    (flag,) = builds.language_flags(program=client, version="29.8.1")
    assert re.fullmatch(r"-gcflags=github\.com/docker/cli/\.\.\.=-lang=go1\.\d\d", flag)
    assert flag in builds.inputs(program=client, version="29.8.1")
    assert builds.language_flags(program=releases_docker.any_program("moby"), version="2.0.0-beta.24") == []


def test_every_docker_is_built_or_debians() -> None:
    offered = releases.versions()["programs"]["docker"]
    assert set(releases.versions()["docker"]) <= set(offered)
    assert [version for version in offered if not releases_docker.parts_of(version)] == ["26.1.5"]


def test_docker_itself_has_no_pins() -> None:
    with pytest.raises(LabError, match=r"no modules to pin of 'docker'; there are of kubernetes, .*moby"):
        releases_docker.any_program("docker")


def test_the_cache_key_changes_with_the_pins(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    monkeypatch.setattr(builds, "go_version", lambda: "go1.99")
    monkeypatch.setattr(releases, "BUILDS", tmp_path)
    program = dataclasses.replace(releases.program("etcd"))
    pins = tmp_path / "etcd-3.7"
    pins.mkdir()
    (pins / "go.mod").write_text("module x\n\nrequire (\n\tgo.etcd.io/etcd/server/v3 v3.7.2\n)\n")
    (pins / "go.sum").write_text("one\n")
    first = builds.inputs(program=program, version="3.7.2")
    assert builds.inputs(program=program, version="3.7.2") == first
    (pins / "go.sum").write_text("two\n")
    assert builds.inputs(program=program, version="3.7.2") != first
    assert json.loads(first)["go"] == "go1.99"


def test_replace_directives_are_repeated() -> None:
    upstream = {
        "Require": [{"Path": "k8s.io/api", "Version": "v0.0.0"}, {"Path": "example.com/sibling", "Version": "v1.2.3"}],
        "Replace": [
            {"Old": {"Path": "k8s.io/api"}, "New": {"Path": "./staging/src/k8s.io/api"}},
            {"Old": {"Path": "example.com/sibling"}, "New": {"Path": "../sibling"}},
            {"Old": {"Path": "example.com/tests/v3"}, "New": {"Path": "../tests"}},
            {"Old": {"Path": "example.com/a"}, "New": {"Path": "example.com/fork", "Version": "v1.0.0"}},
        ],
    }
    assert builds_pins._replacements(upstream=upstream, version="1.37.1") == {
        "k8s.io/api": ("k8s.io/api", "v0.37.1"),
        "example.com/a": ("example.com/fork", "v1.0.0"),
    }


def test_recording_a_version(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "versions.yml"
    file.write_text("programs:\n  kubernetes: [1.37.1, 1.36.3]\n  etcd: [3.7.2]\n")
    builds_pins.record(name="kubernetes", version="1.37.12", file=file)
    builds_pins.record(name="kubernetes", version="1.38.0", file=file)
    builds_pins.record(name="etcd", version="3.8.0", file=file)
    builds_pins.record(name="etcd", version="3.6.16", file=file)
    assert file.read_text() == "programs:\n  kubernetes: [1.38.0, 1.37.12, 1.36.3]\n  etcd: [3.8.0, 3.7.2, 3.6.16]\n"
    with pytest.raises(LabError, match="no line"):
        builds_pins.record(name="nothing", version="1.0.0", file=file)


def test_a_program_of_another_version_is_refused(tmp_path: pathlib.Path) -> None:
    (tmp_path / "etcd").write_text("#!/bin/sh\necho etcd Version: 3.7.20\n")
    (tmp_path / "etcd").chmod(0o755)
    builds.check_version(program=releases.program("etcd"), version="3.7.20", directory=tmp_path)
    with pytest.raises(LabError, match=r"says 'etcd Version: 3\.7\.20', wanted 'etcd Version: 3\.7\.2'"):
        builds.check_version(program=releases.program("etcd"), version="3.7.2", directory=tmp_path)
