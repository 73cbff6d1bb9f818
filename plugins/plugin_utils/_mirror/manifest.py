# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The manifest of a mirror: what each file is, by its sha256, and for what. A text that is the same for the same files.

It is documented for operators in docs/tasks/offline.md. ``sha256`` of the manifest is that of the same text without this key, so that no
byte of it can change unnoticed. It proves nothing against somebody who writes both: for that, its own digest is told to the operator.

Format 2 is format 1 with the signers of programs and images. Without one, it is written as format 1.
"""

from __future__ import annotations

import collections.abc as c
import hashlib
import json
import posixpath
import re
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror.signing import Signer

NAME = "manifest.json"
FORMAT = 2
_SHA256 = re.compile(r"[0-9a-f]{64}")
_AGAIN = "Collect again where the internet is, or copy the directory again"


class File(t.NamedTuple):
    """``size`` in bytes; ``purpose``: what it is for; ``signer``: whose signature of it was verified, None if none was."""

    sha256: str
    size: int
    purpose: str
    signer: Signer | None = None


class Image(t.NamedTuple):
    """``digest``: ``sha256:`` and 64 digits, of what a registry calls the manifest of the image. ``signer``: as that of a file."""

    reference: str
    digest: str
    signer: Signer | None = None


class Manifest(t.NamedTuple):
    """Both by path below the directory; that of an image is a directory."""

    files: c.Mapping[str, File]
    images: c.Mapping[str, Image]


NOTHING = Manifest({}, {})


def text(manifest: Manifest) -> str:
    """The contents of the file."""
    content = _content(manifest)
    return _written({**content, "sha256": hashlib.sha256(_written(content).encode()).hexdigest()})


def digest_of(manifest: Manifest) -> str:
    """The sha256 of the file."""
    return hashlib.sha256(text(manifest).encode()).hexdigest()


def parse(found: bytes, *, path: str) -> Manifest:
    """The manifest in this text. Raises ComponentError if a byte of it is another than ``text`` has written."""
    try:
        content = json.loads(found.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ComponentError(f"{path} is no manifest: it cannot be read as JSON ({error}). {_AGAIN}") from None
    version = content.get("format") if isinstance(content, dict) else None
    if isinstance(version, int) and not isinstance(version, bool) and version > FORMAT:
        raise ComponentError(
            f"{path} has format {version}, and this version of the collection reads {FORMAT}. Use the version that has collected it"
        )
    try:
        manifest = _read(content)
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise ComponentError(f"{path} is no manifest: {error or type(error).__name__}. {_AGAIN}") from None
    if text(manifest).encode() != found:
        raise ComponentError(f"{path} differs from what was written: its own sha256 is another. {_AGAIN}")
    return manifest


def _content(manifest: Manifest) -> dict[str, t.Any]:
    files = [
        {"path": path, "sha256": file.sha256, "size": file.size, "for": file.purpose, **_signed(file.signer)}
        for path, file in sorted(manifest.files.items())
    ]
    images = [
        {"path": path, "reference": image.reference, "digest": image.digest, **_signed(image.signer)}
        for path, image in sorted(manifest.images.items())
    ]
    signed = any("signed_by" in entry for entry in (*files, *images))
    return {"format": FORMAT if signed else 1, "files": files, "images": images}


def _signed(signer: Signer | None) -> dict[str, t.Any]:
    return {"signed_by": signer._asdict()} if signer else {}


def _written(content: c.Mapping[str, t.Any]) -> str:
    return f"{json.dumps(content, indent=1)}\n"


def _read(content: t.Any) -> Manifest:
    files = {
        _path(entry["path"]): File(_digest(entry["sha256"]), _size(entry["size"]), _text(entry["for"]), _signer(entry))
        for entry in content["files"]
    }
    images = {_path(entry["path"]): Image(_text(entry["reference"]), _text(entry["digest"]), _signer(entry)) for entry in content["images"]}
    return Manifest(files, images)


def _signer(entry: c.Mapping[str, t.Any]) -> Signer | None:
    found = entry.get("signed_by")
    return None if found is None else Signer(_text(found["identity"]), _text(found["issuer"]))


def _path(value: t.Any) -> str:
    """Below the directory, wherever that is: files of a manifest are removed by their paths."""
    if not isinstance(value, str) or not value or posixpath.normpath(value) != value or value.startswith(("/", "..", ".")) or "\0" in value:
        raise ValueError(f"{value!r} is no path below the directory")
    return value


def _digest(value: t.Any) -> str:
    if not isinstance(value, str) or not _SHA256.fullmatch(value):
        raise ValueError(f"{value!r} is no sha256")
    return value


def _size(value: t.Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{value!r} is no size")
    return value


def _text(value: t.Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no text")
    return value
