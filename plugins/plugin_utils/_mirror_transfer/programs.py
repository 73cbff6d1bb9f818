# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Downloads what a plan lacks, as a host does: the same downloads, proofs and record."""

from __future__ import annotations

import collections.abc as c
import concurrent.futures
import contextlib
import hashlib
import os
import pathlib
import posixpath
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import binary_checksums
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import http_download
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.download_route import Route
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.asked_checksums import AskedChecksums
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror import directory as places
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror.manifest import File
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror.plan import Fetch, Prove
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror.wanted import Program
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror_transfer import signatures
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror_transfer.signatures import Verifier

_AT_ONCE = 4
# Of this machine, in the messages of the record.
_HERE = "the mirror"

Object = dict[str, t.Any]


def fetch(
    directory: pathlib.Path,
    fetches: c.Sequence[Fetch],
    cluster: c.Mapping[str, t.Any],
    *,
    run: pathlib.Path,
    signed: Verifier | None = None,
) -> tuple[dict[str, File], list[str]]:
    """Brings these files to their places; what they are, by path, and warnings. ``run``: a directory of this run of Ansible. ``signed``:
    verifies signatures.

    The way out is that of this login: the proxies of the inventory are those of hosts. Raises ComponentError with all that has failed;
    what is complete stays, and what is begun is continued by the next run.
    """
    http_download.take(Route({"ca_bundle": cluster["downloads"].get("ca_bundle", "")}))
    actions = [{"kind": "binary", "operation": "download", "data": {"release": _release(one.program)}} for one in fetches]
    # As for hosts that ask for themselves: the record is read, and what was asked for is written into it.
    settings = {"checksums": {**cluster["checksums"], "asked_by": "hosts"}, "downloads": {}}
    asked = AskedChecksums(run, host=_HERE, cluster=lambda: settings)
    done: dict[str, str] = {}

    def apply(completed: list[Object]) -> Object:
        releases = [action["data"]["release"] for action in completed]
        done.update(_fetch_all(directory, [(one.program, release) for one, release in zip(fetches, releases, strict=True)], signed))
        return {"outcomes": {"binary": [{"sha256": done[one.program.path]} for one in fetches]}}

    asked.applied(actions, apply)
    files = {}
    for one in fetches:
        path, signer = one.program.path, one.program.signer if signed else None
        files[path] = File(done[path], (directory / path).stat().st_size, one.program.purpose, signer)
    return files, asked.warnings


def _release(program: Program) -> Object:
    return {
        "name": posixpath.basename(program.path),
        "url": program.url,
        "sha256": program.sha256,
        "checksum_url": program.checksum_url,
        "remedy": program.remedy,
    }


def _fetch_all(directory: pathlib.Path, wanted: c.Sequence[tuple[Program, Object]], signed: Verifier | None) -> dict[str, str]:
    """By path, the digests. Several at once."""
    with concurrent.futures.ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        running = {program.path: pool.submit(_fetch, directory, program, release, signed) for program, release in wanted}
    _raise_failures([future.exception() for future in running.values()])
    return {path: future.result() for path, future in running.items()}


def _raise_failures(failures: c.Iterable[BaseException | None]) -> None:
    found = [failure for failure in failures if failure is not None]
    for failure in found:
        if not isinstance(failure, (HostError, ComponentError, OSError)):
            raise failure
    if found:
        raise ComponentError("\n".join(failure.message if isinstance(failure, HostError) else str(failure) for failure in found))


def _fetch(directory: pathlib.Path, program: Program, release: Object, signed: Verifier | None) -> str:
    sha256 = str(release["sha256"] or "") or binary_checksums.fetch_checksum(release["checksum_url"], release["name"])
    # The name holds the wanted digest, so that a partial file is never continued with the bytes of another.
    part = directory / places.PARTIAL / f"{release['name']}-{sha256[:16]}"
    http_download.download(program.url, str(part), sha256, remedy=release.get("remedy") or "")
    try:
        signatures.require_program(signed, program, part)
    except ComponentError:
        part.unlink()
        raise
    places.make_parents(directory, program.path)
    with part.open("rb") as file:
        os.fchmod(file.fileno(), places.FILE_MODE)
        os.fsync(file.fileno())
    part.rename(directory / program.path)
    return sha256


def prove(directory: pathlib.Path, proofs: c.Sequence[Prove], digests: c.Mapping[str, str]) -> dict[str, File]:
    """Writes the checksum files, as upstream has them. ``digests``: of all programs, by path.

    Raises ComponentError if one of upstream says something else about a program that is proven already.
    """
    files = {}
    for file, _reason in proofs:
        proven = {posixpath.basename(path): digests[path] for path in file.programs}
        text = "".join(f"{digest}  {name}\n" for name, digest in sorted(proven.items()))
        if file.url:
            text = _upstreams(file.url, proven)
        places.make_parents(directory, file.path)
        places.write(directory / file.path, text)
        files[file.path] = File(hashlib.sha256(text.encode()).hexdigest(), len(text.encode()), file.purpose)
    return files


def _upstreams(url: str, proven: c.Mapping[str, str]) -> str:
    try:
        text = http_download.fetch_text(url)
        said = {name: binary_checksums.fetch_checksum(url, name, fetch=lambda _url: text) for name in proven}
    except HostError as error:
        raise ComponentError(error.message) from None
    for name, digest in proven.items():
        if said[name] != digest:
            raise ComponentError(
                f"{http_download.shown(url)}: it gives {name} the sha256 {said[name]}, and the file here has {digest}. Find out which is "
                "right"
            )
    return text


def tidy(directory: pathlib.Path) -> None:
    """Removes what is begun, after a run that has brought all."""
    partial = directory / places.PARTIAL
    if partial.is_dir():
        for path in sorted(partial.rglob("*"), reverse=True):
            with contextlib.suppress(OSError):
                path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
        with contextlib.suppress(OSError):
            partial.rmdir()
