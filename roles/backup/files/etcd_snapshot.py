# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes a snapshot of the etcd member on this host, proves it by a trial restore, describes it in a JSON file, and removes older ones.

usage: etcd-snapshot SETTINGS

SETTINGS is a JSON file with the fields of the class Settings. A snapshot that fails is not kept, and the older ones stay.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time
import typing as t

# A new member's log: etcd reserves two segments of 64 MB. What else the host needs shall stay free.
LOG, LEFT_FREE = 128 << 20, 16 << 20


class Fault(Exception):
    """Why there is no snapshot."""


@dataclasses.dataclass(frozen=True)
class Settings:
    """Paths, and what the description of each snapshot tells of the cluster."""

    directory: str  # of the snapshots
    keep: int  # how many snapshots stay; 0: all
    cluster: str
    description: dict[str, t.Any]
    etcdctl: str
    etcdutl: str
    endpoint: str
    ca: str
    pairs: list[dict[str, str]]  # certificates ("cert") with keys ("key"); the first one whose certificate exists is used

    def ask(self, *command: str) -> str:
        pair = next((pair for pair in self.pairs if os.path.exists(pair["cert"])), self.pairs[-1])
        access = [f"--cacert={self.ca}", f"--cert={pair['cert']}", f"--key={pair['key']}", f"--endpoints={self.endpoint}"]
        return run(self.etcdctl, *access, *command)


def run(*command: str) -> str:
    """What the program prints; raises Fault with the line of its error, which follows a log."""
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True)
    except OSError as error:
        raise Fault(f"{command[0]} cannot be run: {error.strerror}") from None
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        errors = [line for line in lines if line.startswith("Error:")] or lines or [f"exit status {done.returncode}"]
        raise Fault(f"{pathlib.Path(command[0]).name}: {errors[-1].strip()[-600:]}")
    return done.stdout


def check_space(settings: Settings) -> None:
    """For the snapshot, and for the data and the log of its trial restore."""
    size = int(json.loads(settings.ask("endpoint", "status", "--write-out=json"))[0]["Status"]["dbSize"])
    found = os.statvfs(settings.directory)
    free, needed = found.f_bavail * found.f_frsize, 2 * size + LOG + LEFT_FREE
    if free < needed:
        raise Fault(
            f"{settings.directory}: {free >> 20} MiB are free, and a snapshot with its trial restore needs {-(-needed >> 20)} MiB. "
            "Free some space on this file system, or choose another backup_schedule_directory"
        )


def prove(settings: Settings, snapshot: pathlib.Path, trial: pathlib.Path) -> None:
    """A trial restore. ``etcdutl snapshot status`` is no proof: it exits with 0 for a file in which a byte has changed."""
    trial.mkdir(mode=0o700)
    data = trial / "data"
    # what a restore does, see plugins/module_utils/_etcd/unpacking.py
    run(settings.etcdutl, "snapshot", "restore", str(snapshot), f"--data-dir={data}", "--bump-revision=1000000000", "--mark-compacted")
    missing = [part for part in ("snap/db", "wal") if not (data / "member" / part).exists()]
    if missing:
        raise Fault(f"etcdutl ended without an error, but made no {' and no '.join(missing)}")


def authority_of(settings: Settings) -> bytes:
    """The oldest authority that this host trusts. While one is replaced, others follow it, and by each of them the PKI is known."""
    end = b"-----END CERTIFICATE-----\n"
    first, found, _rest = pathlib.Path(settings.ca).read_bytes().partition(end)
    return first + found


def describe_snapshot(settings: Settings, snapshot: pathlib.Path) -> dict[str, t.Any]:
    """What etcdutl finds in the snapshot, which it reads whole, and what tells it from others."""
    status = json.loads(run(settings.etcdutl, "snapshot", "status", str(snapshot), "--write-out=json"))
    digest = hashlib.sha256()
    with snapshot.open("rb") as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            digest.update(block)
    return {
        **settings.description,
        "authority": hashlib.sha256(authority_of(settings)).hexdigest(),
        "taken": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "hash": f"{status['hash']:x}",
        "revision": status["revision"],
        "total_keys": status["totalKey"],
        "size": snapshot.stat().st_size,
        "sha256": digest.hexdigest(),
    }


def remove_old(settings: Settings, directory: pathlib.Path) -> None:
    if not settings.keep:
        return
    for old in sorted(directory.glob(f"{settings.cluster}-*Z.snapshot"))[: -settings.keep]:
        old.with_name(old.name.replace(".snapshot", ".json")).unlink(missing_ok=True)
        old.unlink()


def remove_unfinished(directory: pathlib.Path) -> None:
    """What this run needs no more, or one before it that was killed has left."""
    for left in [*directory.glob(".*.part*"), *directory.glob(".*.trial")]:
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left)
        else:
            left.unlink()


def take(settings: Settings, directory: pathlib.Path) -> None:
    name = f"{settings.cluster}-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}"
    part, description = directory / f".{name}.part", directory / f".{name}.part.json"
    remove_unfinished(directory)
    try:
        check_space(settings)
        settings.ask("snapshot", "save", str(part))
        try:
            prove(settings, part, directory / f".{name}.trial")
            told = describe_snapshot(settings, part)
        except Fault as error:
            raise Fault(
                f"{name}.snapshot: a trial restore of the snapshot failed, so it is no backup and was not kept: {error}. "
                "The older snapshots stay. Look at the disk and the memory of this host"
            ) from None
        description.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
        description.rename(directory / f"{name}.json")
        part.rename(directory / f"{name}.snapshot")
    finally:
        remove_unfinished(directory)
    remove_old(settings, directory)


def main(settings_file: str) -> None:
    with open(settings_file, encoding="utf-8") as file:
        settings = Settings(**json.load(file))
    os.umask(0o077)
    try:
        take(settings, pathlib.Path(settings.directory))
    except (Fault, OSError) as error:
        sys.exit(f"etcd-snapshot: no snapshot was taken: {error}")


if __name__ == "__main__":
    main(sys.argv[1])
