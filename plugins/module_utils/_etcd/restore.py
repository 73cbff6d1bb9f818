# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host side of restoring etcd: unpacks the snapshot beside the data of the member, renames that data, and puts the snapshot there."""

from __future__ import annotations

import base64
import os
import re
import time
import typing as t
import zlib

from ansible_collections.barehost.kubernetes.plugins.module_utils._etcd import peers, scratch, snapshots, unpacking
from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import checks, units
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import host_lock, http_download
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import must
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.commands import run as run_program
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

Object = dict[str, t.Any]


class Member(t.NamedTuple):
    """The member of etcd on this host, as the inventory has it; in the payload as ``member``."""

    name: str
    peer_url: str
    directory: str  # of its data
    settings: str  # its EnvironmentFile
    unit: str

    @property
    def data(self) -> str:
        return os.path.join(self.directory, "member")

    @property
    def staging(self) -> str:
        """On the file system of the data, so that it can be renamed."""
        return os.path.join(self.directory, "restore")

    @property
    def token(self) -> str:
        """The file that tells which run has unpacked what is there."""
        return os.path.join(self.staging, "token")

    def check(self) -> None:
        """Raises HostError if etcd on this host would not use the data directory of the inventory."""
        try:
            with open(self.settings, encoding="utf-8") as stream:
                lines = stream.read().splitlines()
        except OSError as error:
            raise HostError(f"this host is not set up as a member ({error}); run site.yml on this host first") from None
        wanted = f'ETCD_DATA_DIR="{self.directory}"'
        if wanted not in lines:
            raise HostError(f"{self.settings} has no line {wanted}, as the inventory wants it; run site.yml on this host first")


def run(step: str, payload: Object) -> Object:
    """One step; raises HostError."""
    with host_lock.held(changes=step != "collect"):
        return STEPS[step](payload)


def _collect(payload: Object) -> Object:
    """The states of ``units``. Of a member: where it is, whether it has data, which version of etcdutl would restore it; ``left``: whether
    an earlier restore has unpacked a snapshot there that no member started on.

    With ``peers``, the URLs of the other members: which of them this host does not reach, and why.
    """
    found: Object = {"units": {name: state["active"] for name, state in zip(payload["units"], units.found_all(payload["units"]))}}
    if payload["member"]:
        member = Member(**payload["member"])
        member.check()
        found["member"] = {
            "left": os.path.lexists(member.staging),
            "name": member.name,
            "directory": member.directory,
            "peer_url": member.peer_url,
            "version": _version(snapshots.Etcd(**payload["etcd"])),
            "data": os.path.lexists(member.data),
        }
    if payload.get("peers"):
        found["member"]["silent"] = peers.silent(payload["peers"])
    return found


def _version(etcd: snapshots.Etcd) -> str:
    done = run_program([etcd.etcdutl, "version"])
    match = re.search(r"etcdutl version: (\S+)", done.output)
    if not done.ok or not match:
        raise HostError(f"{etcd.etcdutl} cannot be run: {done.complaint()}; run site.yml on this host first")
    return match[1]


def _receive(payload: Object) -> Object:
    """Takes a part of the snapshot. The first part empties the folder."""
    staging = Member(**payload["member"]).staging
    if payload["offset"] == 0:
        scratch.make(staging)
        size = payload["size"]
        http_download.ensure_space(staging, size + unpacking.space(size), needed_for="the snapshot of etcd with its data")
    path = os.path.join(staging, "snapshot")
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600), "r+b") as stream:
        stream.seek(payload["offset"])
        stream.write(zlib.decompress(base64.b64decode(payload["part"])))
        stream.flush()
        os.fsync(stream.fileno())
    return {}


def _stage(payload: Object) -> Object:
    """Unpacks the snapshot if etcdutl finds in it what its description says. Does not touch the member."""
    member, etcd = Member(**payload["member"]), snapshots.Etcd(**payload["etcd"])
    staging = member.staging
    try:
        snapshot = os.path.join(staging, "snapshot")
        found, wanted = snapshots.read_snapshot(etcd, snapshot, name=snapshot), payload["description"]
        differing = [key for key in ("hash", "revision", "total_keys", "sha256") if found[key] != wanted[key]]
        if differing:
            text = ", ".join(f"{key} {found[key]}, wanted {wanted[key]}" for key in differing)
            raise HostError(f"the snapshot is not the one that its description tells of: it has {text}. etcd was not touched")
        unpacked = os.path.join(staging, "data")
        identity = unpacking.Identity(member.name, member.peer_url, payload["initial_cluster"], payload["token"])
        try:
            unpacking.unpack(etcd.etcdutl, snapshot, unpacked, identity, bump=payload["bump"])
        except unpacking.Unpacked as error:
            raise HostError(f"cannot unpack the snapshot; etcd was not touched: {error.message}") from error
        os.unlink(snapshot)
        _give_to_owner(member.directory, unpacked)
        with open(member.token, "w", encoding="utf-8") as stream:
            stream.write(payload["token"])
    except HostError:
        scratch.forget(staging)
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
    """Starts the member with the data of the snapshot. Renames the old data and never removes it."""
    member, etcd = Member(**payload["member"]), snapshots.Etcd(**payload["etcd"])
    unpacked = os.path.join(member.staging, "data", "member")
    _check_unpacked(member, token=payload["token"])
    must(["systemctl", "stop", "--", member.unit], what=f"stop {member.unit}", timeout=600)
    if os.path.lexists(member.data):
        os.rename(member.data, f"{member.data}.before-restore-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}")
    os.rename(unpacked, member.data)
    scratch.forget(member.staging)
    run_program(["systemctl", "reset-failed", "--", member.unit])
    # All members start together: none is ready before there is a quorum.
    must(["systemctl", "start", "--no-block", "--", member.unit], what=f"start {member.unit}")
    check = {
        "command": etcd.read(timeout=5),
        "deadline": payload["deadline"],
        "message": "the restored member has no quorum; are all hosts of etcd up, and can they reach each other?",
    }
    try:
        checks.wait(check)
    except HostError as error:
        raise units.failure(member.unit, error.message) from error
    return snapshots.contents(etcd) if payload["contents"] else {}


def _check_unpacked(member: Member, *, token: str) -> None:
    try:
        with open(member.token, encoding="utf-8") as stream:
            found = stream.read()
    except OSError:
        found = ""
    if found != token:
        raise HostError(
            f"{member.staging} has not the snapshot that this run has unpacked there: another restore is at work, and etcd was not "
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
