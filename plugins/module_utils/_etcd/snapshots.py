# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host side of backups: the health of the member on this host, a snapshot of it that is proven, and the transfer of the snapshot.

etcd is asked by etcdctl and not by its JSON API: where etcd has users, only gRPC takes the name of a certificate for one.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import typing as t
import zlib

from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd import scratch, unpacking
from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client.etcdctl import Etcdctl
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import host_lock, http_download, locations
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import must
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import run as run_program
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.digests import sha256_of_file
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError, cause

_TIMEOUT = unpacking.TIMEOUT
_PAGE = 2000
# The alarm that a full database raises: it may still be read, and then is worth a backup.
_HARMLESS = ("NOSPACE",)

Object = dict[str, t.Any]


class Etcd(t.NamedTuple):
    """How to ask the member on this host, by the table of components; in the payload as ``etcd``."""

    etcdctl: str
    etcdutl: str
    endpoint: str
    ca: str
    pairs: list[dict[str, str]]  # certificates ("cert") with keys ("key"), the preferred one first

    def command(self, *arguments: str) -> list[str]:
        """A command line of etcdctl. Raises HostError without a certificate."""
        found = next((pair for pair in self.pairs if os.path.exists(pair["cert"])), None)
        if found is None:
            raise HostError(
                f"{self.pairs[-1]['cert']}: no such file, so that etcd cannot be asked; is this an etcd host that site.yml has converged?"
            )
        files = (self.ca, found["cert"], found["key"])
        return Etcdctl([self.endpoint], files, program=self.etcdctl).command(*arguments)

    def read(self, *, timeout: int) -> list[str]:
        """A linearizable read, which needs a quorum. Not ``endpoint health``, which fails while an alarm stands, and a full database must
        be saved and restored too."""
        return self.command("get", "health", "--keys-only", f"--command-timeout={timeout}s")


def run(step: str, payload: Object) -> Object:
    """One step; raises HostError."""
    with host_lock.held(changes=True) if step in _CHANGING else contextlib.nullcontext():
        return STEPS[step](payload)


def directory() -> str:
    """Where a snapshot waits for the controller; root's alone."""
    return os.path.join(locations.STATE_DIRECTORY, "backup")


def snapshot_path() -> str:
    return os.path.join(directory(), "snapshot")


def _collect(payload: Object) -> Object:
    """Whether the member on this host can give a snapshot of what the whole cluster agrees on."""
    etcd = Etcd(**payload["etcd"])
    try:
        answered = run_program(etcd.read(timeout=10), timeout=30)
        if not answered.ok:
            return {"healthy": False, "fault": answered.complaint()}
        return _status(etcd)
    except HostError as error:
        return {"healthy": False, "fault": error.message}


def _status(etcd: Etcd) -> Object:
    status = json.loads(must(etcd.command("endpoint", "status", "--write-out=json"), what="ask etcd for its status").output)[0]["Status"]
    faults = [fault for fault in status.get("errors", []) if not any(name in fault for name in _HARMLESS)]
    if status.get("isLearner"):
        faults.append("it is a learner")
    header = status["header"]
    return {
        "healthy": not faults,
        "fault": "; ".join(faults),
        "leads": header["member_id"] == status.get("leader"),
        "cluster_id": f"{header['cluster_id']:x}",
        "version": status["version"],
        "size": status["dbSize"],
    }


def _save(payload: Object) -> Object:
    """Saves a snapshot, proves it, and returns what tells it from others. ``name`` is that of the file which it will be."""
    etcd = Etcd(**payload["etcd"])
    os.makedirs(os.path.dirname(directory()), mode=0o755, exist_ok=True)
    scratch.make(directory())
    size = payload["size"]
    http_download.ensure_space(directory(), size + unpacking.space(size), needed_for="a snapshot of etcd with its trial restore")
    path = snapshot_path()
    must(etcd.command("snapshot", "save", path, f"--command-timeout={_TIMEOUT:.0f}s"), what="save a snapshot of etcd", timeout=_TIMEOUT)
    os.chmod(path, 0o600)
    unpacking.prove(etcd.etcdutl, path, directory=directory(), name=payload["name"])
    found = read_snapshot(etcd, path, name=payload["name"])
    return {**found, **contents(etcd, revision=found["revision"])}


def read_snapshot(etcd: Etcd, path: str, *, name: str) -> Object:
    """What etcdutl finds when it reads the whole file, and the digest of the file. An error calls it ``name``."""
    done = run_program([etcd.etcdutl, "snapshot", "status", path, "--write-out=json"], timeout=_TIMEOUT)
    if not done.ok:
        raise HostError(f"{name} is not a whole snapshot of etcd: {done.complaint()}. It was not kept; run again")
    status = json.loads(done.output)
    return {
        "hash": f"{status['hash']:x}",
        "revision": status["revision"],
        "total_keys": status["totalKey"],
        "total_size": status["totalSize"],
        "storage_version": status.get("version", ""),
        "size": os.path.getsize(path),
        "sha256": sha256_of_file(path),
    }


def contents(etcd: Etcd, *, revision: int = 0) -> Object:
    """The number of keys at a revision (0: now), and the digest of keys and values. Keys with a lease do not count: they may expire."""
    digest, count = hashlib.sha256(), 0
    for entry in _entries(etcd, revision):
        if not entry.get("lease"):
            count += 1
            for part in (entry["key"], entry.get("value", "")):
                digest.update(f"{part}\n".encode())
    return {"keys": count, "digest": digest.hexdigest()}


def _entries(etcd: Etcd, revision: int) -> t.Iterator[Object]:
    """Page by page: each begins with the last key of the one before."""
    start, last = "", ""
    while True:
        options = [f"--rev={revision}", f"--limit={_PAGE}", "--from-key", "--write-out=json", "--command-timeout=60s"]
        answer = json.loads(must(etcd.command("get", *options, "--", start), what="read the keys of etcd", timeout=120).output)
        page = [entry for entry in answer.get("kvs", []) if entry["key"] != last]
        yield from page
        if not answer.get("more"):
            return
        last = page[-1]["key"]
        start = base64.b64decode(last).decode(errors="surrogateescape")


def _read(payload: Object) -> Object:
    """A part of the snapshot, compressed; empty behind its end."""
    try:
        with open(snapshot_path(), "rb") as stream:
            stream.seek(payload["offset"])
            block = stream.read(payload["length"])
    except OSError as error:
        raise HostError(f"the snapshot on this host is gone ({cause(error)}): another backup has begun here. Run again after it") from error
    return {"length": len(block), "part": base64.b64encode(zlib.compress(block, 1)).decode()}


def _clean(payload: Object) -> Object:
    scratch.remove(directory())
    return {}


STEPS: dict[str, t.Callable[[Object], Object]] = {"collect": _collect, "save": _save, "read": _read, "clean": _clean}
_CHANGING = ("save", "clean")
