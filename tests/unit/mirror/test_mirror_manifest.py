# SPDX-License-Identifier: GPL-3.0-or-later
"""The manifest: the same text for the same files, and no bit of it changes unnoticed."""

from __future__ import annotations

import json
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror import manifest
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror.manifest import File, Image, Manifest

WHOLE = Manifest(
    {"dl.k8s.io/kubelet": File("a" * 64, 7, "kubelet 1.37.1 for amd64"), "packages.txt": File("b" * 64, 0, "packages – all")},
    {"images/pause/3.10": Image("pause:3.10", f"sha256:{'c' * 64}")},
)
TEXT = manifest.text(WHOLE)


def refused(text: str | bytes) -> str:
    with pytest.raises(ComponentError) as caught:
        manifest.parse(text.encode() if isinstance(text, str) else text, path="/srv/mirror/manifest.json")
    return str(caught.value)


def changed(change: t.Callable[[dict[str, t.Any]], object]) -> str:
    content = json.loads(TEXT)
    change(content)
    return f"{json.dumps(content, indent=1)}\n"


def test_what_is_written_is_read() -> None:
    assert manifest.parse(TEXT.encode(), path="x") == WHOLE
    assert manifest.parse(manifest.text(manifest.NOTHING).encode(), path="x") == manifest.NOTHING
    assert [entry["path"] for entry in json.loads(TEXT)["files"]] == ["dl.k8s.io/kubelet", "packages.txt"]


def test_the_order_of_files_makes_no_difference() -> None:
    backwards = Manifest(dict(reversed(list(WHOLE.files.items()))), WHOLE.images)
    assert manifest.text(backwards) == TEXT


def test_every_flipped_bit_is_found() -> None:
    data = bytearray(TEXT.encode())
    for position in range(len(data)):
        for bit in range(8):
            data[position] ^= 1 << bit
            refused(bytes(data))
            data[position] ^= 1 << bit


@given(st.binary(max_size=200))
def test_anything_else_is_refused(data: bytes) -> None:
    refused(data)


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../passwd", "a/../../b", "a//b", "", ".", "./a", "a/", ".partial/x", "a\0b", 5, None], ids=repr
)
def test_paths_are_below_the_directory(path: t.Any) -> None:
    """Files are removed by them."""
    assert "is no path below the directory" in refused(changed(lambda content: content["files"][0].update(path=path)))
    assert "is no path below the directory" in refused(changed(lambda content: content["images"][0].update(path=path)))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda content: content.update(format=3), "reads 2. Use the version that has collected it"),
        (lambda content: content.update(files=5), "is no manifest"),
        (lambda content: content["files"][0].update(sha256="x"), "'x' is no sha256"),
        (lambda content: content["files"][0].update(size=-1), "-1 is no size"),
        (lambda content: content["files"][0].update(size=True), "True is no size"),
        (lambda content: content["files"][0].pop("for"), "is no manifest: 'for'"),
        (lambda content: content["files"][0].update({"for": "another"}), "its own sha256 is another"),
        (lambda content: content["images"][0].update(digest=None), "None is no text"),
        (lambda content: content.update(more=1), "differs from what was written"),
    ],
)
def test_what_is_wrong_is_told(change: t.Callable[[dict[str, t.Any]], object], told: str) -> None:
    found = refused(changed(change))
    assert told in found and "/srv/mirror/manifest.json" in found


def test_one_that_is_written_anew_has_another_digest() -> None:
    other = WHOLE._replace(files={**WHOLE.files, "packages.txt": File("d" * 64, 0, "packages – all")})
    assert manifest.parse(manifest.text(other).encode(), path="x") == other
    assert manifest.digest_of(other) != manifest.digest_of(WHOLE)
