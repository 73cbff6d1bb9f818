# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""By which keys values in a snapshot of etcd are encrypted, by how they begin. Reads the file, and is pure otherwise.

A snapshot is etcd's database file. A value stands in it as it was written, in one piece. The file may also have values that are not in
etcd any more, in pages that are free or of revisions before. So a key that is found may not be needed, but none that is needed is missed.
"""

from __future__ import annotations

import mmap
import pathlib
import re

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError

# Providers with a key in their configuration; the name of a key may be any text without a colon.
_PREFIX = re.compile(rb"k8s:enc:(?:secretbox|aescbc|aesgcm):v1:[^\x00-\x20:]{1,253}:")


def prefixes(snapshot: pathlib.Path) -> set[str]:
    """How encrypted values in the file begin: ``k8s:enc:secretbox:v1:key1:``."""
    try:
        with snapshot.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
            found = {bytes(match) for match in _PREFIX.findall(content)}
    except (OSError, ValueError) as error:
        raise PlanError(f"Nothing was touched: {snapshot} cannot be read: {error}") from None
    return {text.decode(errors="replace") for text in found}


def shown(prefix: str) -> str:
    """The provider and the name of the key, as other messages show them."""
    _k8s, _enc, provider, _version, name, _end = prefix.split(":")
    return f"{provider}: {name}"
