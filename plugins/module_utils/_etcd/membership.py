# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of ``etcd_members`` on a host: the look, and the actions of a plan in their order, those of the host itself among them.

A member without data starts only here: what it is to start with stands in the file of the initial cluster for that time and no longer,
so that it never starts by itself with a list that was right once. ``started_file`` is there once a member was up: without its data the
unit does not start then.
"""

from __future__ import annotations

import contextlib
import os
import time
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client import member_list
from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client.json_api import Access, Object
from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import units
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import atomic, host_lock
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import must
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import run as run_program
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

_MEMBER = "member"
STOP_TIMEOUT = 120.0


class Here(t.NamedTuple):
    """This host's member."""

    host: str
    unit: str
    data_directory: str
    initial_cluster_file: str
    started_file: str
    token: str
    url: str
    deadline: float


def run(step: str, payload: Object) -> Object:
    """One step; raises HostError. A look waits for nobody: hosts that start together look at each other while they do."""
    with contextlib.nullcontext() if step == "collect" else host_lock.held(changes=True):
        return STEPS[step](payload)


def _collect(payload: Object) -> Object:
    return member_list.run("collect", payload)


def _perform(payload: Object) -> Object:
    here, access = Here(**payload["here"]), Access(**payload["access"])
    for action in payload["actions"]:
        operation, data = action["operation"], action["data"]
        if operation in LOCAL:
            LOCAL[operation](here, access, data)
            continue
        own = operation == "remove" and data["host"] == here.host
        if own:
            # a member that was removed ends by itself, and systemd would start it again
            stop(here.unit)
        member_list.run("apply", {**payload, "actions": [action]})
        if own:
            # whatever has come there since it was looked at
            put_aside(here.data_directory)
    return {}


def stop(unit: str) -> None:
    must(["systemctl", "stop", "--", unit], what=f"stop {unit}", timeout=STOP_TIMEOUT)


def put_aside(data_directory: str) -> str:
    """Renames a member's data, which is never deleted; gives its new path, or nothing if there is none."""
    path = os.path.join(data_directory, _MEMBER)
    if not os.path.lexists(path):
        return ""
    aside = f"{path}.discarded-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}"
    if os.path.lexists(aside):
        raise HostError(f"{path} cannot be put aside: {aside} is there; run the playbook again")
    os.rename(path, aside)
    return aside


def start(here: Here, access: Access, data: Object, *, rebuild: bool = False) -> None:
    """Starts the member, also one that runs, and waits until it has a leader."""
    has_data = os.path.isdir(os.path.join(here.data_directory, _MEMBER, "wal"))
    if not has_data:
        stop(here.unit)
        # what is left without a log would be taken for a member's database
        put_aside(here.data_directory)
    before = _read(here.initial_cluster_file)
    was_up = os.path.exists(here.started_file)
    if was_up and not has_data:
        os.unlink(here.started_file)
    _write(here.initial_cluster_file, _settings(here, data, rebuild=rebuild))
    try:
        run_program(["systemctl", "reset-failed", "--", here.unit])
        must(["systemctl", "restart", "--no-block", "--", here.unit], what=f"start {here.unit}")
        member_list.wait_until_led([here.url], access, deadline=here.deadline)
    except HostError as error:
        failure = units.failure(here.unit, f"{here.unit} was started but is not healthy: {error.message}")
        if not has_data:
            stop(here.unit)
        if was_up:
            _write(here.started_file, b"")
        raise failure from error
    finally:
        _write(here.initial_cluster_file, before)


def _settings(here: Here, data: Object, *, rebuild: bool) -> bytes:
    lines = [
        "# For the time of a start; the next run of the playbook writes this file anew.",
        f'ETCD_INITIAL_CLUSTER="{data["initial_cluster"]}"',
        f'ETCD_INITIAL_CLUSTER_STATE="{data["state"]}"',
        f'ETCD_INITIAL_CLUSTER_TOKEN="{here.token}"',
        *(['ETCD_FORCE_NEW_CLUSTER="true"'] if rebuild else []),
    ]
    return "".join(f"{line}\n" for line in lines).encode()


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise HostError(f"{path} cannot be read: {error.strerror}; the role writes it before a member is started") from error


def _write(path: str, content: bytes) -> None:
    atomic.write(path, content, ownership=atomic.Ownership("root", "root", "0644"))


def _start(here: Here, access: Access, data: Object) -> None:
    start(here, access, data)


def _rebuild(here: Here, access: Access, data: Object) -> None:
    stop(here.unit)
    start(here, access, data, rebuild=True)


def _discard(here: Here, access: Access, data: Object) -> None:
    stop(here.unit)
    put_aside(here.data_directory)


STEPS: dict[str, t.Callable[[Object], Object]] = {"collect": _collect, "perform": _perform}
LOCAL: dict[str, t.Callable[[Here, Access, Object], None]] = {"start": _start, "rebuild": _rebuild, "discard": _discard}
