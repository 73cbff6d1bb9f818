# SPDX-License-Identifier: GPL-3.0-or-later
"""The base tree: its overlay, and what names it."""

from __future__ import annotations

import pathlib
import shutil

from barelab import built_folders, rootfs


def test_digest_is_the_same_in_another_checkout(tmp_path: pathlib.Path) -> None:
    copy = tmp_path / "elsewhere" / "rootfs"
    shutil.copytree(rootfs.OVERLAY, copy)
    for path in copy.rglob("*"):
        path.chmod(path.stat().st_mode & ~0o022)
    assert built_folders.digest_of(paths=[copy]) == built_folders.digest_of(paths=[rootfs.OVERLAY])


def test_overlay_replaces_links_and_removes_debian(tmp_path: pathlib.Path) -> None:
    tree = tmp_path / "tree"
    for folder in ("etc/ssh", "usr/lib", "usr/bin", "usr/sbin"):
        (tree / folder).mkdir(parents=True)
    (tree / "usr/lib/os-release").symlink_to("/must/not/be/written/through")
    for name in ("etc/debian_version", "etc/ssh/ssh_host_rsa_key", "etc/ssh/sshd_config", "usr/sbin/tc"):
        (tree / name).write_text(name, encoding="utf-8")
    rootfs.apply_overlay(tree)
    assert 'ID="centos"' in (tree / "usr/lib/os-release").read_text(encoding="utf-8")
    assert not (tree / "usr/lib/os-release").is_symlink()
    assert (tree / "etc/redhat-release").read_text(encoding="utf-8") == "CentOS Stream release 10 (Coughlan)\n"
    assert (tree / "etc/ssh/sshd_config").exists()
    assert not [name for name in ("etc/debian_version", "etc/ssh/ssh_host_rsa_key", "usr/sbin/tc") if (tree / name).exists()]
    assert {f"{path.stat().st_mode & 0o777:o}" for path in (tree / "etc/systemd").rglob("*") if path.is_file()} == {"644"}
