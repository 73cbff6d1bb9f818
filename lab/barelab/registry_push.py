# SPDX-License-Identifier: GPL-3.0-or-later
"""Putting images into a registry, by its HTTP API (OCI distribution specification). Runs inside the lab's network.

python -m barelab.registry_push --registry HOST:PORT --ca FILE REFERENCE=FOLDER...
"""

from __future__ import annotations

import argparse
import http.client
import pathlib
import ssl
import sys
import typing as t
import urllib.parse

from barelab import images_oci
from barelab.errors import LabError

_TIMEOUT = 60.0


class Registry:
    """A connection to a registry."""

    def __init__(self, *, registry: str, ca: pathlib.Path) -> None:
        context = ssl.create_default_context(cafile=str(ca))
        self._connection = http.client.HTTPSConnection(registry, timeout=_TIMEOUT, context=context)

    def push(self, *, reference: str, folder: pathlib.Path) -> bool:
        """Make the registry offer the image in ``folder``; False if it does so already."""
        repository, tag = reference.rsplit(":", 1)
        manifest = images_oci.manifest(folder)
        status, headers = self._call("HEAD", f"/v2/{repository}/manifests/{tag}", headers={"Accept": images_oci.MANIFEST_TYPE})
        if status == 200 and headers.get("Docker-Content-Digest") == images_oci.digest(manifest):
            return False
        for blob in images_oci.blobs(folder):
            self._push_blob(repository=repository, blob=blob)
        kind = {"Content-Type": images_oci.MANIFEST_TYPE}
        self._expect(201, "PUT", f"/v2/{repository}/manifests/{tag}", body=manifest, headers=kind)
        return True

    def _push_blob(self, *, repository: str, blob: pathlib.Path) -> None:
        if self._call("HEAD", f"/v2/{repository}/blobs/{blob.name}")[0] == 200:
            return
        started = self._expect(202, "POST", f"/v2/{repository}/blobs/uploads/")
        place = urllib.parse.urlsplit(started["Location"])
        query = "&".join(part for part in (place.query, urllib.parse.urlencode({"digest": blob.name})) if part)
        body = blob.read_bytes()
        self._expect(201, "PUT", f"{place.path}?{query}", body=body, headers={"Content-Type": "application/octet-stream"})

    def _expect(
        self, wanted: int, method: str, path: str, *, body: bytes | None = None, headers: t.Mapping[str, str] | None = None
    ) -> http.client.HTTPMessage:
        status, answer = self._call(method, path, body=body, headers=headers)
        if status != wanted:
            raise LabError(f"the lab's registry answered {method} {path.split('?')[0]} with {status}, wanted {wanted}")
        return answer

    def _call(
        self, method: str, path: str, *, body: bytes | None = None, headers: t.Mapping[str, str] | None = None
    ) -> tuple[int, http.client.HTTPMessage]:
        self._connection.request(method, path, body=body, headers=dict(headers or {}))
        answer = self._connection.getresponse()
        answer.read()
        return answer.status, answer.headers


def main(arguments: t.Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m barelab.registry_push")
    parser.add_argument("--registry", required=True)
    parser.add_argument("--ca", type=pathlib.Path, required=True)
    parser.add_argument("images", nargs="*", metavar="REFERENCE=FOLDER")
    options = parser.parse_args(arguments)
    registry = Registry(registry=options.registry, ca=options.ca)
    for image in options.images:
        reference, folder = image.split("=", 1)
        try:
            if registry.push(reference=reference, folder=pathlib.Path(folder)):
                print(f"pushed {reference}")
        except (LabError, OSError, http.client.HTTPException) as error:
            print(f"{reference} could not be pushed to {options.registry}: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
