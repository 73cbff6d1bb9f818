# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetching releases from upstream, on machines that can reach it."""

from __future__ import annotations

import http.client
import os
import pathlib
import shutil
import socket
import threading
import urllib.error
import urllib.request

from barelab import artifacts_archive
from barelab.errors import LabError
from barelab.releases import Artifact

# Setting one of them to anything but "", "0" or "false" turns the probe off.
OFFLINE_VARIABLES = ("BAREHOST_LAB_OFFLINE", "CI")
_HOST = "dl.k8s.io"
_PROBE_SECONDS = 3.0
_READ_SECONDS = 60.0


class Probe:
    """Whether upstream can be reached: asked at most once, and only when there is something to fetch."""

    def __init__(self, *, host: str = _HOST, port: int = 443) -> None:
        self._address = (host, port)
        self._answer: bool | None = None
        self._lock = threading.Lock()

    def reachable(self) -> bool:
        with self._lock:
            if self._answer is None:
                self._answer = not offline() and self._connects()
            return self._answer

    def _connects(self) -> bool:
        try:
            socket.create_connection(self._address, timeout=_PROBE_SECONDS).close()
        except OSError:
            return False
        return True


def offline() -> bool:
    return any(os.environ.get(name, "").lower() not in ("", "0", "false") for name in OFFLINE_VARIABLES)


def fetch(*, artifact: Artifact, folder: pathlib.Path, scheme: str = "https://") -> None:
    """Download into the folder, at upstream's path; compared with the checksum that upstream publishes, where it does."""
    target = folder / artifact.path
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with urllib.request.urlopen(f"{scheme}{artifact.path}", timeout=_READ_SECONDS) as answer, target.open("wb") as handle:
            shutil.copyfileobj(answer, handle)
        if not artifact.checksum_published:
            return
        with urllib.request.urlopen(f"{scheme}{artifact.checksum_path}", timeout=_READ_SECONDS) as answer:
            text = answer.read().decode("ascii", errors="replace")
    except (urllib.error.URLError, OSError, http.client.HTTPException) as error:
        raise LabError(f"{artifact.path}: {error}") from error
    found, expected = artifacts_archive.sha256(target), published_digest(text=text, artifact=artifact)
    if found != expected:
        raise LabError(f"{artifact.path} has sha256 {found}, {artifact.checksum_path} says {expected}")


def published_digest(*, text: str, artifact: Artifact) -> str:
    """The artifact's digest in a checksum file."""
    name = artifact.path.rsplit("/", 1)[1]
    for line in text.splitlines():
        words = line.split()
        if len(words) == 1 and artifact.checksum_style == "bare":
            return words[0].lower()
        if len(words) == 2 and words[1].lstrip("*").rsplit("/", 1)[-1] == name:
            return words[0].lower()
    raise LabError(f"{artifact.checksum_path} says nothing of {name}")
