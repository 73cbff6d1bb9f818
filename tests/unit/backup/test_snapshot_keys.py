# SPDX-License-Identifier: GPL-3.0-or-later
"""A snapshot tells by which keys its values may be encrypted."""

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._etcd import snapshot_keys


def test_prefixes(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "snapshot"
    values = [
        b"k8s:enc:secretbox:v1:key1:\x00\xff",
        b"k8s:enc:aescbc:v1:mine.2:x",
        b"k8s:enc:secretbox:v1:\x00key:",
        b"k8s:enc:kms:v2:vault:x",
    ]
    path.write_bytes(b"\x00" * 5000 + b"\xff".join(values) + b"k8s:enc:secretbox:v1:key1:" + b"k8s:enc:secretbox:v1:cut")
    found = snapshot_keys.prefixes(path)
    assert found == {"k8s:enc:secretbox:v1:key1:", "k8s:enc:aescbc:v1:mine.2:"}
    assert sorted(map(snapshot_keys.shown, found)) == ["aescbc: mine.2", "secretbox: key1"]


def test_a_file_that_cannot_be_read(tmp_path: pathlib.Path) -> None:
    (tmp_path / "empty").touch()
    for name in ("empty", "absent"):
        with pytest.raises(PlanError, match="Nothing was touched: "):
            snapshot_keys.prefixes(tmp_path / name)
