# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups on the controller: a folder (0700) of snapshots (0600), each with a JSON file that describes it, and PKI archives."""

from __future__ import annotations

import base64
import collections.abc as c
import datetime
import hashlib
import io
import json
import pathlib
import tarfile
import typing as t
import zlib

from ansible.parsing.vault import AnsibleVaultError

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import atomic_file
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import generations
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import Pki, Vault

FORMAT = 1
# A part of a snapshot on its way from or to a host
PART = 8 << 20
SNAPSHOT, DESCRIPTION, PKI_ARCHIVE = SUFFIXES = (".snapshot", ".json", ".pki.vault")
# Identifies the PKI. Hosts have this certificate too, so scheduled snapshots are described by the same fingerprint.
AUTHORITY = "etcd-ca.crt"

Object = dict[str, t.Any]


def stem(cluster: str, *, moment: datetime.datetime) -> str:
    """The name of a backup. The names of one cluster sort by time."""
    return f"{cluster}-{moment:%Y%m%dT%H%M%SZ}"


def fingerprint(pki: pathlib.Path) -> str:
    """Tells the PKI of one cluster from another's: without its own, a snapshot's Secrets and tokens are of no use. Empty without one."""
    try:
        content = (pki / AUTHORITY).read_bytes()
    except FileNotFoundError:
        return ""
    # Of an intermediate authority the chain above it is not kept when another one has taken its place.
    anchors = generations.anchors(content.decode("utf-8", errors="replace"))
    return hashlib.sha256(anchors[0].encode() if len(anchors) == 1 else content).hexdigest()


def fingerprints(pki: pathlib.Path) -> set[str]:
    """Those of this cluster's authorities, the present one and all before it."""
    stored = Pki(pki, check_mode=True).known(AUTHORITY)
    return {fingerprint(pki), *(hashlib.sha256(block.encode()).hexdigest() for block in generations.blocks(stored))} - {""}


def make_folder(folder: pathlib.Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise ComponentError(f"{folder}: the folder for backups cannot be used: {error.strerror}; correct backup_directory") from None


def receive(path: pathlib.Path, parts: c.Iterable[bytes], *, sha256: str) -> None:
    """Writes the parts to a temporary file, and renames it when it is complete."""
    digest = hashlib.sha256()
    try:
        with atomic_file.replacing(path, mode=0o600) as file:
            for part in parts:
                digest.update(part)
                file.write(part)
            if digest.hexdigest() != sha256:
                raise ComponentError(f"{path}: what came has the sha256 {digest.hexdigest()}, the snapshot on the host {sha256}; run again")
    except OSError as error:
        raise ComponentError(f"{path}: cannot be written: {error.strerror}") from None


def unpacked(answer: Object) -> bytes:
    return zlib.decompress(base64.b64decode(answer["part"]))


def packed(part: bytes) -> str:
    return base64.b64encode(zlib.compress(part, 1)).decode()


def write_description(path: pathlib.Path, description: Object) -> None:
    atomic_file.write(path, json.dumps({"format": FORMAT, **description}, indent=2) + "\n", mode=0o600)


def check_vault(vault: Vault) -> None:
    if not vault.secrets:
        raise ComponentError(
            "an archive of the PKI is wanted (backup_pki), but this run has no vault password to encrypt it with; "
            "give --vault-password-file or --ask-vault-pass, or leave backup_pki out"
        )


def archive(pki: pathlib.Path, vault: Vault) -> str:
    """The files of the PKI directory as a tar archive, encrypted by ansible-vault."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as file:
        for path in sorted(entry for entry in pki.iterdir() if entry.is_file() and not entry.name.startswith(".")):
            content = path.read_bytes()
            member = tarfile.TarInfo(path.name)
            member.size, member.mode, member.mtime = len(content), 0o600, int(path.stat().st_mtime)
            file.addfile(member, io.BytesIO(content))
    try:
        return vault.encrypt(buffer.getvalue()).decode()
    except AnsibleVaultError as error:
        raise ComponentError(f"the archive of the PKI cannot be encrypted: {error}") from error


def old(folder: pathlib.Path, cluster: str, *, keep: int, coming: int = 0) -> list[list[pathlib.Path]]:
    """The files of every backup of this cluster beyond the newest ``keep`` (0 for all), the oldest first; ``coming`` will be added."""
    found: dict[str, list[pathlib.Path]] = {}
    for path in sorted(folder.glob(f"{cluster}-*")):
        name = _backup_of(path, cluster)
        if name:
            found.setdefault(name, []).append(path)
    surplus = sorted(found)[: max(0, len(found) + coming - keep)] if keep else []
    return [found[name] for name in surplus]


def _backup_of(path: pathlib.Path, cluster: str) -> str:
    """The name of the backup that a file belongs to, or an empty text. One cluster name may be the beginning of another."""
    name = next((path.name.removesuffix(suffix) for suffix in SUFFIXES if path.name.endswith(suffix)), "")
    try:
        datetime.datetime.strptime(name.removeprefix(f"{cluster}-"), "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.UTC)
    except ValueError:
        return ""
    return name
