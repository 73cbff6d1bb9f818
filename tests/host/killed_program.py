# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs steps of the host's program, each in a process of its own that may be killed at a mutation. It runs on the host.

Each line of standard input is a request, each line of standard output its answer, both JSON.
"""

from __future__ import annotations

import base64
import hashlib
import importlib
import json
import os
import ssl
import stat
import subprocess
import sys
import typing as t

import mutations

PACKAGE = "ansible_collections.barehost.kubernetes.plugins.module_utils"
SECRETS = (b"PRIVATE KEY-----", b"correct-horse-battery")

Request = dict[str, t.Any]


def main() -> None:
    host, errors = (importlib.import_module(f"{PACKAGE}.{name}") for name in ("_component.steps", "_runtime.errors"))
    # What a killed process has written is there, flushed or not; only a power cut makes a difference.
    os.fsync = lambda _descriptor: None
    for line in sys.stdin:
        request = json.loads(line)
        answer = _step(request, host.run, errors.HostError) if "step" in request else _ANSWERS[request["do"]](request)
        print(json.dumps(answer), flush=True)


def _step(request: Request, run: t.Callable[..., t.Any], failure: type) -> dict[str, t.Any]:
    """One step, as far as it comes: what it was about to change, and what it returned if it was not killed."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _run_step(request, run, failure, report=lambda line: os.write(writer, (json.dumps(line) + "\n").encode()))
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as stream:
        lines = [json.loads(line) for line in stream]
    status = os.waitpid(child, 0)[1]
    outcome = lines.pop() if lines and isinstance(lines[-1], dict) else {"killed": True}
    return {"status": status, "mutations": lines, "killed": False, **outcome}


def _run_step(request: Request, run: t.Callable[..., t.Any], failure: type, *, report: t.Callable[[t.Any], t.Any]) -> t.NoReturn:
    os.setsid()
    executioner = mutations.Executioner(report, kill_at=request["kill_at"], later=request["later"])
    sys.addaudithook(executioner)
    try:
        outcome = {"result": run(request["step"], request["payload"])}
        if request["step"] != "collect":
            executioner.end()
    except failure as error:
        outcome = {"failed": str(error)}
    report(outcome)
    os._exit(0)


def _look(request: Request) -> dict[str, t.Any]:
    """Everything below some paths."""
    found = {}
    for root in request["roots"]:
        for path in _below(root):
            found[path] = _describe(path)
    return found


def _below(root: str) -> t.Iterator[str]:
    if os.path.lexists(root):
        yield root
    for directory, names, files in os.walk(root):
        yield from (os.path.join(directory, name) for name in (*names, *files))


def _describe(path: str) -> dict[str, t.Any]:
    found = os.lstat(path)
    answer = {"mode": f"{stat.S_IMODE(found.st_mode):04o}", "owner": f"{found.st_uid}:{found.st_gid}", "content": "", "secret": False}
    if stat.S_ISLNK(found.st_mode):
        return {**answer, "content": f"-> {os.readlink(path)}"}
    if stat.S_ISDIR(found.st_mode):
        return {**answer, "content": "directory"}
    with open(path, "rb") as stream:
        content = stream.read()
    secret = any(mark in content for mark in SECRETS)
    return {**answer, "content": hashlib.sha256(content).hexdigest(), "secret": secret, "whole": _is_whole(path, content)}


def _is_whole(path: str, content: bytes) -> bool:
    """Of the contents that are other ones at each run: whether they are what their names say."""
    try:
        if path.endswith(".json"):
            json.loads(content)
        elif path.endswith(".crt"):
            ssl.PEM_cert_to_DER_cert(content.decode("ascii"))
        elif path.endswith((".key", ".key.new")):
            first, *lines, last = content.decode("ascii").splitlines()
            base64.b64decode("".join(lines), validate=True)
            return first.startswith("-----BEGIN ") and last.startswith("-----END ")
    except ValueError:
        return False
    return True


def _shell(request: Request) -> dict[str, t.Any]:
    done = subprocess.run(["sh", "-c", request["command"]], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    return {"status": done.returncode, "output": done.stdout, "error": done.stderr}


_ANSWERS: dict[str, t.Callable[[Request], dict[str, t.Any]]] = {"look": _look, "shell": _shell}
