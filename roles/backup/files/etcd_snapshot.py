# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes a snapshot of the etcd member on this host, has etcdutl verify it, describes it in a JSON file, and removes older snapshots.

usage: etcd-snapshot SETTINGS

SETTINGS is a JSON file with the fields of the class Settings.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import time
import typing as t


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


def save(settings: Settings, target: pathlib.Path) -> None:
    pair = next((pair for pair in settings.pairs if os.path.exists(pair["cert"])), settings.pairs[-1])
    access = [f"--cacert={settings.ca}", f"--cert={pair['cert']}", f"--key={pair['key']}", f"--endpoints={settings.endpoint}"]
    subprocess.run([settings.etcdctl, *access, "snapshot", "save", str(target)], check=True)


def describe_snapshot(settings: Settings, snapshot: pathlib.Path) -> dict[str, t.Any]:
    """What etcdutl finds in the snapshot, which it reads whole, and what tells it from others."""
    found = subprocess.run([settings.etcdutl, "snapshot", "status", str(snapshot), "--write-out=json"], check=True, capture_output=True)
    status = json.loads(found.stdout)
    digest = hashlib.sha256()
    with snapshot.open("rb") as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            digest.update(block)
    return {
        **settings.description,
        "authority": hashlib.sha256(pathlib.Path(settings.ca).read_bytes()).hexdigest(),
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


def main(settings_file: str) -> None:
    with open(settings_file, encoding="utf-8") as file:
        settings = Settings(**json.load(file))
    os.umask(0o077)
    directory = pathlib.Path(settings.directory)
    base = f"{settings.cluster}-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}"
    part = directory / f".{base}.part"
    for left in directory.glob(".*.part*"):
        left.unlink()
    save(settings, part)
    description = describe_snapshot(settings, part)
    part.rename(directory / f"{base}.snapshot")
    (directory / f"{base}.json").write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")
    remove_old(settings, directory)


if __name__ == "__main__":
    main(sys.argv[1])
