# SPDX-License-Identifier: GPL-3.0-or-later
"""Container images of one layer, the same byte for byte whenever they are made from the same contents."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import pathlib
import tarfile
import typing as t

from barelab import artifacts_archive
from barelab.releases import architecture

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
_CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
_LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip"
_MANIFEST = "manifest.json"

# The file capability cap_net_bind_service, effective and permitted, as the kernel stores it (revision 2).
NET_BIND_SERVICE = "\x01\x00\x00\x02\x00\x04" + "\x00" * 14


@dataclasses.dataclass(frozen=True)
class Entry:
    """A file, or a link, or a folder: of what is not given, the first that is."""

    content: bytes | None = None
    link: str | None = None
    mode: int = 0o644
    owner: int = 0
    capability: str | None = None


def digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def layer(entries: t.Mapping[str, Entry]) -> bytes:
    """A tar of the entries, by absolute path, with the folders that they are in."""
    everything = {str(parent): Entry(mode=0o755) for path in entries for parent in pathlib.PurePosixPath(path).parents} | dict(entries)
    everything.pop("/", None)
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, item in sorted(everything.items()):
            archive.addfile(_member(path, item), io.BytesIO(item.content or b""))
    return output.getvalue()


def _member(path: str, item: Entry) -> tarfile.TarInfo:
    kind = tarfile.REGTYPE if item.content is not None else tarfile.SYMTYPE if item.link else tarfile.DIRTYPE
    member = artifacts_archive.entry(path.lstrip("/"), mode=item.mode, size=len(item.content or b""), kind=kind)
    member.uname = member.gname = ""
    member.uid = member.gid = item.owner
    member.linkname = item.link or ""
    if item.capability:
        member.pax_headers = {"SCHILY.xattr.security.capability": item.capability}
    return member


def write(*, folder: pathlib.Path, entries: t.Mapping[str, Entry], config: t.Mapping[str, t.Any]) -> None:
    """Leave manifest.json and the blobs, each under its digest."""
    plain = layer(entries)
    packed = artifacts_archive.compress(plain)
    description = {
        "created": "1970-01-01T00:00:00Z",
        "architecture": architecture(),
        "os": "linux",
        "config": dict(config),
        "rootfs": {"type": "layers", "diff_ids": [digest(plain)]},
    }
    encoded = json.dumps(description, sort_keys=True).encode()
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": {"mediaType": _CONFIG_TYPE, "size": len(encoded), "digest": digest(encoded)},
        "layers": [{"mediaType": _LAYER_TYPE, "size": len(packed), "digest": digest(packed)}],
    }
    for blob in (encoded, packed):
        (folder / digest(blob)).write_bytes(blob)
    (folder / _MANIFEST).write_text(json.dumps(manifest, sort_keys=True), encoding="utf-8")


def manifest(folder: pathlib.Path) -> bytes:
    return (folder / _MANIFEST).read_bytes()


def blobs(folder: pathlib.Path) -> list[pathlib.Path]:
    """Those that the manifest names: layers first, the configuration last."""
    parsed = json.loads(manifest(folder))
    return [folder / item["digest"] for item in [*parsed["layers"], parsed["config"]]]
