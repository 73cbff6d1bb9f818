# SPDX-License-Identifier: GPL-3.0-or-later
"""Images as directories: every byte is the one that the registry has named."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest
from mirror_bench import flip
from mirror_registry import DOCKER_LIST, Registry

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror import layout


def flat(folder: pathlib.Path) -> str:
    """An image for two architectures as skopeo writes it; its digest."""
    registry = Registry()
    registry.close()
    digest = registry.add("pause:3.10")
    folder.mkdir()
    for name, (_kind, content) in registry.manifests.items():
        if name[1].startswith("sha256:") and name[1] != digest:
            (folder / f"{name[1].partition(':')[2]}.manifest.json").write_bytes(content)
    for blob, content in registry.blobs.items():
        (folder / blob.partition(":")[2]).write_bytes(content)
    (folder / "manifest.json").write_bytes(registry.manifests["pause", digest][1])
    (folder / "version").write_text("Directory Transport Version: 1.1\n")
    (folder / "signature-1").write_text("")
    return digest


@pytest.fixture
def image(tmp_path: pathlib.Path) -> tuple[pathlib.Path, str]:
    digest = flat(tmp_path / "image")
    layout.from_flat(tmp_path / "image")
    return tmp_path / "image", digest


def test_it_is_a_layout(image: tuple[pathlib.Path, str]) -> None:
    folder, digest = image
    assert sorted(path.name for path in folder.iterdir()) == ["blobs", "index.json", "oci-layout"]
    assert json.loads((folder / "oci-layout").read_text()) == {"imageLayoutVersion": "1.0.0"}
    (entry,) = json.loads((folder / "index.json").read_text())["manifests"]
    size = (folder / "blobs" / "sha256" / digest.partition(":")[2]).stat().st_size
    assert entry == {"mediaType": DOCKER_LIST, "digest": digest, "size": size}
    assert len(list((folder / "blobs" / "sha256").iterdir())) == 7
    layout.require_whole(folder, digest)


def test_every_flipped_or_missing_blob_is_found(image: tuple[pathlib.Path, str]) -> None:
    folder, digest = image
    for blob in (folder / "blobs" / "sha256").iterdir():
        for position in (0, -1):
            flip(blob, position)
            with pytest.raises(ComponentError, match=f"{blob.name}: found sha256"):
                layout.require_whole(folder, digest)
            flip(blob, position)
        content = blob.read_bytes()
        blob.unlink()
        with pytest.raises(ComponentError, match=f"{blob.name} is missing"):
            layout.require_whole(folder, digest)
        blob.write_bytes(content)
    layout.require_whole(folder, digest)


def test_another_image_is_refused(image: tuple[pathlib.Path, str]) -> None:
    with pytest.raises(ComponentError, match="is missing or cannot be read"):
        layout.require_whole(image[0], f"sha256:{'0' * 64}")


def put(folder: pathlib.Path, content: bytes) -> str:
    digest = layout.digest_of(content)
    (folder / "blobs" / "sha256").mkdir(parents=True, exist_ok=True)
    (folder / "blobs" / "sha256" / digest.partition(":")[2]).write_bytes(content)
    return digest


def test_layers_that_are_elsewhere_may_be_missing(tmp_path: pathlib.Path) -> None:
    """Their licence does not let a registry have them."""
    config = put(tmp_path, b"{}")
    part: dict[str, t.Any] = {"digest": f"sha256:{'1' * 64}", "urls": ["https://example.org/layer"]}
    digest = put(tmp_path, json.dumps({"config": {"digest": config}, "layers": [part]}).encode())
    layout.require_whole(tmp_path, digest)
    del part["urls"]
    with pytest.raises(ComponentError, match="is missing"):
        layout.require_whole(tmp_path, put(tmp_path, json.dumps({"config": {"digest": config}, "layers": [part]}).encode()))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"[]", "is no manifest of an image"),
        (b"\xff", "is no manifest of an image"),
        (b'{"layers": 5}', "has no digests as its layers"),
        (b'{"manifests": [{"digest": 5}]}', "has no digests as its manifests"),
        (b'{"layers": [{"digest": "sha512:00"}]}', "is no sha256"),
        (b'{"layers": [{"digest": "sha256:../../../etc/passwd"}]}', "is no sha256"),
        (b'{"config": {"digest": "../x"}}', "is no sha256"),
        (b'{"config": 5}', "has no digests as its config"),
    ],
)
def test_what_is_no_manifest_is_told(tmp_path: pathlib.Path, content: bytes, told: str) -> None:
    with pytest.raises(ComponentError, match=told):
        layout.require_whole(tmp_path, put(tmp_path, content))


def test_the_type_of_a_manifest_that_does_not_say(tmp_path: pathlib.Path) -> None:
    for content, kind in ((b'{"manifests": []}', "image.index"), (b'{"layers": []}', "image.manifest")):
        layout.complete(tmp_path, put(tmp_path, content))
        assert kind in json.loads((tmp_path / "index.json").read_text())["manifests"][0]["mediaType"]
