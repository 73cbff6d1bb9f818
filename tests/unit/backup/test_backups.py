# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of backups on the controller."""

from __future__ import annotations

import datetime
import hashlib
import io
import json
import pathlib
import tarfile

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd import backups

CONTENT = b"a snapshot"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def mode(path: pathlib.Path) -> int:
    return path.stat().st_mode & 0o777


def fill(folder: pathlib.Path, *names: str) -> None:
    for name in names:
        (folder / name).write_text("x")


def test_what_comes_is_private_and_whole(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "new" / "backups"
    backups.make_folder(folder)
    path = folder / "mine.snapshot"
    backups.receive(path, iter([CONTENT[:4], CONTENT[4:]]), sha256=SHA256)
    assert (mode(folder), mode(path), path.read_bytes()) == (0o700, 0o600, CONTENT)
    assert [entry.name for entry in folder.iterdir()] == ["mine.snapshot"]


def test_a_part_that_was_lost_leaves_no_file(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ComponentError, match="run again"):
        backups.receive(tmp_path / "mine.snapshot", iter([CONTENT[:4]]), sha256=SHA256)
    assert list(tmp_path.iterdir()) == []


def test_the_description_is_private(tmp_path: pathlib.Path) -> None:
    backups.write_description(tmp_path / "mine.json", {"hash": "1f"})
    assert json.loads((tmp_path / "mine.json").read_text()) == {"format": 1, "hash": "1f"}
    assert mode(tmp_path / "mine.json") == 0o600


def test_parts_travel_compressed() -> None:
    assert backups.unpacked({"part": backups.packed(CONTENT)}) == CONTENT


def test_only_old_backups_of_this_cluster_go(tmp_path: pathlib.Path) -> None:
    of = [backups.stem("k", moment=datetime.datetime(2026, 11, day, tzinfo=datetime.UTC)) for day in (1, 2, 3)]
    fill(tmp_path, *(f"{name}{suffix}" for name in of for suffix in (".snapshot", ".json")), f"{of[0]}.pki.vault")
    fill(tmp_path, "k-test-20261101T000000Z.snapshot", "k-notes.json", "other-20261101T000000Z.snapshot", f"{of[0]}.mine")
    surplus = backups.old(tmp_path, "k", keep=2)
    assert [[path.name for path in files] for files in surplus] == [[f"{of[0]}.json", f"{of[0]}.pki.vault", f"{of[0]}.snapshot"]]
    assert len(backups.old(tmp_path, "k", keep=2, coming=1)) == 2
    assert backups.old(tmp_path, "k", keep=3) == backups.old(tmp_path, "k", keep=0) == []


def test_an_archive_can_be_read_with_the_vault_password(tmp_path: pathlib.Path) -> None:
    vault = VaultLib([("default", VaultSecret(b"a password"))])
    fill(tmp_path, "kubernetes-ca.key", "encryption-config.yaml", ".lock")
    text = backups.archive(tmp_path, vault)
    assert text.startswith("$ANSIBLE_VAULT;1.1;AES256")
    with tarfile.open(fileobj=io.BytesIO(vault.decrypt(text.encode()))) as archive:
        assert {(member.name, member.mode) for member in archive} == {("kubernetes-ca.key", 0o600), ("encryption-config.yaml", 0o600)}


def test_without_a_vault_password_there_is_no_archive() -> None:
    with pytest.raises(ComponentError, match="give --vault-password-file or --ask-vault-pass"):
        backups.check_vault(VaultLib([]))


def test_another_pki_has_another_fingerprint(tmp_path: pathlib.Path) -> None:
    assert backups.fingerprint(tmp_path) == ""
    fill(tmp_path, "etcd-ca.crt")
    first = backups.fingerprint(tmp_path)
    (tmp_path / "etcd-ca.crt").write_text("another")
    assert "" != first != backups.fingerprint(tmp_path)
