# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Health checks: wait until a socket accepts, a URL answers, a unit is active, or a command succeeds."""

from __future__ import annotations

import os
import socket
import time
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client import client, quorum
from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import checks_lease
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import http_get
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import run
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError, cause

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 0.3
_TRY_TIMEOUT = 10.0

# The API may refuse a reader while it starts; a client may be asked to come again.
_NO_ANSWERS = (0, 401, 403, 429)

Check = dict[str, t.Any]


class Unanswered(str):
    """What a probe found where nobody who knows has answered: the check may hold."""

    __slots__ = ()


def wait(check: Check, *, hopeless: t.Callable[[], str | None] | None = None) -> None:
    """Returns when the check holds; raises HostError at its deadline, or when ``hopeless`` names a cause to give up at once."""
    began = time.monotonic()
    pause = _FIRST_PAUSE
    while True:
        found = probe(check, timeout=min(_TRY_TIMEOUT, max(1.0, check["deadline"])))
        if found is None:
            return
        waited = time.monotonic() - began
        cause = hopeless() if hopeless is not None else None
        if cause is not None or waited >= check["deadline"]:
            raise HostError(_failure(check, found=cause or found, waited=waited))
        time.sleep(pause)
        pause = min(pause * 1.3, _LONGEST_PAUSE)


def _failure(check: Check, *, found: str, waited: float) -> str:
    message = check.get("message") or f"{subject(check)} is not as wanted"
    return f"{message} (waited {waited:.1f} s for {subject(check)}; found: {found})"


def subject(check: Check) -> str:
    """The subject of the check, for messages."""
    kind = kind_of(check)
    value = " ".join(check[kind]) if kind == "command" else str(check[kind])
    return f"{kind} {value}"


def kind_of(check: Check) -> str:
    return next(kind for kind in PROBES if kind in check)


def probe(check: Check, *, timeout: float = _TRY_TIMEOUT) -> str | None:
    """Checks once. None if the check holds, else what was found."""
    return PROBES[kind_of(check)](check, timeout)


def _unit(check: Check, timeout: float) -> str | None:
    state = run(["systemctl", "is-active", check["unit"]], timeout=timeout).output.strip()
    return None if state == "active" else (state or "unknown")


def _file(check: Check, timeout: float) -> str | None:
    return None if os.path.exists(check["file"]) else "no such file"


def _missing(check: Check, timeout: float) -> str | None:
    return "it is there" if os.path.lexists(check["missing"]) else None


def _socket(check: Check, timeout: float) -> str | None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout)
        try:
            connection.connect(check["socket"])
        except OSError as error:
            return cause(error)
    return None


def _tcp(check: Check, timeout: float) -> str | None:
    host, port = check["tcp"].rsplit(":", 1)
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=timeout).close()
    except OSError as error:
        return cause(error)
    return None


def _http(check: Check, timeout: float) -> str | None:
    status, body = _get(check["http"], check, timeout)
    if status != check.get("status", 200):
        found = f"status {status}: {' '.join(body.split())[:300]}" if status else body
        return found if _knows(status) else Unanswered(found)
    return _lacks(check, body)


def _knows(status: int) -> bool:
    return status not in _NO_ANSWERS and status < 500


def _get(address: str, check: Check, timeout: float) -> tuple[int, str]:
    """Status and text of a page; without an answer 0 and why."""
    try:
        return http_get.get(address, timeout=timeout, tls=http_get.Tls(check.get("ca"), check.get("cert"), check.get("key")))
    except (OSError, ValueError) as error:
        return 0, cause(error)


def _command(check: Check, timeout: float) -> str | None:
    done = run(check["command"], timeout=timeout, environment=check.get("environment"))
    return _lacks(check, done.output) if done.ok else done.complaint()


def _etcd(check: Check, timeout: float) -> str | None:
    access = client.Access(check.get("ca", ""), check.get("cert", ""), check.get("key", ""))
    return quorum.in_the_way(check["etcd"], access)


def _stale_lease(check: Check, timeout: float) -> str | None:
    status, body = _get(check["stale_lease"], check, timeout)
    found = checks_lease.why_current(status, body, lease_file=check["lease_file"])
    return found if found is None or _knows(status) else Unanswered(found)


def _lacks(check: Check, text: str) -> str | None:
    wanted = check.get("contains")
    if not wanted or wanted in text:
        return None
    return f"{' '.join(text.split())[:300]!r} without {wanted!r}"


PROBES: dict[str, t.Callable[[Check, float], str | None]] = {
    "unit": _unit,
    "socket": _socket,
    "file": _file,
    "tcp": _tcp,
    "http": _http,
    "command": _command,
    "etcd": _etcd,
    "stale_lease": _stale_lease,
    "missing": _missing,
}
