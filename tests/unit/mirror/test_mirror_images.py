# SPDX-License-Identifier: GPL-3.0-or-later
"""Images between registries and directories, by the programs themselves."""

from __future__ import annotations

import base64
import collections.abc as c
import json
import os
import pathlib
import shutil
import subprocess

import pytest
from mirror_bench import asked, cluster, flip, offer, planned, source_of
from mirror_registry import Registry

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror import layout
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror.manifest import Image
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror_transfer import images

# The programs are not where the tests of hosts run.
pytestmark = pytest.mark.slow
CRANE = "github.com/google/go-containerregistry/cmd/crane@v0.20.6"
PAUSE = "images/pause/3.10.2"


def skopeo() -> pathlib.Path:
    found = shutil.which("skopeo")
    return pathlib.Path(found or pytest.fail("there is no skopeo: install it, as tools/need skopeo=skopeo does"))


@pytest.fixture(scope="module")
def crane(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Built from its module: Debian has no package of it."""
    folder = tmp_path_factory.mktemp("crane")
    subprocess.run(["go", "install", CRANE], env={**os.environ, "GOBIN": str(folder)}, check=True, capture_output=True)
    return folder / "crane"


@pytest.fixture(params=["skopeo", pytest.param("crane", marks=pytest.mark.long)])
def program(request: pytest.FixtureRequest, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The only one of them that is there."""
    found = request.getfixturevalue("crane") if request.param == "crane" else skopeo()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / request.param).symlink_to(found)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return str(request.param)


@pytest.fixture
def registry() -> c.Iterator[Registry]:
    registry = Registry()
    yield registry
    registry.close()


@pytest.fixture
def target() -> c.Iterator[Registry]:
    registry = Registry()
    yield registry
    registry.close()


@pytest.fixture
def by(program: str) -> c.Iterator[images.Tool]:
    with images.tool(tls=False, authfile=None, authorities="") as found:
        yield found


def collect(folder: pathlib.Path, registry: Registry, by: images.Tool) -> dict[str, Image]:
    wish = asked(folder)._replace(images=source_of(registry))
    return images.copy(folder, planned(cluster(), wish).copies, by)[1]


def test_images_come_and_go_as_they_are(tmp_path: pathlib.Path, registry: Registry, target: Registry, by: images.Tool) -> None:
    """With Docker's media types and for all architectures: the digest is the same all the way."""
    digests = offer(registry, cluster())
    found = collect(tmp_path, registry, by)
    assert {image.reference: image.digest for image in found.values()} == digests
    assert not (tmp_path / ".partial" / "images_pause_3.10.2").exists()
    assert images.push(tmp_path, found, target.name, by, check_mode=True) == (sorted(digests), [])
    assert target.digests() == {}
    assert images.push(tmp_path, found, target.name, by, check_mode=False) == (sorted(digests), [])
    assert target.digests() == digests
    assert target.blobs == registry.blobs
    assert images.push(tmp_path, found, target.name, by, check_mode=False) == ([], sorted(digests))


def test_a_tag_that_is_another_image_is_replaced(tmp_path: pathlib.Path, registry: Registry, target: Registry, by: images.Tool) -> None:
    digests = offer(registry, cluster())
    found = collect(tmp_path, registry, by)
    target.add("pause:3.10.2", content=b"another")
    assert images.push(tmp_path, found, target.name, by, check_mode=False)[0] == sorted(digests)
    assert target.digests() == digests


def test_every_changed_blob_is_refused_before_it_is_pushed(
    tmp_path: pathlib.Path, registry: Registry, target: Registry, by: images.Tool
) -> None:
    offer(registry, cluster())
    found = {PAUSE: collect(tmp_path, registry, by)[PAUSE]}
    blobs = sorted((tmp_path / PAUSE / "blobs" / "sha256").iterdir())
    assert len(blobs) == 7
    for blob in blobs:
        flip(blob)
        with pytest.raises(ComponentError, match=blob.name):
            images.push(tmp_path, found, target.name, by, check_mode=False)
        flip(blob)
    assert target.digests() == {} and target.blobs == {}


def test_a_registry_that_lies_is_refused(tmp_path: pathlib.Path, registry: Registry, by: images.Tool) -> None:
    digests = offer(registry, cluster())
    blob = next(name for name, content in registry.blobs.items() if b"layer of arm64" in content)
    registry.blobs[blob] = registry.blobs[blob].replace(b"arm64", b"arm65")
    with pytest.raises(ComponentError):
        collect(tmp_path, registry, by)
    assert not (tmp_path / "images").exists()
    index = ("pause", digests["pause:3.10.2"])
    registry.manifests[index] = (registry.manifests[index][0], registry.manifests[index][1].replace(b"arm64", b"arm65"))
    with pytest.raises(ComponentError):
        collect(tmp_path, registry, by)
    assert not (tmp_path / "images").exists()


def test_what_a_registry_says_is_told(tmp_path: pathlib.Path, registry: Registry, by: images.Tool) -> None:
    with pytest.raises(ComponentError, match=r"pause:3\.10\.2.*(manifest unknown|MANIFEST_UNKNOWN).*mirror_authfile"):
        collect(tmp_path, registry, by)
    registry.close()
    with pytest.raises(ComponentError, match="connection refused"):
        by.digest_if_there(f"{registry.name}/pause:3.10.2")


def test_a_login_is_in_no_argument(tmp_path: pathlib.Path, program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    login = base64.b64encode(b"me:pass-word").decode()
    registry = Registry(login=login)
    digests = offer(registry, cluster())
    with images.tool(tls=False, authfile=None, authorities="") as by, pytest.raises(ComponentError):
        by.digest(f"{registry.name}/pause:3.10.2")
    authfile = tmp_path / "auth.json"
    authfile.write_text(json.dumps({"auths": {registry.name: {"auth": login}}}))
    started: list[list[str]] = []
    run = subprocess.run

    def noted(command: list[str], **options: object) -> object:
        started.append(command)
        return run(command, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "run", noted)
    with images.tool(tls=False, authfile=authfile, authorities="") as by:
        found = collect(tmp_path, registry, by)
        images.push(tmp_path, found, f"{registry.name}/again", by, check_mode=False)
    assert set(digests.values()) <= set(registry.digests().values())
    assert len(started) >= 8
    assert not any(secret in word for command in started for word in command for secret in ("pass-word", login))
    registry.close()


def test_neither_program_is_there(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ComponentError, match="`dnf install skopeo`, `apt-get install skopeo`, or crane"):
        images.require_program()


def test_an_image_of_one_architecture(tmp_path: pathlib.Path, registry: Registry, by: images.Tool) -> None:
    """Its manifest is no list."""
    digest = registry.add("one:1", architectures=["amd64"])
    (name,) = [entry["digest"] for entry in json.loads(registry.manifests["one", digest][1])["manifests"]]
    by.pull(f"{registry.name}/one", name, tmp_path / "one")
    layout.require_whole(tmp_path / "one", name)
    by.push(tmp_path / "one", f"{registry.name}/two:1", name)
    assert registry.digests()["two:1"] == name
