# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a survey has seen of a host's components, for the tasks that follow it, until something of the host is changed."""

from __future__ import annotations

import hashlib
import json
import pathlib
import time
import typing as t
import urllib.parse

from ansible import constants

# Seconds. A run may wait for other hosts; what it saw before that is looked at again.
_OLDEST = 120.0

Object = dict[str, t.Any]


def directory_of_the_run() -> pathlib.Path:
    """Ansible makes this directory for each run, for its user alone; its forks share it."""
    return pathlib.Path(constants.DEFAULT_LOCAL_TMP)  # type: ignore[attr-defined]  # set when it is imported


class FirstLooks:
    """The answers of one host to collect steps of components, by the digest of what was asked."""

    def __init__(self, directory: pathlib.Path, *, host: str) -> None:
        self._path = directory / f"barehost-survey-{urllib.parse.quote(host, safe='')}"

    def save(self, answers: t.Iterable[tuple[Object, Object]]) -> None:
        """Keeps the answers to these requests in place of earlier ones."""
        found = {_digest(request): answer for request, answer in answers}
        self._path.write_text(json.dumps({"at": time.time(), "answers": found}), encoding="utf-8")

    def find(self, request: Object) -> Object | None:
        """The answer to the same request; None if there is none, or an old one. Its ``time`` is what the host's clock shows now."""
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        answer, age = found["answers"].get(_digest(request)), time.time() - found["at"]
        return None if answer is None or not 0 <= age <= _OLDEST else {**answer, "time": answer["time"] + age}

    def forget(self) -> None:
        """Before the host is changed."""
        self._path.unlink(missing_ok=True)


def _digest(request: Object) -> str:
    return hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()
