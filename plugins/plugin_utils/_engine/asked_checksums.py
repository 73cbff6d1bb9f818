# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Digests of downloads that nothing pins: asked for once a run, on the controller, and recorded, so that later hosts get the same file.

A host that needs nothing costs no question. Where the controller gets no answer, each host asks for itself when it downloads, and reports
by what its download was proven: no host is called for that alone. A record holds for downloads only: what a host has stays.
"""

from __future__ import annotations

import collections.abc as c
import contextlib
import fcntl
import functools
import json
import pathlib
import posixpath
import re
import threading
import time
import typing as t
import urllib.parse

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import binary_checksums
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import http_download
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.download_route import Route
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.checksum_record import Record
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import downloads

Object = dict[str, t.Any]

# Seconds for all questions of one task together, and of one step of a connection.
DEADLINE = 10.0
_TIMEOUT = 5.0
# A server that let the controller wait so long, for nothing, is not asked again in this run.
_PATIENCE = 2.0
_SHA256 = re.compile(r"[0-9a-f]{64}")


class AskedChecksums:
    """The digests for the downloads of one task.

    ``directory`` is that of the run, which its forks share. ``cluster`` gives the resolved spec, and is called only if it is needed.
    """

    def __init__(self, directory: pathlib.Path, *, host: str, cluster: c.Callable[[], c.Mapping[str, t.Any]]) -> None:
        self._directory = directory
        self._host = host
        self._cluster = cluster
        self.warnings: list[str] = []

    def applied(self, actions: list[Object], apply: c.Callable[[list[Object]], Object]) -> Object:
        """What ``apply`` says, which has the host perform the actions. Each download has a digest by then, if anybody gives one.

        ``warnings`` is complete afterwards.
        """
        self._complete(actions)
        done = apply(actions)
        self._note(actions, done["outcomes"])
        return done

    def _complete(self, actions: c.Iterable[Object]) -> None:
        """Gives each download the digest that is recorded, or that somebody answers now."""
        unproven = _unproven(actions)
        if not unproven:
            return
        with self._turn() as run:
            known = self._record.read() if self._record else {}
            answered = {}
            if self._settings.get("asked_by", "controller") == "controller":
                missing = {address: release for address, release in _by_address(unproven).items() if not known.get(address)}
                answered = self._answers({address: one for address, one in missing.items() if address not in run["digests"]}, run)
            self._keep(answered, run)
            known = {**run["digests"], **known}
        for action in unproven:
            release = action["data"]["release"]
            digest = known.get(_address(release))
            if digest:
                action["data"] = {**action["data"], "release": {**release, "sha256": digest, "remedy": self._remedy}}

    def _note(self, actions: c.Iterable[Object], outcomes: c.Mapping[str, t.Any]) -> None:
        """Records by what a host has proven downloads for which it asked. Raises ComponentError if others got another file."""
        reported = _reported(actions, outcomes)
        if not reported:
            return
        with self._turn() as run:
            known = {**run["digests"], **(self._record.read() if self._record else {})}
            self._keep({address: digest for address, digest in reported.items() if not known.get(address)}, run)
        for address, digest in reported.items():
            if known.get(address) not in (None, "", digest):
                raise ComponentError(
                    f"{address}: found sha256 {digest}, by which {self._host} has installed it; wanted {known[address]}, which another "
                    "host got. The server gave two files at one address: find out which is right, and give its digest in "
                    "cluster_checksums. The next run brings it to each host that has the other"
                )

    @functools.cached_property
    def _settings(self) -> c.Mapping[str, t.Any]:
        return self._cluster().get("checksums") or {}

    @functools.cached_property
    def _record(self) -> Record | None:
        path = self._settings.get("file")
        return Record(pathlib.Path(path)) if path else None

    @functools.cached_property
    def _ways(self) -> list[Route]:
        """How the servers are reached: as hosts do it, else as the login of the controller does, which may be in another network."""
        of_hosts = downloads.for_host(self._cluster())
        of_the_login = {"ca_bundle": of_hosts.get("ca_bundle", "")}
        return [Route(of_hosts), Route(of_the_login)] if "no_proxy" in of_hosts else [Route(of_hosts)]

    @property
    def _remedy(self) -> str:
        if self._record is None:
            return ""
        return (
            f"{self._record.path} on the controller has that digest, since a host first installed this file. If the file was changed for a "
            "good reason, take its line out of there and run again. Else find out who has changed it."
        )

    def _answers(self, questions: c.Mapping[str, Object], run: Object) -> dict[str, str]:
        """What the controller is answered. What it is not answered is left to the hosts, for this run."""
        asked = {address: one for address, one in questions.items() if _server(one) not in run["silent"]}
        begin = time.monotonic()
        found, faults = _ask(asked, self._ways)
        if faults and time.monotonic() - begin > _PATIENCE:
            run["silent"] += sorted({_server(asked[address]) for address in faults})
        run["digests"].update(dict.fromkeys(faults, ""))
        self.warnings += [
            f"The controller asked for a checksum and got none: {fault} So each host asks for itself. If only hosts reach that server, "
            "set cluster_checksums_asked_by: hosts"
            for fault in faults.values()
        ]
        return found

    def _keep(self, digests: c.Mapping[str, str], run: Object) -> None:
        run["digests"].update(digests)
        if not digests or self._record is None:
            return
        try:
            self._record.add(digests)
        except OSError as error:
            self.warnings.append(
                f"{self._record.path}: the digests of {len(digests)} downloads cannot be recorded ({error.strerror}). The next run asks "
                "for them again. Set cluster_checksums_file to a file that this user can write"
            )

    @contextlib.contextmanager
    def _turn(self) -> c.Iterator[Object]:
        """What this run knows already; one fork at a time."""
        path = self._directory / "barehost-checksums.json"
        with path.with_suffix(".lock").open("w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            run = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"digests": {}, "silent": []}
            try:
                yield run
            finally:
                new = path.with_suffix(".new")
                new.write_text(json.dumps(run), encoding="utf-8")
                new.replace(path)


def _unproven(actions: c.Iterable[Object]) -> list[Object]:
    downloads = [action for action in actions if action["kind"] == "binary" and action["operation"] == "download"]
    return [action for action in downloads if not action["data"]["release"]["sha256"] and _can_be_asked(action["data"]["release"])]


def _can_be_asked(release: Object) -> bool:
    """Of an address that is none, the host says so."""
    try:
        return all(urllib.parse.urlsplit(release[key] or "").netloc for key in ("url", "checksum_url"))
    except ValueError:
        return False


def _by_address(downloads: c.Iterable[Object]) -> dict[str, Object]:
    """The releases; several files of one are one."""
    releases = [action["data"]["release"] for action in downloads]
    return {_address(release): release for release in releases}


def _address(release: Object) -> str:
    """Of the file, without what in it may be secret."""
    return http_download.shown(release["url"])


def _server(release: Object) -> str:
    return urllib.parse.urlsplit(release["checksum_url"]).netloc


def _ask(questions: c.Mapping[str, Object], ways: c.Sequence[Route]) -> tuple[dict[str, str], dict[str, str]]:
    """The digests, and why there is none. All at once, and a server that says nothing keeps nobody longer than the deadline."""
    found: dict[str, str] = {}
    faults: dict[str, str] = {}

    def ask(address: str, release: Object) -> None:
        for way in ways:
            try:
                found[address] = _fetched(release, way)
                return
            except HostError as error:
                faults.setdefault(address, error.message)
            except (OSError, ValueError) as error:
                faults.setdefault(address, f"{http_download.shown(release['checksum_url'])}: {error}.")

    threads = [threading.Thread(target=ask, args=question, daemon=True) for question in questions.items()]
    for thread in threads:
        thread.start()
    end = time.monotonic() + DEADLINE
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    answered = dict(found)
    silent = {
        address: f"{http_download.shown(release['checksum_url'])}: no answer to the controller in {DEADLINE:.0f} seconds."
        for address, release in questions.items()
        if address not in answered
    }
    return answered, {**silent, **{address: fault for address, fault in dict(faults).items() if address not in answered}}


def _fetched(release: Object, way: Route) -> str:
    name = posixpath.basename(urllib.parse.urlsplit(release["url"]).path)
    fetch = functools.partial(http_download.fetch_text, attempts=1, timeout=_TIMEOUT, route=way)
    return binary_checksums.fetch_checksum(release["checksum_url"], name, fetch=fetch)


def _reported(actions: c.Iterable[Object], outcomes: c.Mapping[str, t.Any]) -> dict[str, str]:
    """By address, what a host says of the downloads that it was given no digest for. It may say anything."""
    releases = [action for action in actions if action["kind"] == "binary"]
    told = outcomes.get("binary")
    if not isinstance(told, list) or len(told) != len(releases):
        return {}
    found = {}
    for action, outcome in zip(releases, told, strict=True):
        digest = outcome.get("sha256") if isinstance(outcome, dict) else None
        if _unproven([action]) and isinstance(digest, str) and _SHA256.fullmatch(digest):
            found[_address(action["data"]["release"])] = digest
    return found
