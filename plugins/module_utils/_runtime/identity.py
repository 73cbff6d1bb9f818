# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads which cluster a host belongs to: the authorities that it trusts, and the settings that a running cluster cannot change."""

from __future__ import annotations

import hashlib
import json
import re
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

# The keys in the files whose loss makes Secrets unreadable and tokens invalid: an encryption configuration, public keys in PEM form.
_KEYS = re.compile(r"^[ \t-]*secret:[ \t]*(\S+)|-----BEGIN PUBLIC KEY-----(.+?)-----END PUBLIC KEY-----", re.MULTILINE | re.DOTALL)
# Far more than a bundle of authorities needs.
_SIZE_LIMIT = 1 << 20


def collect(wanted: dict[str, t.Any]) -> dict[str, t.Any]:
    """``authorities``: the PEM text at each path, None where there is no file; ``settings``: the recorded ones, None without a record.

    ``wanted`` has ``authorities`` (a map from name to path) and ``record`` (the path of the recorded settings). Raises HostError for a
    file that cannot be read, because what cannot be known may belong to another cluster.
    """
    return {
        "authorities": {name: text(path) for name, path in wanted["authorities"].items()},
        "settings": _settings(wanted["record"]),
    }


def keys(path: str) -> list[str]:
    """Digests of the keys in a file; empty if it does not exist. Raises HostError like ``collect``."""
    return digests(text(path) or "")


def digests(content: str) -> list[str]:
    """The SHA-256 of each key in a text, by which keys are compared without being shown."""
    found = ("".join((match[1] or match[2]).strip("\"'").split()) for match in _KEYS.finditer(content))
    return [hashlib.sha256(key.encode()).hexdigest() for key in found]


def text(path: str) -> t.Optional[str]:
    """The beginning of a file, more than authorities need; None if it does not exist. Raises HostError like ``collect``."""
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read(_SIZE_LIMIT)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise HostError(
            f"{path}: cannot be read ({error.strerror}), so it is not known to which cluster this host belongs. Move away what is there"
        ) from None


def _settings(path: str) -> t.Optional[dict[str, t.Any]]:
    recorded = text(path)
    if recorded is None:
        return None
    try:
        found = json.loads(recorded)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise HostError(f"{path}: is not what this collection has written there. Remove it if this host belongs to no other cluster")
    return found
