# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host side of restoring etcd: the snapshot is unpacked beside the member's data and takes its place; the old data is renamed."""

from __future__ import annotations

import base64
import os
import re
import shutil
import time
import typing as t
import zlib

from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd import snapshots
from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import checks, units
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import host_lock, http_download
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import must
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import run as run_program
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

SETTINGS = "/etc/etcd/etcd.conf"
ETCD = "etcd.service"
_SETTING = re.compile(r'^(ETCD_[A-Z_]+)="?(.*?)"?\s*$', re.MULTILINE)
_TIMEOUT = 1800.0
# Far more than revisions were made since the snapshot: clients that had seen later ones must not take the restored for newer still.
_BUMP = 1_000_000_000

Object = dict[str, t.Any]


def run(step: str, payload: Object) -> Object:
    """One step; raises HostError."""
    with host_lock.held(changes=step != "collect"):
        return STEPS[step](payload)


def _collect(payload: Object) -> Object:
    """``units``: which of them run; of a member its settings, whether it has data, and which etcd would restore it."""
    found: Object = {"units": {name: units.found(name)["active"] for name in payload["units"]}}
    if payload["member"]:
        found["member"] = {**_settings(), "version": _version()}
        found["member"]["data"] = os.path.lexists(_member(found["member"]))
    return found


def _settings() -> Object:
    try:
        with open(SETTINGS, encoding="utf-8") as stream:
            given = dict(_SETTING.findall(stream.read()))
        return {
            "name": given["ETCD_NAME"],
            "directory": given["ETCD_DATA_DIR"],
            "peer_url": given["ETCD_INITIAL_ADVERTISE_PEER_URLS"],
        }
    except (OSError, KeyError) as error:
        raise HostError(f"{SETTINGS} does not say how this member is set up ({error}); run site.yml on this host first") from None


def _version() -> str:
    done = run_program([snapshots.ETCDUTL, "version"])
    match = re.search(r"etcdutl version: (\S+)", done.output)
    if not done.ok or not match:
        raise HostError(f"{snapshots.ETCDUTL} cannot be run: {done.complaint()}; run site.yml on this host first")
    return match[1]


def _member(settings: Object) -> str:
    return os.path.join(settings["directory"], "member")


def _staging(settings: Object) -> str:
    """On the file system of the data, so that it can be renamed."""
    return os.path.join(settings["directory"], "restore")


def _token(settings: Object) -> str:
    """Tells whose run has unpacked what is there."""
    return os.path.join(_staging(settings), "token")


def _receive(payload: Object) -> Object:
    """A part of the snapshot; the first one makes the folder anew."""
    staging = _staging(_settings())
    if payload["offset"] == 0:
        shutil.rmtree(staging, ignore_errors=True)
        os.mkdir(staging, 0o700)
        # the snapshot, and its data unpacked
        http_download.ensure_space(staging, 2 * payload["size"], needed_for="the snapshot of etcd")
    path = os.path.join(staging, "snapshot")
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600), "r+b") as stream:
        stream.seek(payload["offset"])
        stream.write(zlib.decompress(base64.b64decode(payload["part"])))
        stream.flush()
        os.fsync(stream.fileno())
    return {}


def _stage(payload: Object) -> Object:
    """Unpacks the snapshot, once etcdutl finds in it what its description says. The member is not touched."""
    settings = _settings()
    staging = _staging(settings)
    try:
        snapshot = os.path.join(staging, "snapshot")
        found, wanted = snapshots.read_snapshot(snapshot), payload["description"]
        differing = [key for key in ("hash", "revision", "total_keys", "sha256") if found[key] != wanted[key]]
        if differing:
            text = ", ".join(f"{key} {found[key]}, wanted {wanted[key]}" for key in differing)
            raise HostError(f"the snapshot is not the one that its description tells of: it has {text}. etcd was not touched")
        unpacked = os.path.join(staging, "data")
        must(
            [
                *(snapshots.ETCDUTL, "snapshot", "restore", snapshot, f"--data-dir={unpacked}", f"--name={settings['name']}"),
                f"--initial-cluster={payload['initial_cluster']}",
                f"--initial-cluster-token={payload['token']}",
                f"--initial-advertise-peer-urls={settings['peer_url']}",
                f"--bump-revision={_BUMP}",
                "--mark-compacted",
            ],
            what="unpack the snapshot; etcd was not touched",
            timeout=_TIMEOUT,
        )
        os.unlink(snapshot)
        _give_to_owner(settings["directory"], unpacked)
        with open(_token(settings), "w", encoding="utf-8") as stream:
            stream.write(payload["token"])
    except HostError:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    return {}


def _give_to_owner(directory: str, tree: str) -> None:
    owner = os.stat(directory)
    for root, directories, files in os.walk(tree):
        for path in [root, *(os.path.join(root, name) for name in directories + files)]:
            os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def _stop(payload: Object) -> Object:
    names = payload["units"]
    if names:
        must(["systemctl", "stop", "--", *names], what=f"stop {', '.join(names)}", timeout=600)
    return {}


def _switch(payload: Object) -> Object:
    """The member with the snapshot's data: the old is renamed, never removed."""
    settings = _settings()
    member, staging = _member(settings), _staging(settings)
    unpacked = os.path.join(staging, "data", "member")
    _is_unpacked(settings, token=payload["token"])
    must(["systemctl", "stop", "--", ETCD], what=f"stop {ETCD}", timeout=600)
    if os.path.lexists(member):
        os.rename(member, f"{member}.before-restore-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}")
    os.rename(unpacked, member)
    shutil.rmtree(staging, ignore_errors=True)
    run_program(["systemctl", "reset-failed", "--", ETCD])
    # All members start together: none is ready before there is a quorum.
    must(["systemctl", "start", "--no-block", "--", ETCD], what=f"start {ETCD}")
    check = {
        "command": snapshots.etcdctl("endpoint", "health", "--command-timeout=5s"),
        "deadline": payload["deadline"],
        "message": "the restored member has no quorum; are all hosts of etcd up, and can they reach each other?",
    }
    try:
        checks.wait(check)
    except HostError as error:
        raise units.failure(ETCD, error.message) from error
    return snapshots.contents() if payload["contents"] else {}


def _is_unpacked(settings: Object, *, token: str) -> None:
    try:
        with open(_token(settings), encoding="utf-8") as stream:
            found = stream.read()
    except OSError:
        found = ""
    if found != token:
        raise HostError(
            f"{_staging(settings)} has not the snapshot that this run has unpacked there: another restore is at work, and etcd was not "
            "touched here by this one. Wait for its end, and run again if its snapshot is not the one you want"
        )


def _start(payload: Object) -> Object:
    for unit in payload["units"]:
        must(["systemctl", "start", "--", unit["name"]], what=f"start {unit['name']}", timeout=600)
        for check in unit["health"]:
            try:
                checks.wait(check)
            except HostError as error:
                raise units.failure(unit["name"], error.message) from error
    return {}


STEPS: dict[str, t.Callable[[Object], Object]] = {
    "collect": _collect,
    "receive": _receive,
    "stage": _stage,
    "stop": _stop,
    "switch": _switch,
    "start": _start,
}
