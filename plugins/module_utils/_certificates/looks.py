# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host side of ``certificates``: reads certificates, and of keys only what is no secret. Changes nothing, and needs no openssl.

What leaves the host of a file is the certificates in it, never the rest. Of a private key the host tells whether it is there, whose it is,
and whether it belongs to its certificate. Of an encryption configuration it tells the names and the order of the keys.
"""

from __future__ import annotations

import binascii
import hashlib
import os
import re
import stat
import time
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import certificates
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import atomic, errors, identity, pem

Object = dict[str, t.Any]

# Far more than certificates and kubeconfigs have.
SIZE_LIMIT = 256 * 1024
# Of a directory: how deep, how many entries are looked at, and how many certificates that nobody describes are told.
DEPTH = 2
ENTRIES = 1000
UNKNOWN = 50

_EMBEDDED = re.compile(rb"""["']?client-certificate-data["']?\s*:\s*["']?([A-Za-z0-9+/=]+)""")
_NAMED = re.compile(r"""^[ \t-]*["']?client-certificate["']?\s*:\s*["']?(/[^\s"',}]+)""", re.MULTILINE)
# The values of `secret` are matched by neither: only these words, and what stands behind `name`.
_PROVIDERS = re.compile(
    r"""(?<![\w-])["']?(aescbc|aesgcm|secretbox|kms|identity)["']?\s*:|(?<![\w-])["']?name["']?\s*:\s*["']?([\w.-]{1,64})"""
)


def run(_step: str, payload: Object) -> Object:
    """What is there of the described certificates and files, and the certificates in the directories that are not among them."""
    described = {entry["path"] for entry in [*payload["certificates"], *payload["files"]]}
    unknown, complete = _unknown(payload["directories"], described)
    return {
        "certificates": [_pair(item) for item in payload["certificates"]],
        "files": [_file(item) for item in payload["files"]],
        "unknown": unknown,
        "complete": complete,
        "time": time.time(),
        "root": os.geteuid() == 0,
    }


def _pair(item: Object) -> Object:
    """A certificate and its key."""
    found = {**_certificates_of(item["path"]), "key": "unknown", "key_found": _state(item["key"])}
    if found["pem"]:
        try:
            found["key"] = certificates.collect([item])[0]["key"]
        except errors.HostError as error:
            found["fault"] = error.message
    return found


def _file(item: Object) -> Object:
    """Another file: ``same`` says whether its content has the digest that is wanted; None if that is not known."""
    found, content = _head(item["path"])
    found["same"] = None
    if found["found"]["type"] == "absent" or found["fault"]:
        return found
    if item.get("digest"):
        found["same"] = hashlib.sha256(content).hexdigest() == item["digest"]
    reader = _READERS.get(item["kind"])
    return {**found, **reader(content)} if reader else found


def _head(path: str) -> tuple[Object, bytes]:
    """What is at a path, and the beginning of a regular file. A link is followed: programs follow it too."""
    state: Object = {"found": _state(path), "fault": ""}
    if state["found"]["type"] == "absent":
        return state, b""
    try:
        # Without O_NONBLOCK a named pipe would wait for somebody who writes.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                return {**state, "fault": "it is not a regular file"}, b""
            return state, stream.read(SIZE_LIMIT)
    except OSError as error:
        return {**state, "fault": f"it cannot be read: {errors.cause(error)}"}, b""


def _state(path: str) -> Object:
    try:
        return atomic.file_state(path)
    except errors.HostError:
        # not absent: a directory above it is closed to who asks
        return {"type": "unknown"}


def _certificates_of(path: str) -> Object:
    state, content = _head(path)
    return {**state, **_of_certificates(content)}


def _of_certificates(content: bytes) -> Object:
    return {"pem": pem.certificates(content), "holds_key": b"PRIVATE KEY-----" in content}


def _of_kubeconfig(content: bytes) -> Object:
    """The certificates in it, and the paths of those that it names. Keys and tokens stay where they are."""
    embedded: list[str] = []
    for text in _EMBEDDED.findall(content):
        try:
            embedded += pem.certificates(binascii.a2b_base64(text))
        except binascii.Error:
            continue
    return {"pem": embedded[: pem.BLOCKS], "named": _NAMED.findall(content.decode("utf-8", errors="replace"))[: pem.BLOCKS]}


def _of_public_key(content: bytes) -> Object:
    return {"keys": identity.digests(content.decode("utf-8", errors="replace"))[: pem.BLOCKS]}


def _of_encryption(content: bytes) -> Object:
    """For each provider in order the names of its keys, such as ``secretbox: key1``."""
    providers: list[str] = []
    for provider, name in _PROVIDERS.findall(content.decode("utf-8", errors="replace")):
        if provider:
            providers.append(provider)
        elif providers:
            providers[-1] += f"{',' if ':' in providers[-1] else ':'} {name}"
    return {"providers": providers[: pem.BLOCKS]}


_READERS: dict[str, t.Callable[[bytes], Object]] = {
    "authority": _of_certificates,
    "rotated": _of_certificates,
    "kubeconfig": _of_kubeconfig,
    "public key": _of_public_key,
    "encryption key": _of_encryption,
}


def _unknown(directories: t.Iterable[str], described: t.Container[str]) -> tuple[list[Object], bool]:
    """Files with certificates that are not described, and whether all files have been looked at."""
    found: dict[str, Object] = {}
    seen = 0
    for directory in directories:
        for path in _files_below(directory):
            seen += 1
            if seen > ENTRIES or len(found) >= UNKNOWN:
                return list(found.values()), False
            if path in described or path in found:
                continue
            state = _certificates_of(path)
            if state["pem"]:
                found[path] = {"path": path, **state}
    return list(found.values()), True


def _files_below(directory: str) -> t.Iterator[str]:
    for parent, folders, files in os.walk(directory):
        folders.sort()
        if parent[len(directory) :].count(os.sep) >= DEPTH - 1:
            folders.clear()
        yield from (os.path.join(parent, name) for name in sorted(files))
