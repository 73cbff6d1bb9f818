# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resource kind ``trusted_programs``: what fapolicyd lets run, on a host that has it (fapolicyd.trust(13)).

It trusts what rpm has installed. The programs and scripts of a component come without rpm, so they are listed in a file of ours, by
size and digest. Lines of programs that are gone are dropped.
"""

from __future__ import annotations

import os
import time
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import atomic
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import must, run
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.digests import sha256_of_file
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

TRUST = "/etc/fapolicyd/trust.d/barehost"
# By which a daemon that runs is told of new lines.
PIPE = "/run/fapolicyd/fapolicyd.fifo"
TOOL = "fapolicyd-cli"
_DEADLINE_SECONDS = 60.0
_PAUSE = 0.5

# The size and the digest, by path.
Lines = dict[str, tuple[str, str]]


def collect(items: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """``missing``: the paths that are there and are not trusted as they are. Sizes and times tell it: no program is read."""
    enabled = os.path.isdir(os.path.dirname(TRUST))
    lines, since = (_lines(), _time(TRUST)) if enabled else ({}, 0.0)
    return [
        {"enabled": enabled, "missing": [path for path in item["paths"] if enabled and not _is_trusted(path, lines, since)]}
        for item in items
    ]


def _is_trusted(path: str, lines: Lines, since: float) -> bool:
    real = os.path.realpath(path)
    if not os.path.isfile(real):
        return True
    return real in lines and lines[real][0] == str(os.path.getsize(real)) and _time(real) <= since


def _lines() -> Lines:
    try:
        with open(TRUST, encoding="utf-8", errors="surrogateescape") as stream:
            found = [line.rsplit(" ", 2) for line in stream.read().splitlines()]
    except OSError:
        return {}
    return {words[0]: (words[1], words[2]) for words in found if len(words) == 3}


def _time(path: str) -> float:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return 0.0


def apply(actions: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """Nothing of the component is started before fapolicyd knows its programs."""
    paths = {os.path.realpath(path) for action in actions for path in action["data"]["paths"]}
    new = {path: (str(os.path.getsize(path)), sha256_of_file(path)) for path in sorted(paths) if os.path.isfile(path)}
    kept = {path: line for path, line in _lines().items() if os.path.isfile(path)}
    text = "".join(f"{path} {size} {digest}\n" for path, (size, digest) in sorted({**kept, **new}.items()))
    atomic.write(TRUST, text.encode("utf-8", "surrogateescape"), ownership=_ownership())
    if os.path.exists(PIPE):
        must([TOOL, "--update"], what="tell fapolicyd of new programs")
        _wait({digest for _size, digest in new.values()})
    return [{} for _action in actions]


def _ownership() -> atomic.Ownership:
    """That of the directory: the group is fapolicyd's own, where there is one."""
    found = os.stat(os.path.dirname(TRUST))
    return atomic.Ownership(str(found.st_uid), str(found.st_gid), "0644")


def _wait(digests: set[str]) -> None:
    """The daemon reads its lists after the command has ended."""
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while True:
        known = run([TOOL, "--dump-db"]).output
        missing = [digest for digest in digests if digest not in known]
        if not missing:
            return
        if time.monotonic() > deadline:
            raise HostError(
                f"fapolicyd does not know {len(missing)} programs of {TRUST} after {_DEADLINE_SECONDS:.0f} s, and would not let them run; "
                "see `journalctl -u fapolicyd` and `fapolicyd-cli --check-config` on this host"
            )
        time.sleep(_PAUSE)
