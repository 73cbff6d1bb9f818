# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a survey has seen of a host's components, for the tasks that follow it, until something of the host is changed.

Only plays that come after a survey and have no tasks of others between use it: they say so by the variable that is named here.
"""

from __future__ import annotations

import hashlib
import json
import pathlib
import time
import typing as t
import urllib.parse

# The variable of a play whose tasks may use what the survey saw.
ALLOWED = "__site_uses_the_survey"
# Seconds. A run may wait for other hosts; what it saw before that is looked at again.
_OLDEST = 120.0

Object = dict[str, t.Any]


class FirstLooks:
    """The answers of one host to collect steps of components, by the digest of what was asked."""

    def __init__(self, directory: pathlib.Path, *, host: str) -> None:
        self._path = directory / f"barehost-survey-{urllib.parse.quote(host, safe='')}"

    def save(self, answers: t.Iterable[tuple[Object, Object]]) -> None:
        """Keeps the answers to these requests in place of earlier ones. Where it cannot, tasks ask the host."""
        self._write({"at": time.time(), "answers": {_digest(request): answer for request, answer in answers}})

    def take(self, request: Object) -> Object | None:
        """The answer to the same request, once; None if there is none, or an old one. Its ``time`` is what the host's clock shows now."""
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        answer, age = found["answers"].pop(_digest(request), None), time.time() - found["at"]
        if answer is None or not 0 <= age <= _OLDEST:
            return None
        self._write(found)
        return {**answer, "time": answer["time"] + age}

    def forget(self) -> None:
        """Before the host is changed."""
        self._path.unlink(missing_ok=True)

    def _write(self, found: Object) -> None:
        new = self._path.with_name(f"{self._path.name}.new")
        try:
            new.write_text(json.dumps(found), encoding="utf-8")
            new.replace(self._path)
        except OSError:
            self.forget()


def _digest(request: Object) -> str:
    return hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()
