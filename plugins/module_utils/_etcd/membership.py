# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of ``etcd_members`` on a host: observe, and perform the planned actions in their order.

A member without data is started only by this module. The file of the initial cluster names the present members during that start and no
longer, so the member never starts by itself with an outdated list. ``started_file`` exists once a member was up. While it exists, the
unit does not start without data.
"""

from __future__ import annotations

import contextlib
import os
import time
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client import member_list
from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd_client.client import Access, Object
from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import units
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import atomic, host_lock
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import must
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import run as run_program
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

_MEMBER = "member"
STOP_TIMEOUT = 120.0


class LocalMember(t.NamedTuple):
    """The member of this host: its unit, its files, and where it answers."""

    host: str
    unit: str
    data_directory: str
    initial_cluster_file: str
    started_file: str
    token: str
    url: str
    deadline: float


def run(step: str, payload: Object) -> Object:
    """Runs one step; raises HostError. Observing takes no lock: hosts that start at the same time observe each other meanwhile."""
    with contextlib.nullcontext() if step == "collect" else host_lock.held(changes=True):
        return STEPS[step](payload)


def _collect(payload: Object) -> Object:
    return member_list.run("collect", payload)


def _perform(payload: Object) -> Object:
    local, access = LocalMember(**payload["member"]), Access(**payload["access"])
    for action in payload["actions"]:
        operation, data = action["operation"], action["data"]
        if operation in LOCAL:
            LOCAL[operation](local, access, data)
            continue
        own = operation == "remove" and data["host"] == local.host
        if own:
            _guard(local)
        member_list.run("apply", {**payload, "actions": [action]})
        if own:
            _retire(local)
    return {}


def _guard(local: LocalMember) -> None:
    """Before the removal of this host's member: once removed it exits, and systemd starts it again, as a member of nothing.

    It is not stopped before. A member may run without its data directory, from files that are deleted, and its vote still counts: of two
    voters none can be removed without the other one's vote.
    """
    if not os.path.exists(local.started_file):
        _write(local.started_file, b"")


def _retire(local: LocalMember) -> None:
    """After the removal. Also puts aside what was written there since the host was observed."""
    stop(local.unit)
    put_aside(local.data_directory)


def stop(unit: str) -> None:
    must(["systemctl", "stop", "--", unit], what=f"stop {unit}", timeout=STOP_TIMEOUT)


def put_aside(data_directory: str) -> str:
    """Renames the member's data, which is never deleted. Returns the new path, or an empty string if there is no data."""
    path = os.path.join(data_directory, _MEMBER)
    if not os.path.lexists(path):
        return ""
    aside = f"{path}.discarded-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}"
    if os.path.lexists(aside):
        raise HostError(f"{path} cannot be put aside: {aside} is there; run the playbook again")
    os.rename(path, aside)
    return aside


def start(local: LocalMember, access: Access, data: Object, *, rebuild: bool = False) -> None:
    """Starts or restarts the member, and waits until it has a leader."""
    has_data = os.path.isdir(os.path.join(local.data_directory, _MEMBER, "wal"))
    if not has_data:
        stop(local.unit)
        # etcd would take files that are left without a log for a member's database.
        put_aside(local.data_directory)
    before = _read(local.initial_cluster_file)
    was_up = os.path.exists(local.started_file)
    if was_up and not has_data:
        os.unlink(local.started_file)
    _write(local.initial_cluster_file, _settings(local, data, rebuild=rebuild))
    try:
        run_program(["systemctl", "reset-failed", "--", local.unit])
        must(["systemctl", "restart", "--no-block", "--", local.unit], what=f"start {local.unit}")
        member_list.wait_until_led([local.url], access, deadline=local.deadline)
    except HostError as error:
        failure = units.failure(local.unit, f"{local.unit} was started but is not healthy: {error.message}")
        if not has_data:
            stop(local.unit)
        if was_up:
            _write(local.started_file, b"")
        raise failure from error
    finally:
        _write(local.initial_cluster_file, before)


def _settings(local: LocalMember, data: Object, *, rebuild: bool) -> bytes:
    lines = [
        "# Used during one start of the member; the next run of the playbook writes this file again.",
        f'ETCD_INITIAL_CLUSTER="{data["initial_cluster"]}"',
        f'ETCD_INITIAL_CLUSTER_STATE="{data["state"]}"',
        f'ETCD_INITIAL_CLUSTER_TOKEN="{local.token}"',
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
    atomic.write(path, content, ownership=atomic.Ownership("root", "root", "0600"))


def _start(local: LocalMember, access: Access, data: Object) -> None:
    start(local, access, data)


def _rebuild(local: LocalMember, access: Access, data: Object) -> None:
    stop(local.unit)
    start(local, access, data, rebuild=True)


def _discard(local: LocalMember, access: Access, data: Object) -> None:
    stop(local.unit)
    put_aside(local.data_directory)


STEPS: dict[str, t.Callable[[Object], Object]] = {"collect": _collect, "perform": _perform}
LOCAL: dict[str, t.Callable[[LocalMember, Access, Object], None]] = {"start": _start, "rebuild": _rebuild, "discard": _discard}
