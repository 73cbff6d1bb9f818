# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what the program on a host has answered. Whoever owns a host may answer anything, and gets one clear error at most. Pure."""

from __future__ import annotations

import json
import pathlib
import traceback
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import bootstrap

Answer = dict[str, t.Any]

# Characters of one answer. That of a host with all its logs, packed, has some ten million.
LONGEST = 1 << 26
_COLLECTION = "barehost"


class Unusable(ValueError):
    """The host has answered something else than the program says. The message says what."""


def read(output: str) -> Answer | None:
    """The answer in the output of the program; None if it ended without one. Raises Unusable."""
    for line in reversed(output.splitlines()):
        if line.startswith(bootstrap.MARK):
            return _parsed(line.removeprefix(bootstrap.MARK))
    return None


def _parsed(text: str) -> Answer:
    if len(text) > LONGEST:
        raise Unusable(f"it has {len(text)} characters, and no more than {LONGEST} are read")
    try:
        found = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise Unusable(f"it is no JSON ({error})") from None
    if not isinstance(found, dict) or not isinstance(found.get("failed", ""), str) or not ("failed" in found or "result" in found):
        raise Unusable("it has neither a result nor a reason")
    return found


def _refuse(constant: str) -> t.NoReturn:
    """Python's NaN and infinities, which JSON does not have."""
    raise ValueError(f"{constant} is no number of JSON")


def why(error: BaseException) -> str:
    """What could not be done with an answer, and where: the last place in the collection."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if _COLLECTION in frame.filename or "plugin_utils" in frame.filename] or frames[-1:]
    place = f", at {pathlib.PurePath(own[-1].filename).name}:{own[-1].lineno}" if own else ""
    return f"{type(error).__name__}: {error}{place}"
