# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests to etcd by its own program, the only way in which etcd takes the common name of a certificate for a user.

client.py uses it where the JSON API refuses. Users, roles and snapshots are changed and read by it alone.
"""

from __future__ import annotations

import base64
import json
import os
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import commands
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

PROGRAM = "/usr/local/bin/etcdctl"

Object = dict[str, t.Any]


class EtcdctlError(HostError):
    """etcd refused, or did not answer."""


class Etcdctl:
    """One or more endpoints, as the holder of a client certificate; ``files`` are authority, certificate and key on this host."""

    def __init__(self, endpoints: t.Sequence[str], files: t.Sequence[str], *, program: str = PROGRAM, timeout: float = 5.0) -> None:
        self._endpoints = ",".join(endpoints)
        ca, cert, key = files
        limit = f"{timeout:.0f}s"
        self._command = [program, f"--endpoints={self._endpoints}", f"--dial-timeout={limit}", f"--command-timeout={limit}"]
        self._command += [f"--cacert={ca}", f"--cert={cert}", f"--key={key}"]
        self._timeout = timeout

    def command(self, *arguments: str) -> list[str]:
        """The whole command line; an argument overrides what stands before it, such as the timeout."""
        return [*self._command, *arguments]

    def run(self, *arguments: str, text: t.Optional[str] = None) -> str:
        """What the program prints; raises EtcdctlError."""
        # etcdctl refuses a flag for which there is an environment variable too, unless the variable is empty
        unset = {name: "" for name in os.environ if name.startswith("ETCDCTL_")}
        done = commands.run(self.command(*arguments), text=text, timeout=2 * self._timeout + 5, environment=unset)
        if not done.ok:
            raise EtcdctlError(f"etcdctl {' '.join(arguments[:2])} at {self._endpoints}: {_fault(done)}")
        return done.output

    def ask(self, *arguments: str) -> t.Any:
        """The answer as data."""
        return json.loads(self.run(*arguments, "--write-out=json"))


def _fault(done: commands.Completed) -> str:
    """The last line of what the program said; the lines before are the log of its client."""
    lines = [line for line in done.error.splitlines() if line.strip()]
    return lines[-1].strip() if lines else done.complaint()


# -- the calls of the JSON API that client.py makes, with the same answers


def post(control: Etcdctl, path: str, body: Object) -> Object:
    """What the JSON API would answer to this call."""
    return _CALLS[path](control, body)


def _list(control: Etcdctl, body: Object) -> Object:
    return _answer(control.ask("member", "list", f"--consistency={'l' if body.get('linearizable') else 's'}"))


def _add(control: Etcdctl, body: Object) -> Object:
    # etcdctl only prints the name
    return _answer(control.ask("member", "add", "joining", "--learner", f"--peer-urls={','.join(body['peerURLs'])}"))


def _promote(control: Etcdctl, body: Object) -> Object:
    return _answer(control.ask("member", "promote", _hexadecimal(body["ID"])))


def _remove(control: Etcdctl, body: Object) -> Object:
    return _answer(control.ask("member", "remove", _hexadecimal(body["ID"])))


def _update(control: Etcdctl, body: Object) -> Object:
    return _answer(control.ask("member", "update", _hexadecimal(body["ID"]), f"--peer-urls={','.join(body['peerURLs'])}"))


def _transfer(control: Etcdctl, body: Object) -> Object:
    control.run("move-leader", _hexadecimal(body["targetID"]))
    return {}


def _status(control: Etcdctl, _body: Object) -> Object:
    return _answer(control.ask("endpoint", "status")[0]["Status"])


def _read(control: Etcdctl, body: Object) -> Object:
    if "range_end" in body:
        first, end = (base64.b64decode(body[part]).decode(errors="surrogateescape") for part in ("key", "range_end"))
        return _answer(control.ask("get", first, end, f"--limit={body['limit']}"))
    revision = [f"--rev={body['revision']}"] if "revision" in body else []
    return _answer(control.ask("get", "health", "--keys-only", *revision))


def _compact(control: Etcdctl, body: Object) -> Object:
    control.run("compaction", body["revision"], "--physical")
    return {}


def _defragment(control: Etcdctl, _body: Object) -> Object:
    control.run("defrag")
    return {}


def _disarm(control: Etcdctl, _body: Object) -> Object:
    control.run("alarm", "disarm")
    return {}


def _downgrade(control: Etcdctl, body: Object) -> Object:
    control.run("downgrade", body["action"].lower(), *([body["version"]] if "version" in body else []))
    return {}


_CALLS: dict[str, t.Callable[[Etcdctl, Object], Object]] = {
    "/v3/cluster/member/list": _list,
    "/v3/cluster/member/add": _add,
    "/v3/cluster/member/promote": _promote,
    "/v3/cluster/member/remove": _remove,
    "/v3/cluster/member/update": _update,
    "/v3/maintenance/transfer-leadership": _transfer,
    "/v3/maintenance/status": _status,
    "/v3/maintenance/defragment": _defragment,
    "/v3/maintenance/alarm": _disarm,
    "/v3/maintenance/downgrade": _downgrade,
    "/v3/kv/range": _read,
    "/v3/kv/compaction": _compact,
}
_NUMBERS = ("cluster_id", "member_id", "ID", "leader", "raftAppliedIndex")


def _answer(value: Object) -> Object:
    """Numbers of 64 bits as texts, as in answers of the JSON API."""
    return {key: str(entry) if key in _NUMBERS else _part(entry) for key, entry in value.items()}


def _part(value: t.Any) -> t.Any:
    if isinstance(value, list):
        return [_part(entry) for entry in value]
    return _answer(value) if isinstance(value, dict) else value


def _hexadecimal(number: str) -> str:
    return f"{int(number):x}"
