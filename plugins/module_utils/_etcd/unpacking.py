# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Unpacks a snapshot of etcd into a member's data: for a restore, and as the trial that proves a snapshot.

``etcdutl snapshot status`` proves little: it checks the pages of the database and never compares the digest at the end of the file, so
it exits with 0 for a file in which a byte has changed. ``etcdutl snapshot restore`` compares it, and makes of the snapshot what a member
starts on (etcdutl/snapshot/v3_snapshot.go, etcd 3.7).
"""

from __future__ import annotations

import os
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd import scratch
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import Completed
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import run as run_program
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

TIMEOUT = 1800.0
# By how many revisions a trial is ahead of its snapshot. A restore says itself by how many.
_TRIAL_BUMP = 1_000_000_000
# A new member's log: etcd reserves two segments of 64 MB (server/storage/wal/wal.go).
_LOG = 128 << 20


class Identity(t.NamedTuple):
    """Who the member is that will start on the data."""

    name: str
    peer_url: str
    initial_cluster: str
    token: str


# Nobody starts on the data of a trial.
_NOBODY = Identity("trial", "https://127.0.0.1:1", "trial=https://127.0.0.1:1", "trial")


class Unpacked(HostError):
    """The snapshot could not be unpacked; the message says why."""


def space(size: int) -> int:
    """How many bytes an unpacked snapshot of this many bytes takes."""
    return size + _LOG


def unpack(etcdutl: str, snapshot: str, directory: str, identity: Identity, *, bump: int = _TRIAL_BUMP) -> None:
    """Makes ``directory``, the data of a member, ``bump`` revisions ahead of the snapshot. Raises Unpacked if the snapshot is damaged."""
    done = run_program(
        [
            *(etcdutl, "snapshot", "restore", snapshot, f"--data-dir={directory}", f"--name={identity.name}"),
            f"--initial-cluster={identity.initial_cluster}",
            f"--initial-cluster-token={identity.token}",
            f"--initial-advertise-peer-urls={identity.peer_url}",
            f"--bump-revision={bump}",
            "--mark-compacted",
        ],
        timeout=TIMEOUT,
    )
    if not done.ok:
        raise Unpacked(f"etcdutl cannot restore it: {_fault(done)}")
    # Other versions print their help and exit with 0.
    missing = [part for part in ("snap/db", "wal") if not os.path.exists(os.path.join(directory, "member", part))]
    if missing:
        raise Unpacked(f"etcdutl has restored it without an error, but made no {' and no '.join(missing)}")


def _fault(done: Completed) -> str:
    """The line of the error; those before are a log."""
    lines = [line.strip() for line in done.error.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("Error:")]
    return errors[-1].partition("Error:")[2].strip() if errors else done.complaint()


def prove(etcdutl: str, snapshot: str, *, directory: str, name: str) -> None:
    """Restores the snapshot into a directory of its own in ``directory``, and removes that again, also when it fails.

    Raises HostError, which calls the snapshot ``name``.
    """
    trial = os.path.join(directory, "trial")
    scratch.make(trial)
    try:
        unpack(etcdutl, snapshot, os.path.join(trial, "data"), _NOBODY)
    except Unpacked as error:
        raise HostError(
            f"{name}: a trial restore of the snapshot failed, so it is no backup and was not kept: {error.message}. "
            "The older backups stay. Look at the disk and the memory of this host, and run again"
        ) from error
    finally:
        scratch.forget(trial)
