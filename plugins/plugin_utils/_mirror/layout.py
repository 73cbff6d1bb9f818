# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images as directories of the OCI image layout, with every byte as the registry has it.

https://github.com/opencontainers/image-spec/blob/v1.1.0/image-layout.md: ``oci-layout``, ``index.json``, and blobs by their digests. The
index has one entry, whose digest is the image's. Manifests keep the media type that they have, which may be one of Docker's: another type
would be another digest, and no registry would say that it is the same image.
"""

from __future__ import annotations

import collections.abc as c
import hashlib
import json
import pathlib
import re
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.digests import sha256_of_file
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError

_BLOBS = "blobs/sha256"
_VERSION = '{"imageLayoutVersion": "1.0.0"}\n'
_INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
_MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
_HEX = re.compile(r"([0-9a-f]{64})(?:\.manifest\.json)?")
# Bytes of a manifest; registries take no larger ones (https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md).
_LARGEST = 4 << 20


def digest_of(manifest: bytes) -> str:
    """What a registry calls the image with this manifest."""
    return f"sha256:{hashlib.sha256(manifest).hexdigest()}"


def from_flat(directory: pathlib.Path) -> None:
    """Makes a layout of what skopeo writes as ``dir:``: ``manifest.json``, and the other blobs by their digests, in one directory.

    https://github.com/containers/image/blob/main/docs/containers-transports.5.md
    """
    blobs = directory / _BLOBS
    blobs.mkdir(parents=True)
    manifest = (directory / "manifest.json").read_bytes()
    (blobs / digest_of(manifest).partition(":")[2]).write_bytes(manifest)
    for path in sorted(directory.iterdir()):
        match = _HEX.fullmatch(path.name)
        if match:
            path.rename(blobs / match[1])
        elif path.is_file():
            path.unlink()
    complete(directory, digest_of(manifest))


def complete(directory: pathlib.Path, digest: str) -> None:
    """Writes what names the image of this digest, whose blobs are there. Raises ComponentError if they are not."""
    manifest = _manifest(directory, digest)
    kind = manifest.get("mediaType") or (_INDEX_TYPE if "manifests" in manifest else _MANIFEST_TYPE)
    size = _blob(directory, digest).stat().st_size
    index = {"schemaVersion": 2, "mediaType": _INDEX_TYPE, "manifests": [{"mediaType": kind, "digest": digest, "size": size}]}
    (directory / "index.json").write_text(f"{json.dumps(index)}\n", encoding="ascii")
    (directory / "oci-layout").write_text(_VERSION, encoding="ascii")


def require_whole(directory: pathlib.Path, digest: str) -> None:
    """Raises ComponentError unless every blob that the image of this digest consists of is there, with the digest of its name.

    Layers that say where else they are (``urls``) may be missing: their licence does not let a registry have them.
    """
    waiting, seen = [digest], {digest}
    while waiting:
        manifest = _manifest(directory, waiting.pop())
        for part in _listed(manifest, "manifests"):
            if part["digest"] not in seen:
                waiting.append(part["digest"])
            seen.add(part["digest"])
        config = {"config": [manifest["config"]]} if "config" in manifest else {}
        for part in (*_listed(manifest, "layers"), *_listed(config, "config")):
            blob = _blob(directory, part["digest"])
            if part.get("urls") and not blob.exists():
                continue
            if part["digest"] not in seen:
                _require_digest(blob)
            seen.add(part["digest"])


def _manifest(directory: pathlib.Path, digest: str) -> dict[str, t.Any]:
    path = _blob(directory, digest)
    _require_digest(path)
    try:
        if path.stat().st_size > _LARGEST:
            raise ValueError("it is too large")
        found = json.loads(path.read_bytes())
        if not isinstance(found, dict):
            raise TypeError("it is no object")
    except (ValueError, RecursionError, TypeError) as error:
        raise ComponentError(f"{path} is no manifest of an image: {error}") from None
    return found


def _listed(manifest: c.Mapping[str, t.Any], name: str) -> list[dict[str, t.Any]]:
    found = manifest.get(name) or []
    if not isinstance(found, list) or not all(isinstance(part, dict) and isinstance(part.get("digest"), str) for part in found):
        raise ComponentError(f"the manifest of an image has no digests as its {name}")
    return found


def _blob(directory: pathlib.Path, digest: str) -> pathlib.Path:
    match = _DIGEST.fullmatch(digest)
    if match is None:
        raise ComponentError(f"{directory}: {digest[:100]!r} is no sha256, and other digests are not known here")
    return directory / _BLOBS / match[1]


def _require_digest(path: pathlib.Path) -> None:
    try:
        found = sha256_of_file(str(path))
    except OSError as error:
        raise ComponentError(f"{path} is missing or cannot be read ({error.strerror}): the image is not whole") from None
    if found != path.name:
        raise ComponentError(f"{path}: found sha256 {found}, wanted that of its name")
